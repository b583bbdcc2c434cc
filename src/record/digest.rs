//! The two digests of a trial: what equal trials share, and all that is stored.

use super::{TrialRecord, schema};
use sha2::{Digest, Sha256};

/// SHA-256 (hex) over what must be equal for equal trials: config, seed, data, outcome, every number of every epoch
/// as bits (but the seconds), final metrics as bits, pixels and the digest of the final parameters.
pub fn logical(record: &TrialRecord) -> String {
    let mut sum = Sum::new("ablate trial, logical, 1");
    sum.logical(record);
    sum.hex()
}

/// SHA-256 (hex) over everything that is stored of a trial but the digests themselves.
pub fn content(record: &TrialRecord) -> String {
    let mut sum = Sum::new("ablate trial, content, 1");
    let result = &record.result;
    sum.logical(record);
    sum.text(&record.id);
    sum.text(&result.message);
    sum.integer(u64::from(record.attempt));
    sum.text(&record.started);
    sum.text(&record.ended);
    sum.integer(result.params);
    sum.integer(result.macs);
    sum.number(result.wall_seconds);
    sum.text(&result.dispatch);
    sum.numbers(result.epochs.column(schema::SECONDS).unwrap_or(&[]));
    sum.integer(record.environment.len() as u64);
    for (key, value) in &record.environment {
        sum.text(key);
        sum.text(value);
    }
    sum.integer(result.weights.len() as u64);
    for (name, weight) in &result.weights {
        sum.text(name);
        sum.sizes(&weight.shape);
        sum.integer(weight.values.len() as u64);
        for value in &weight.values {
            sum.0.update(value.to_bits().to_le_bytes());
        }
    }
    sum.hex()
}

/// A SHA-256 of values that tell their length first, so that no two lists of values look alike.
pub struct Sum(Sha256);

impl Sum {
    /// Starts with a text that says what is summed.
    pub fn new(domain: &str) -> Self {
        let mut sum = Self(Sha256::new());
        sum.text(domain);
        sum
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.integer(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    /// Adds an integer.
    pub fn integer(&mut self, value: u64) {
        self.0.update(value.to_le_bytes());
    }

    /// The digest: 64 hex digits.
    pub fn hex(self) -> String {
        use std::fmt::Write as _;
        self.0
            .finalize()
            .iter()
            .fold(String::new(), |mut hex, byte| {
                // Writing to a String cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }

    fn number(&mut self, value: f64) {
        self.integer(value.to_bits());
    }

    fn numbers(&mut self, values: &[f64]) {
        self.integer(values.len() as u64);
        values.iter().for_each(|value| self.number(*value));
    }

    fn sizes(&mut self, sizes: &[usize]) {
        self.integer(sizes.len() as u64);
        sizes.iter().for_each(|size| self.integer(*size as u64));
    }

    fn logical(&mut self, record: &TrialRecord) {
        let result = &record.result;
        self.text(&record.config);
        self.integer(record.seed);
        self.text(&record.data_digest);
        self.text(result.outcome.name());
        for (name, values) in result.epochs.columns() {
            if name != schema::SECONDS {
                self.text(name);
                self.numbers(values);
            }
        }
        self.text("metrics");
        self.integer(result.metrics.len() as u64);
        for (name, value) in &result.metrics {
            self.text(name);
            self.number(*value);
        }
        self.integer(result.samples.len() as u64);
        // By name, because that is the order in which a file gives them back.
        let mut samples: Vec<_> = result.samples.iter().collect();
        samples.sort_by(|a, b| a.name.cmp(&b.name));
        for sample in samples {
            self.text(&sample.name);
            self.integer(sample.epochs.len() as u64);
            sample
                .epochs
                .iter()
                .for_each(|epoch| self.integer(u64::from(*epoch)));
            self.sizes(&sample.shape);
            self.integer(sample.pixels.len() as u64);
            self.0.update(&sample.pixels);
        }
        self.text(&result.parameters_digest);
    }
}
