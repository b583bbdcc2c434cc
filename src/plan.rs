//! Points times seeds to trials with ids.

use crate::config::{DataConfig, DataFacts, TrialConfig};
use crate::error::{Error, Result};
use crate::sweep::Sweep;
use serde_json::Value;
use std::fmt;

/// Content identity of a trial: SHA-256 of canonical config, seed, data digest, device class and numerics version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrialId(pub [u8; 32]);

impl TrialId {
    /// The first 16 hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..16].to_owned()
    }

    /// Reads 64 hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let _ = hex;
        None
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrialId({self})")
    }
}

/// One training run: a point with a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Content identity.
    pub id: TrialId,
    /// Position in the plan.
    pub index: usize,
    /// Position of its point (its arm) among the plan's points.
    pub point: usize,
    /// The seed.
    pub seed: u64,
    /// Value of every axis of the plan (`Plan::axes`), in that order.
    pub axes: Vec<Value>,
    /// Its config, `dataset: auto` resolved.
    pub config: TrialConfig,
    /// Digest of the data it reads ([`DataFacts::digest`]).
    pub data_digest: String,
    /// Height and width of its images.
    pub image: [usize; 2],
}

impl Trial {
    /// The message that tells a worker what to train: one line of JSON.
    pub fn to_json(&self) -> String {
        String::new()
    }

    /// Reads [`to_json`](Self::to_json) back and checks the id against the content.
    ///
    /// # Errors
    /// When the text is no trial or its id does not match.
    pub fn from_json(text: &str) -> Result<Self> {
        let _ = text;
        Err(Error::Internal("not built yet".into()))
    }
}

/// All trials of a sweep, in order: points in grid order, within a point the seeds in order.
pub struct Plan {}

impl Plan {
    /// Makes the plan. `facts` is asked once for every distinct data config.
    ///
    /// # Errors
    /// More than `max_trials` trials, or values that do not fit together.
    pub fn build(
        sweep: &Sweep,
        max_trials: usize,
        facts: &dyn Fn(&DataConfig) -> Result<DataFacts>,
    ) -> Result<Self> {
        let _ = (sweep, max_trials, facts);
        Err(Error::Internal("not built yet".into()))
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Paths of the axes, in order.
    pub fn axes(&self) -> &[String] {
        &[]
    }

    /// Number of points (arms) that have trials.
    pub fn points(&self) -> usize {
        0
    }

    /// Identity of trial `index`.
    pub fn id(&self, index: usize) -> TrialId {
        let _ = index;
        TrialId([0; 32])
    }

    /// Trial `index`, its config resolved on demand.
    pub fn trial(&self, index: usize) -> Trial {
        let _ = index;
        unreachable!("not built yet")
    }
}
