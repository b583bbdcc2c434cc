//! What only a GPU can show (`make test-gpu`): operations and training there against the processor's. Needs feature
//! `cuda` and a GPU; notes that it was skipped where there is none.
//!
//! The processor's operations are tested against finite differences, PyTorch and results by hand (`tests/gradients`), its
//! training against PyTorch (`tests/networks`).

#![cfg(feature = "cuda")]

#[path = "../common/mod.rs"]
mod common;
mod gpu;
mod operations;
mod precision;
#[path = "../cuda_kernels/rounding.rs"]
mod rounding;
mod slopes;
mod training;
mod trials;
