//! Workers on NVIDIA GPUs: which program they are, which GPU is whose, how many share one, and what is told of it.
//!
//! Decisions are pure: [`choice`] (processor or GPU), [`visible`] (what CUDA shows to a process), [`seats`] (which worker on
//! which GPU), [`packing`] (how many on one), and how answers are read ([`smi`], [`program`]). Actions are thin: two
//! questions to other programs, and [`watch`], which asks `nvidia-smi` again and again. No file here knows CUDA: that is the
//! worker's.

pub mod choice;
pub mod gauge;
pub mod packing;
pub mod program;
pub mod seats;
pub mod smi;
pub mod visible;
pub mod watch;
