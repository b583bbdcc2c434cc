//! `--device`: what trials are trained on, and how that is remembered in a sweep's folder.

use crate::config::Precision;
use crate::durable;
use crate::error::{Error, Result};
use crate::fanout::gpu::choice::{self, Asked, Choice, Here};
use crate::fanout::gpu::seats::PerGpu;
use crate::fanout::gpu::smi::Gpu;
use crate::fanout::gpu::visible::seen;
use crate::fanout::gpu::{packing, program};
use crate::plan::Device;
use crate::record::{self, Folder};
use crate::sweep::Sweep;
use clap::ValueEnum;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The flags.
#[derive(clap::Args)]
pub struct DeviceArgs {
    /// What trials are trained on; it is part of what a trial is
    #[arg(long, value_name = "CLASS", default_value = "auto")]
    device: Wish,
    /// The program that trains on GPUs [default: ablate-cuda beside this one]
    #[arg(long, value_name = "FILE")]
    ablate_cuda: Option<PathBuf>,
}

/// Values of `--device`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wish {
    /// What the sweep was begun on; of a new one GPUs where ablate-cuda and a GPU are there, else processors
    Auto,
    /// Processors
    Cpu,
    /// NVIDIA GPUs, or nothing
    Cuda,
}

impl From<Wish> for Asked {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Auto => Self::Auto,
            Wish::Cpu => Self::Cpu,
            Wish::Cuda => Self::Cuda,
        }
    }
}

/// Values of `--workers-per-gpu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkersPerGpu {
    /// Measured.
    Auto,
    /// So many.
    Number(u16),
}

impl FromStr for WorkersPerGpu {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => match text.parse() {
                Ok(number @ 1..=64) => Ok(Self::Number(number)),
                _ => Err("expected auto, or a number from 1 to 64".into()),
            },
        }
    }
}

impl fmt::Display for WorkersPerGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl WorkersPerGpu {
    /// For a rank that has cores for so many workers on each of its GPUs.
    pub fn of(self, cores: usize) -> PerGpu {
        match self {
            Self::Number(number) => PerGpu::Fixed(usize::from(number)),
            Self::Auto => PerGpu::Measured {
                most: cores.clamp(1, packing::MOST),
            },
        }
    }
}

/// What trials are trained on here.
pub struct Hardware {
    /// The class of device, and why.
    pub choice: Choice,
    /// The GPUs that this process sees, where they were looked for.
    pub gpus: Vec<Option<Gpu>>,
    /// The program that trains on them.
    pub program: PathBuf,
}

impl DeviceArgs {
    /// The class alone. GPUs are looked for only where it depends on them: a driver may take seconds to answer.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn class(&self, folder: &Folder) -> Result<Device> {
        match self.device {
            Wish::Cpu => Ok(Device::Cpu),
            Wish::Cuda => Ok(Device::Cuda),
            Wish::Auto => match begun_or_saved(folder, &self.program())? {
                Some(device) => Ok(device),
                None => Ok(self.hardware(folder)?.choice.device),
            },
        }
    }

    /// Looks at this machine and at the sweep's folder, and chooses.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn hardware(&self, folder: &Folder) -> Result<Hardware> {
        let program = self.program();
        if self.ablate_cuda.is_some() && !program.exists() {
            return Err(Error::Usage {
                problem: format!("--ablate-cuda {}: there is no such file", program.display()),
                next: "name the program that `make cuda` made, or leave the option away".into(),
            });
        }
        let gpus = RefCell::new(Vec::new());
        let look = || {
            let seen = seen()?;
            let told = match seen.len() {
                1 => "1 GPU can be used".to_owned(),
                many => format!("{many} GPUs can be used"),
            };
            *gpus.borrow_mut() = seen;
            Ok(told)
        };
        let choice = self.choose(folder, &program, &look)?;
        Ok(Hardware {
            choice,
            gpus: gpus.take(),
            program,
        })
    }

    /// As [`hardware`](Self::hardware), where `gpus` says whether there are any.
    ///
    /// # Errors
    /// As there.
    pub fn choose(
        &self,
        folder: &Folder,
        program: &Path,
        gpus: &dyn Fn() -> std::result::Result<String, String>,
    ) -> Result<Choice> {
        let asked = Asked::from(self.device);
        let begun = match asked {
            Asked::Auto => begun_or_saved(folder, program)?,
            Asked::Cpu | Asked::Cuda => None,
        };
        Ok(choice::choose(
            asked,
            &Here {
                begun,
                program: match program.exists() {
                    true => choice::Program::There,
                    false => choice::Program::Missing,
                },
                gpus,
            },
        ))
    }

    /// The program that trains on GPUs; it may not be there.
    pub fn program(&self) -> PathBuf {
        match &self.ablate_cuda {
            // A name without a slash would be looked for in PATH when it is started.
            Some(named) => std::path::absolute(named).unwrap_or_else(|_| named.clone()),
            None => program::beside(),
        }
    }
}

