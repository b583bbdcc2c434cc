//! What runs on vector registers: the instruction sets, the matrix products, and the convolutions built from them.
//! Their `unsafe` is in [`lanes`], [`vectors`], [`squares`], [`tile`] and the
//! two products [`multiply`] and [`outer`], whose faces are safe.

pub mod attention;
pub mod conv;
pub mod lanes;
pub mod level;
#[cfg(test)]
mod levels;
mod matrices;
mod multiply;
pub mod normalise;
pub mod normalised;
mod outer;
mod panels;
mod patches;
mod pointwise;
pub mod pool;
pub mod softmax;
mod squares;
mod tile;
mod vectors;
mod winograd;
