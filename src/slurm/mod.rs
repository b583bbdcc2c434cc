//! Slurm jobs that drain a sweep: what to ask for, the scripts that ask for it, and what was sent.
//!
//! Decisions and texts are pure: [`profile`] (what a site allows), [`split`] (how many jobs of which shape, at what cost),
//! [`script`] (what runs in a job), [`ready`] (the scripts in `slurm/`), [`follow`] (whether
//! a follow-up sends another). Actions are thin: [`client`] (sbatch, squeue, scancel),
//! [`submitted`] (what was sent), [`program`] (the frozen copy that jobs run). What Slurm says is a hint; the sweep's folder is the truth.

pub mod allowed;
pub mod client;
pub mod follow;
pub mod option;
pub mod profile;
pub mod program;
pub mod ready;
pub mod script;
pub mod split;
pub mod submitted;
pub mod time;
