//! The hot operations, one file each, forward and backward.
//!
//! candle's own are wrong, slow or differ between machines in places (the reasons are in each file); these are
//! exact about ties and zeros as PyTorch is, give the same bits on every machine of one [`dispatch`] level, and use
//! one thread: the trainer gives each thread images of its own. On a GPU other kernels do the same ([`cuda`]), with sums
//! in another order; an operation without such a kernel is an error there, never done on the processor instead.

mod add_per_image;
mod attention;
mod batch_norm;
mod bce;
mod chain;
mod concat;
mod conv2d;
mod conv_pool;
mod crop;
mod cross_entropy;
pub mod cuda;
mod dropout;
mod exponential;
mod given;
mod group_norm;
pub mod kernel;
mod lookup;
mod maps;
mod max_pool;
mod patches;
mod relu;
mod sigmoid;
mod silu;
mod softmax;
mod upsample;
mod weighted_squares;

pub use add_per_image::add_per_image;
pub use attention::{AttentionMask, AttentionWeights, attention, attention_weights};
pub use batch_norm::{BatchMoments, BatchStatistics, batch_norm, normalise_by};
pub use bce::bce_with_logits;
pub use chain::{Link, chain};
pub use concat::concat;
pub use conv_pool::conv2d_relu_max_pool2;
pub use conv2d::{Activation, Scale, conv2d};
pub use crop::crop;
pub use cross_entropy::cross_entropy;
pub use dropout::dropout;
pub use given::given;
pub use group_norm::{Normalised, group_norm};
pub use lookup::lookup;
pub use max_pool::max_pool2;
pub use patches::patches_stride2;
pub use relu::relu;
pub use sigmoid::sigmoid;
pub use silu::silu;
pub use softmax::softmax_last;
pub use upsample::upsample2;
pub use weighted_squares::weighted_squares;

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
