//! Programs of kernel launches, run by a C++ program that is compiled from the very `.cu` files (driver.cpp).

use crate::common::skip;
use ablate::config::Precision;
use ablate::nn::ops::cuda::program::{Argument, Buffer, Element, Program, Slot};
use ablate::nn::ops::cuda::{SOURCES, products};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program with what it is given and what it should make of that.
#[derive(Default)]
pub struct Case {
    name: String,
    /// What it runs.
    pub program: Program,
    given: Vec<Vec<u8>>,
    expected: Vec<(Slot, Vec<f32>, f32)>,
    /// Bytes that have to be there.
    exact: Vec<(Slot, Vec<u8>)>,
}

impl Case {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    fn given_as<const N: usize, T: Copy>(
        &mut self,
        element: Element,
        numbers: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> Slot {
        let bytes = numbers.iter().flat_map(|&number| bytes(number));
        self.given.push(bytes.collect());
        self.program.given(element, numbers.len())
    }

    pub fn floats(&mut self, numbers: &[f32]) -> Slot {
        self.given_as(Element::F32, numbers, f32::to_le_bytes)
    }

    pub fn bytes(&mut self, numbers: &[u8]) -> Slot {
        self.given_as(Element::U8, numbers, u8::to_le_bytes)
    }

    pub fn ints(&mut self, numbers: &[i32]) -> Slot {
        self.given_as(Element::I32, numbers, i32::to_le_bytes)
    }

    pub fn doubles(&mut self, numbers: &[f64]) -> Slot {
        self.given_as(Element::F64, numbers, f64::to_le_bytes)
    }

    /// Expects exactly these ints there.
    pub fn expect_ints(&mut self, slot: Slot, numbers: &[i32]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.exact.push((slot, bytes.collect()));
    }

    /// Expects exactly this double there.
    pub fn expect_double(&mut self, slot: Slot, number: f64) {
        self.exact.push((slot, number.to_le_bytes().to_vec()));
    }

    /// Expects these numbers there, each off by at most `tolerance` times the largest of all, or of 1.
    pub fn expect(&mut self, slot: Slot, numbers: Vec<f32>, tolerance: f32) {
        self.expected.push((slot, numbers, tolerance));
    }

    /// The kernels it launches.
    pub fn launches(&self) -> impl Iterator<Item = &'static str> {
        self.program.launches.iter().map(|launch| launch.kernel)
    }

