//! What runs on vector registers: the instruction sets, the matrix products, and the convolutions built from them.
//! Their `unsafe` is in [`lanes`], [`tiles`] and [`squares`], whose faces are safe.

pub mod conv;
mod lanes;
pub mod level;
mod patches;
mod pointwise;
pub mod pool;
mod squares;
mod tiles;
mod winograd;
