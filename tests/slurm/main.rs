//! Sweeps in Slurm jobs, with a real Slurm, MPI over two nodes, and the scripts that users send.

#[path = "../cluster/mod.rs"]
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod drain;
mod interrupted;
mod killed;
mod real;
#[path = "../scene/mod.rs"]
mod scene;
mod sent;
