//! The hot operations, one file each, forward and backward.
//!
//! candle's own are wrong, slow or differ between machines in places (the reasons are in each file); these are
//! exact about ties and zeros as PyTorch is, give the same bits on every machine of one [`dispatch`] level, and use
//! one thread: the trainer gives each thread images of its own.

mod bce;
mod chain;
mod concat;
mod conv2d;
mod conv_pool;
mod cross_entropy;
mod exponential;
pub mod kernel;
mod maps;
mod max_pool;
mod relu;
mod sigmoid;
mod upsample;

pub use bce::bce_with_logits;
pub use chain::{Link, chain};
pub use concat::concat;
pub use conv_pool::conv2d_relu_max_pool2;
pub use conv2d::{Activation, Scale, conv2d};
pub use cross_entropy::cross_entropy;
pub use max_pool::max_pool2;
pub use relu::relu;
pub use sigmoid::sigmoid;
pub use upsample::upsample2;

use crate::error::{Error, Result};

/// The kernels in use on this machine: "avx512", "avx2" or "portable"; or "unavailable" when `ABLATE_SIMD` asks
/// for what the processor lacks, which [`check_dispatch`] explains.
pub fn dispatch() -> &'static str {
    kernel::level::current().map_or("unavailable", |level| level.name())
}

/// Checks that the instruction set that `ABLATE_SIMD` names can be used.
///
/// # Errors
/// When it is unknown or the processor lacks it.
pub fn check_dispatch() -> Result<()> {
    kernel::level::current()
        .map(drop)
        .map_err(|problem| Error::Usage {
            problem,
            next: "unset ABLATE_SIMD to use the best one".into(),
        })
}
