//! The GPU's kernels, without a GPU: that NVRTC compiles them for every GPU we name, and that what they compute is what
//! the CPU's operations do, with the kernels run under emulation on odd sizes (`emulate.h`).
//!
//! That shows arithmetic, indices, grids and barriers. It does not show the GPU's memory model, its own division,
//! square root and logarithm, fused multiply-adds, or any speed.

mod attention;
mod broken;
#[path = "../common/mod.rs"]
mod common;
mod compiled;
mod convolutions;
mod emulator;
mod losses;
mod maps;
mod normalisation;
mod optimizers;
mod pointwise;
mod pooling;
mod precision;
mod rounding;
mod twin;
