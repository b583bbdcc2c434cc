//! Negative controls: the emulation finds faults that are there.

use crate::common::skip;
use crate::emulator::{Case, driver, kernel_names};
use crate::twin::wave;
use ablate::config::Precision;
use ablate::nn::ops::cuda::SOURCES;
use ablate::nn::ops::cuda::program::{Argument, THREADS};

/// What a kernel of broken.cu gives, or what the driver says against it.
fn run(kernel: &'static str) -> Option<Result<Vec<f32>, String>> {
    let sources = [SOURCES[0], ("broken.cu", include_str!("broken.cu"))];
    assert!(
        kernel_names(&sources).contains(&kernel.to_owned()),
        "{kernel}"
    );
    let Some(driver) = driver(&sources, Precision::F32) else {
        skip("faults under emulation", "a C++ compiler (c++)");
        return None;
    };
    let mut case = Case::new(kernel);
    let x = case.floats(&wave(100, 0.0));
    let out = case.program.floats(THREADS);
    let arguments = [Argument::from(x), out.into(), 100usize.into()];
    case.program.launch(kernel, [3, 1, 1], &arguments);
    let floats = |bytes: Vec<u8>| {
        let (words, _) = bytes.as_chunks::<4>();
        words
            .iter()
            .map(|&word| f32::from_le_bytes(word))
            .skip(100)
            .collect()
    };
    Some(case.run(&driver).map(floats))
}

#[test]
fn faults_are_refused() {
    for (kernel, message) in [
        ("race", "another order of threads"),
        ("order_of_blocks", "another order of threads"),
        ("behind", "outside of its buffers"),
        ("in_front", "in front of a buffer"),
        ("half_a_barrier", "end while others wait"),
        ("two_barriers", "different barriers"),
    ] {
        let Some(found) = run(kernel) else { return };
        let problem = found.expect_err(kernel);
        assert!(problem.contains(message), "{kernel}: {problem}");
        assert!(problem.contains(kernel), "the kernel is named: {problem}");
    }
}

#[test]
fn what_nobody_wrote_is_no_number() {
    let Some(found) = run("unwritten") else {
        return;
    };
    let found = found.expect("no fault but that of the numbers");
    let nan = found.iter().filter(|x| x.is_nan()).count();
    assert_eq!(nan, THREADS / 2);
}
