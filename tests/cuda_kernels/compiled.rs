//! What holds for all kernels.

use crate::common::{python_with, skip};
use crate::emulator::{Case, kernel_names};
use ablate::nn::ops::cuda::SOURCES;
use std::collections::BTreeSet;
use std::process::Command;

/// Oracle: NVRTC and ptxas of CUDA 12, for V100, A100 and H100 (scripts/check_kernels.py).
#[test]
fn every_kernel_compiles_for_every_gpu() {
    let Some(python) = python_with("nvidia.cuda_nvrtc") else {
        return skip(
            "compiling the GPU kernels",
            "nvidia-cuda-nvrtc-cu12 in .venv",
        );
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check_kernels.py");
    let output = Command::new(python).arg(script).output().expect("Python");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{problem}");
    for arch in ["sm_70", "sm_80", "sm_90"] {
        assert!(told.contains(arch), "{arch} in {told}");
    }
}

#[test]
fn every_kernel_is_compared_with_something() {
    let cases = [
        crate::attention::cases(),
        crate::convolutions::cases(),
        crate::losses::cases(),
        crate::maps::cases(),
        crate::normalisation::cases(),
        crate::optimizers::cases(),
        crate::pointwise::cases(),
        crate::pooling::cases(),
        crate::precision::cases(),
    ];
    let launches = cases.iter().flatten().flat_map(Case::launches);
    let launched: BTreeSet<String> = launches.map(str::to_owned).collect();
    let all: BTreeSet<String> = kernel_names(&SOURCES).into_iter().collect();
    assert_eq!(launched, all);
}
