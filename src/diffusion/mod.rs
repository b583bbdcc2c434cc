//! The mathematics of diffusion (science.md §2, §3): how an image turns into noise, what a network is asked about it,
//! and how its answers lead back. Tables are f64, images slices of f32; every random number comes from the caller.
//!
//! Timesteps count from 0, the first trace of noise, to T−1, where little or nothing of the image is left.

mod bound;
mod embedding;
mod lint;
mod normal;
mod process;
mod sampler;
mod schedule;
mod variance;

#[cfg(test)]
mod tests;

pub use bound::{Bound, VLB_SCALE, bits_per_dimension, gaussian_kl, prior_kl};
pub use embedding::time_embedding;
pub use lint::{conflicts, warnings};
pub use process::{Mix, Process};
pub use sampler::{Hop, Seen, Trajectory, visited};
pub use schedule::{Schedule, Timestep};
pub use variance::LogVariance;