    /// For the driver: buffers, then launches.
    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let word = |text: &mut Vec<u8>, word: usize| {
            let word = u32::try_from(word).expect("a small number");
            text.extend(word.to_le_bytes());
        };
        let mut given = self.given.iter();
        word(&mut text, self.program.buffers.len());
        for buffer in &self.program.buffers {
            word(&mut text, buffer.length * buffer.element.bytes());
            word(&mut text, buffer.given.into());
            if buffer.given {
                text.extend(given.next().expect("a buffer for each that is given"));
            }
        }
        word(&mut text, self.program.launches.len());
        for launch in &self.program.launches {
            word(&mut text, launch.kernel.len());
            text.extend(launch.kernel.as_bytes());
            for side in launch.grid {
                word(&mut text, side);
            }
            word(&mut text, launch.arguments.len());
            for argument in &launch.arguments {
                let (kind, low, high) = match *argument {
                    Argument::Buffer(slot) => {
                        let element = self.program.buffers[slot.buffer].element;
                        (0, slot.buffer as u32, (slot.start * element.bytes()) as u32)
                    }
                    Argument::Int(number) => (1, i32::try_from(number).expect("int") as u32, 0),
                    Argument::Float(number) => (2, number.to_bits(), 0),
                    Argument::Double(number) => {
                        let bits = number.to_bits();
                        (3, bits as u32, (bits >> 32) as u32)
                    }
                };
                word(&mut text, kind);
                text.extend(low.to_le_bytes());
                text.extend(high.to_le_bytes());
            }
        }
        text
    }

    /// All buffers after the run, or what the driver says against it.
    pub fn run(&self, driver: &Path) -> Result<Vec<u8>, String> {
        self.program.check()?;
        let folder = tempfile::tempdir().expect("a folder");
        let [program, result] = ["program", "result"].map(|file| folder.path().join(file));
        fs::write(&program, self.text()).expect("written");
        let output = Command::new(driver)
            .arg(&program)
            .arg(&result)
            .output()
            .expect("driver");
        match output.status.success() {
            true => Ok(fs::read(&result).expect("the result")),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn check(&self, driver: &Path) {
        let name = &self.name;
        let result = self.run(driver);
        let result = result.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let at = |slot: &Slot| {
            let bytes = |of: &Buffer| of.length * of.element.bytes();
            let before: usize = self.program.buffers[..slot.buffer].iter().map(bytes).sum();
            before + slot.start * self.program.buffers[slot.buffer].element.bytes()
        };
        for (number, (slot, right)) in self.exact.iter().enumerate() {
            let found = &result[at(slot)..][..right.len()];
            assert_eq!(found, right, "{name}, exact result {number}");
        }
        for (number, (slot, right, tolerance)) in self.expected.iter().enumerate() {
            let found: Vec<f32> = result[at(slot)..][..4 * right.len()]
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect();
            assert_close(
                &format!("{name}, result {number}"),
                &found,
                right,
                *tolerance,
            );
        }
    }
}

/// NaN is where NaN should be, and the others are close.
fn assert_close(what: &str, found: &[f32], right: &[f32], tolerance: f32) {
    let finite = right.iter().filter(|x| x.is_finite());
    let largest = finite.fold(1.0, |most: f32, x| most.max(x.abs()));
    for (at, (found, right)) in found.iter().zip(right).enumerate() {
        let close = (found - right).abs() <= tolerance * largest || found == right;
        assert!(
            close || found.is_nan() && right.is_nan(),
            "{what}: number {at} is {found} instead of {right}"
        );
    }
}

/// Runs the cases and compares.
pub fn check(cases: &[Case]) {
    for &precision in Precision::ALL {
        let cases = cases
            .iter()
            .filter(|case| case.program.precision == precision);
        if cases.clone().next().is_none() {
            continue;
        }
        // Those of f32 are compiled once for all tests; the others without the families that no case launches.
        let launched: BTreeSet<&str> = cases.clone().flat_map(Case::launches).collect();
        let mut sources = SOURCES.to_vec();
        sources.retain(|of| {
            let names = kernel_names(&[*of]);
            precision == Precision::F32
                || names.is_empty()
                || names.iter().any(|name| launched.contains(name.as_str()))
        });
        match driver(&sources, precision) {
            Some(driver) => cases.for_each(|case| case.check(&driver)),
            None => skip("the GPU kernels under emulation", "a C++ compiler (c++)"),
        }
    }
}

/// Of all kernels in these sources.
pub fn kernel_names(sources: &[(&str, &str)]) -> Vec<String> {
    let mut names = Vec::new();
    for (_, text) in sources {
        for part in text.split("extern \"C\" __global__ void ").skip(1) {
            names.push(part.split('(').next().expect("a name").to_owned());
        }
    }
    names
}

/// The driver with the kernels of these sources, for this precision; compiled once for them, whichever test process comes
/// first. `None` without a compiler.
pub fn driver(sources: &[(&str, &str)], precision: Precision) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cuda_kernels");
    let mut hasher = DefaultHasher::new();
    for file in ["driver.cpp", "emulate.h"] {
        fs::read(here.join(file))
            .expect("readable")
            .hash(&mut hasher);
    }
    let products = format!("-DPRODUCTS={}", products(precision));
    (sources, &products).hash(&mut hasher);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let driver = target.join(format!("cuda_kernels-{:016x}", hasher.finish()));
    if driver.exists() {
        return Some(driver);
    }
    let folder = tempfile::tempdir_in(target).expect("a folder");
    let mut list = String::new();
    for (name, text) in sources {
        fs::write(folder.path().join(name), text).expect("written");
        if name.ends_with(".cu") {
            let _ = writeln!(list, "#include \"{name}\"");
        }
    }
    let kernels = kernel_names(sources)
        .into_iter()
        .map(|name| format!("KERNEL({name})"));
    let _ = writeln!(list, "#define KERNELS {}", kernels.collect::<String>());
    fs::write(folder.path().join("kernels.inc"), list).expect("written");
    let made = folder.path().join("driver");
    // No fused multiply-adds, so that every machine gives the same numbers.
    let output = Command::new("c++")
        .args([
            "-std=c++17",
            "-O1",
            "-ffp-contract=off",
            "-Wall",
            "-Wextra",
            "-Werror",
            &products,
        ])
        .args(["-Wno-unknown-pragmas", "-Wno-unused-function", "-I"])
        .arg(folder.path())
        .arg(here.join("driver.cpp"))
        .arg("-o")
        .arg(&made)
        .output()
        .ok()?;
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    fs::rename(made, &driver).expect("moved");
    Some(driver)
}
