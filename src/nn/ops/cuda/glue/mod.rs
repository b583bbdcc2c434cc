//! From candle's operations to programs and back: what `cuda_fwd` and `bwd` of the operations call.

mod attention;
mod chain;
mod conv;
mod losses;
mod maps;
mod normalise;
mod pointwise;
mod pool;
mod tensors;

pub(in crate::nn::ops) use attention::*;
pub(in crate::nn::ops) use chain::*;
pub(in crate::nn::ops) use conv::*;
pub(in crate::nn::ops) use losses::*;
pub(in crate::nn::ops) use maps::*;
pub(in crate::nn::ops) use normalise::*;
pub(in crate::nn::ops) use pointwise::*;
pub(in crate::nn::ops) use pool::*;
pub(in crate::nn::ops) use tensors::*;
