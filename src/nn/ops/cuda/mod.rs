//! The operations on NVIDIA GPUs.
//!
//! The kernels are the `.cu` files of this folder. What is launched for an operation, with which grid, arguments and
//! scratch buffers, is a [`program::Program`], made by the pure functions of [`plan`]; so the same programs run under
//! the emulation of `tests/cuda_kernels`, where they are compared with the CPU's operations, and on a GPU (`device`,
//! only with feature `cuda`).
//!
//! **Nothing here has run on a GPU yet.** Shown are that NVRTC compiles every kernel for sm_70, sm_80 and sm_90, and
//! that arithmetic, indices, grids and barriers are right under emulation on a CPU. The GPU's memory model, its own
//! division, square root and logarithm, and all speeds are not.

use crate::config::Precision;

#[cfg(feature = "cuda")]
pub(crate) mod device;
#[cfg(feature = "cuda")]
pub(super) mod glue;
#[cfg(feature = "cuda")]
pub(crate) mod held;
pub mod plan;
pub mod program;

/// Kernels of ours that this process has launched so far; candle's own are not counted.
#[cfg(feature = "cuda")]
pub use device::launched;

/// The kernels' source, file by file; first what the others include.
pub const SOURCES: [(&str, &str); 12] = [
    ("common.cuh", include_str!("common.cuh")),
    ("products.cuh", include_str!("products.cuh")),
    ("channels.cu", include_str!("channels.cu")),
    ("conv2d.cu", include_str!("conv2d.cu")),
    ("losses.cu", include_str!("losses.cu")),
    ("maps.cu", include_str!("maps.cu")),
    ("normalise.cu", include_str!("normalise.cu")),
    ("optimizer.cu", include_str!("optimizer.cu")),
    ("pointwise.cu", include_str!("pointwise.cu")),
    ("pool.cu", include_str!("pool.cu")),
    ("product.cu", include_str!("product.cu")),
    ("softmax.cu", include_str!("softmax.cu")),
];

/// What the kernels are compiled with for this precision: `PRODUCTS` of products.cuh.
pub fn products(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "Single",
        Precision::Tf32 => "Tf32",
        Precision::Bf16 => "Bf16",
        Precision::F16 => "Half",
    }
}