/// What a sweep was begun on. A run on GPUs leaves its word before it trains; what lies there without one is of processors.
fn begun_or_saved(folder: &Folder, program: &Path) -> Result<Option<Device>> {
    let begun = begun(folder)?;
    // Without the program the answer is the same.
    if begun.is_some() || !program.exists() {
        return Ok(begun);
    }
    let any = |at: PathBuf| std::fs::read_dir(at).is_ok_and(|mut all| all.next().is_some());
    let saved = [
        folder.all_checkpoints(),
        folder.attempts(),
        folder.trials(),
        folder.shards(),
    ];
    Ok(saved.into_iter().any(any).then_some(Device::Cpu))
}

/// What a sweep was last run on; `None` where its folder says nothing: on processors, if at all.
///
/// # Errors
/// When the folder cannot be read, or says what no version understands.
pub fn begun(folder: &Folder) -> Result<Option<Device>> {
    let path = folder.device();
    let mut text = String::new();
    // A pipe would be waited for.
    let is_file = std::fs::metadata(&path).map(|of| of.is_file());
    let read = match is_file {
        Ok(false) => Ok(0),
        _ => File::open(&path).and_then(|file| file.take(64).read_to_string(&mut text)),
    };
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() != ErrorKind::InvalidData => {
            return Err(Error::io("read", &path)(error));
        }
        _ => {}
    }
    match Device::from_name(text.trim()) {
        Some(device) => Ok(Some(device)),
        None => Err(Error::Record {
            path,
            problem: "does not name a class of devices (cpu, cuda)".into(),
            next:
                "say it on the command line: `ablate run … --device cpu` (or cuda) writes it anew"
                    .into(),
        }),
    }
}

/// What a sweep was last run on; before that what it will be run on, as far as its file says it: what only GPUs multiply.
///
/// # Errors
/// As [`begun`].
pub fn begun_or_due(folder: &Folder, sweep: &Sweep) -> Result<Device> {
    if let Some(device) = begun(folder)? {
        return Ok(device);
    }
    let axes = sweep.axes.iter().flat_map(|axis| &axis.fields);
    let written = sweep.include.iter().flat_map(|written| &written.values);
    let mut varied = axes.chain(written.map(|value| &value.field));
    let for_gpus = sweep.base.train.precision != Precision::F32
        || varied.any(|field| field.path == "train.precision");
    Ok(match for_gpus {
        true => Device::Cuda,
        false => Device::Cpu,
    })
}

/// Remembers what a sweep is run on, and says so where that changes: its trials are other trials then. Folders of sweeps that
/// were never on a GPU need no such word.
///
/// # Errors
/// When the file system refuses.
pub fn keep(folder: &Folder, device: Device) -> Result<()> {
    let path = folder.device();
    let before = begun(folder).ok().flatten();
    if device == Device::Cpu && !path.exists() {
        return Ok(());
    }
    let last = before.unwrap_or_default();
    if last != device && (before.is_some() || !record::done(folder)?.is_empty()) {
        tell!(
            "note: this sweep was on another class of device before, and results of two are never mixed:\n  - device: {}\n  + device: {}\n  its trials are other trials now; what is done on {} stays in the folder, and `--device {}` goes on with it",
            last.name(),
            device.name(),
            last.name(),
            last.name()
        );
    }
    durable::update(&path, format!("{}\n", device.name()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_of_a_gpu_are_a_number_or_measured() {
        let of = |text: &str| text.parse::<WorkersPerGpu>();
        assert_eq!(of("auto"), Ok(WorkersPerGpu::Auto));
        assert_eq!(of("3").map(|wish| wish.of(1)), Ok(PerGpu::Fixed(3)));
        assert_eq!(WorkersPerGpu::Auto.of(10), PerGpu::Measured { most: 10 });
        for bad in ["0", "65", "-1", "many", ""] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_device_of_a_folder_is_remembered_once_it_was_a_gpu() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        keep(&folder, Device::Cpu).expect("kept");
        assert!(!folder.device().exists());
        for device in [Device::Cuda, Device::Cpu, Device::Cpu] {
            keep(&folder, device).expect("kept");
            assert_eq!(begun(&folder).expect("readable"), Some(device));
        }
        std::fs::remove_file(folder.device()).expect("removed");
        std::fs::create_dir(folder.device()).expect("made");
        assert!(begun(&folder).is_err(), "it is no file");
        std::fs::remove_dir(folder.device()).expect("removed");
        for damaged in [&b""[..], b"tpu\n", b"\xff\xfe", &[b'x'; 1000]] {
            std::fs::write(folder.device(), damaged).expect("written");
            let error = begun(&folder).expect_err("refused").to_string();
            assert!(error.contains("--device cpu"), "{error}");
        }
        keep(&folder, Device::Cuda).expect("mended");
        assert_eq!(begun(&folder).expect("readable"), Some(Device::Cuda));
    }

    /// The program that is there is this test.
    #[test]
    fn a_sweep_that_has_saved_anything_without_a_word_was_begun_on_processors() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let here = std::env::current_exe().expect("this test");
        let of = |program: &Path| begun_or_saved(&folder, program).expect("readable");
        assert_eq!(of(&here), None);
        std::fs::create_dir(folder.checkpoints("0123")).expect("made");
        assert_eq!(of(&here), Some(Device::Cpu));
        assert_eq!(of("/nowhere/ablate-cuda".as_ref()), None);
        keep(&folder, Device::Cuda).expect("kept");
        assert_eq!(of(&here), Some(Device::Cuda));
    }
}
