//! The identity of a trial: equal ids give equal numbers. Other ids may give the same numbers too: a decoder written
//! out that equals the mirrored one is another config.

use super::Device;
use crate::config::{DataFacts, NUMERICS_VERSION, TrialConfig};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Content identity of a trial: SHA-256 of canonical config, seed, data digest, device class and numerics version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrialId(pub [u8; 32]);

impl TrialId {
    /// The first 16 hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..16].to_owned()
    }

    /// Reads 64 lower-case hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 64 || !digits.iter().all(lower) {
            return None;
        }
        let mut id = [0; 32];
        for (byte, pair) in id.iter_mut().zip(0..) {
            *byte = u8::from_str_radix(&hex[2 * pair..2 * pair + 2], 16).ok()?;
        }
        Some(Self(id))
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

/// Raised when the canonical text of a config is written differently or a default changes.
const FORMAT_VERSION: u64 = 1;

/// The hash of what trials share: each step takes one part more, so that a point's config is hashed once for all
/// of its seeds.
#[derive(Clone)]
pub(super) struct Digest(Sha256);

impl Digest {
    /// What all trials on the same data share.
    pub(super) fn of_data(device: Device, data_digest: &str) -> Self {
        Self(Sha256::new())
            .text("ablate trial")
            .number(FORMAT_VERSION)
            .number(u64::from(NUMERICS_VERSION))
            .text(device.name())
            .text(data_digest)
    }

    /// Adds a config, `dataset: auto` resolved.
    pub(super) fn with_config(&self, config: &TrialConfig) -> Self {
        self.clone().text(&config.canonical())
    }

    /// Adds the seed and ends.
    pub(super) fn id(&self, seed: u64) -> TrialId {
        TrialId(self.clone().number(seed).0.finalize().into())
    }

    /// Texts are led by their length, so that no two lists of parts give the same bytes.
    fn text(mut self, part: &str) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn number(mut self, part: u64) -> Self {
        self.0.update(part.to_le_bytes());
        self
    }
}

/// The id of one trial.
pub(super) fn trial_id(
    device: Device,
    config: &TrialConfig,
    seed: u64,
    data_digest: &str,
) -> TrialId {
    Digest::of_data(device, data_digest)
        .with_config(config)
        .id(seed)
}

/// What a data config turned out to be, with the hash that its trials begin with.
pub(super) struct Data {
    pub(super) facts: DataFacts,
    pub(super) digest: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial_id(config: &TrialConfig, seed: u64, data_digest: &str) -> TrialId {
        super::trial_id(Device::Cpu, config, seed, data_digest)
    }

    #[test]
    fn an_id_reads_back_and_nothing_else_does() {
        let id = trial_id(&TrialConfig::default(), 3, "digest");
        assert_eq!(TrialId::parse(&id.to_string()), Some(id));
        assert_eq!(id.short().len(), 16);
        let upper = id.to_string().to_uppercase();
        for bad in ["", "00", &upper, &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(TrialId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_id_depends_on_config_seed_and_data_and_not_on_inactive_fields() {
        let mut config = TrialConfig::default();
        let id = trial_id(&config, 0, "a");
        assert_ne!(id, trial_id(&config, 1, "a"));
        assert_ne!(id, trial_id(&config, 0, "b"));
        config.noise.sigma = 0.1;
        assert_eq!(
            id,
            trial_id(&config, 0, "a"),
            "sigma is for gaussian noise only"
        );
        config.model.depth = 2;
        assert_ne!(id, trial_id(&config, 0, "a"));
    }

    /// Frozen: a change here orphans every finished trial and needs a new format version.
    /// Oracle: Python's hashlib over the same parts, see the comment.
    #[test]
    fn the_id_of_the_default_trial_is_frozen() {
        // sha256(n(12)+"ablate trial"+n(1)+n(2)+n(3)+"cpu"+n(1)+"d"+n(2)+"{}"+n(7)), n = u64 little-endian
        assert_eq!(
            trial_id(&TrialConfig::default(), 7, "d").to_string(),
            FROZEN
        );
    }
    const FROZEN: &str = "ea56d4aef6b42186042c7687620863a5bfca687d4e4d379c36c6d7b0695e645e";

    /// As above, with n(4)+"cuda" in the place of n(3)+"cpu".
    #[test]
    fn the_id_of_the_default_trial_on_a_gpu_is_frozen_too() {
        let id = super::trial_id(Device::Cuda, &TrialConfig::default(), 7, "d");
        assert_eq!(id.to_string(), FROZEN_ON_A_GPU);
    }
    const FROZEN_ON_A_GPU: &str =
        "dc2fd3abe41af1fe893bd1fd49b80672157cf7b8a822b87d7713bc2228d96101";
}
