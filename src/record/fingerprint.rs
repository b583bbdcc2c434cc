//! What tells one trial from another without its curves and pictures: small enough to keep for ten thousand trials.

use super::reader::Details;
use super::{digest, trial_group};
use crate::error::Result;
use std::collections::BTreeMap;

/// What a committed trial was made from and what its result hashes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Resolved config as flat JSON.
    pub config: String,
    /// Digest of the data.
    pub data_digest: String,
    /// Machine and versions, `dispatch` (the CPU features that the kernels used) included.
    pub environment: BTreeMap<String, String>,
    /// SHA-256 (hex) over the final parameters; empty when unknown.
    pub parameters_digest: String,
    /// [`digest::logical`]: config, seed, data, every number of every epoch, pictures and parameters.
    pub logical_digest: String,
}

impl Details {
    /// Reads one committed trial, checks it against its digests, and keeps its fingerprint.
    ///
    /// # Errors
    /// [`Error::Record`](crate::error::Error::Record) when it is not there or damaged.
    pub fn fingerprint(&self, id: &str) -> Result<Fingerprint> {
        let record = trial_group::read(&self.trials, id)?;
        let logical_digest = digest::logical(&record);
        let mut environment = record.environment;
        environment.insert("dispatch".into(), record.result.dispatch);
        Ok(Fingerprint {
            config: record.config,
            data_digest: record.data_digest,
            environment,
            parameters_digest: record.result.parameters_digest,
            logical_digest,
        })
    }
}
