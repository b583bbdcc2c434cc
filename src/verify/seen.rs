//! What can be seen of a results folder, before it is said what that means.

use crate::durable::Owner;
use crate::record::inspect::Fault;
use std::path::PathBuf;

/// One thing worth a word, and the file where it was seen, relative to the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Relative to the folder.
    pub path: PathBuf,
    /// What.
    pub seen: Seen,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// `trials/<id>.h5` is not whole.
    Trial { id: String, fault: Fault },
    /// A file by itself that is nothing by its name, and not whole.
    NotOurs(Fault),
    /// `trials/<id>.h5` is whole, and holds another trial.
    Swapped { id: String, holds: String },
    /// A shard is not whole, or not what its name says.
    Shard(Fault),
    /// `sweep.h5` is not whole, or says of its trials what they are not.
    SweepFile(Fault),
    /// Trials are committed, and there is no `sweep.h5`.
    NoSweepFile,
    /// `sweep.h5` has results that no file in `trials/` or `shards/` has.
    Missing(Vec<String>),
    /// So many trials were committed since `sweep.h5` was made.
    Behind(usize),
    /// A `sweep.kept-<n>.h5` is not whole.
    Kept(Fault),
    /// A checkpoint cannot be gone on from.
    Checkpoint { id: String, problem: String },
    /// A checkpoint that only another build or machine goes on from.
    CheckpointElsewhere { id: String, of: String },
    /// A checkpoint of a trial that is done.
    CheckpointLeft,
    /// `sweep.yaml` cannot be read as a sweep.
    Yaml(String),
    /// There are results, and no `sweep.yaml`.
    NoYaml,
    /// `sweep.yaml` is not the one that `sweep.h5` was made from.
    YamlDiffers,
    /// An earlier sweep file is not what its name says.
    OldYaml,
    /// The record of a failed attempt cannot be read.
    Attempt,
    /// A runner's status cannot be read.
    Status,
    /// A runner's heartbeat or claim does not say whose it is.
    Claim,
    /// A frozen program is not what its name says.
    Program,
    /// The list of jobs that were sent to Slurm cannot be read.
    Ledger(String),
    /// A file that somebody is writing, or was.
    Temp(Owner),
    /// A damaged file that was kept as evidence.
    SetAside,
    /// Nothing that ablate writes.
    Unknown,
    /// Which trials are asked for could not be told.
    NoPlan(String),
    /// The file system does not give it.
    Unreadable(String),
}
