//! What runs on vector registers: the instruction sets, the register tiles, and the convolution built from them.
//! All of the crate's `unsafe` is in [`lanes`] and [`tiles`]; their faces are safe.

pub mod conv;
mod forward;
mod lanes;
pub mod level;
mod padded;
mod tiles;
mod weight_gradient;
