//! What a trial leaves behind: pure data between training (which makes it) and the record (which keeps it).

use std::collections::BTreeMap;

/// How a trial ended, as records and reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Trained to the end.
    Completed,
    /// The loss or a parameter became NaN or infinite: a finding, not an error.
    Diverged,
    /// An attempt failed; it will be tried again by the next run.
    Failed,
    /// Given up after three failed attempts.
    Quarantined,
    /// Stopped on purpose, with a checkpoint to go on from.
    Interrupted,
    /// Not started.
    Pending,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Diverged,
        Self::Failed,
        Self::Quarantined,
        Self::Interrupted,
        Self::Pending,
    ];

    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Interrupted => "interrupted",
            Self::Pending => "pending",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// A table of numbers: named columns of equal length, in the order of their names; missing is NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: BTreeMap<String, Vec<f64>>,
    rows: usize,
}

impl Table {
    /// Appends a row. Columns it does not name get NaN; columns that are new get NaN in all earlier rows.
    pub fn push(&mut self, row: &[(impl AsRef<str>, f64)]) {
        for (name, value) in row {
            let column = self.columns.entry(name.as_ref().to_owned()).or_default();
            column.resize(self.rows, f64::NAN);
            column.push(*value);
        }
        self.rows += 1;
        for column in self.columns.values_mut() {
            column.resize(self.rows, f64::NAN);
        }
    }

    /// Puts in a whole column, as a reader does. Shorter columns are filled with NaN.
    pub fn insert(&mut self, name: impl Into<String>, values: Vec<f64>) {
        self.rows = self.rows.max(values.len());
        self.columns.insert(name.into(), values);
        for column in self.columns.values_mut() {
            column.resize(self.rows, f64::NAN);
        }
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.get(name).map(Vec::as_slice)
    }

    /// The columns, in the order of their names.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.columns
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Grey pictures at several epochs: `pixels[epoch][n][h][w]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// What they show: "input", "target", "output".
    pub name: String,
    /// The epochs they were taken after; one entry (0) for pictures that do not change.
    pub epochs: Vec<u32>,
    /// n, h, w.
    pub shape: [usize; 3],
    /// Row-major, `epochs.len() · n · h · w` long; 255 is white.
    pub pixels: Vec<u8>,
}

/// A trained parameter: its shape and values, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Dimensions. Convolutions are [height, width, in, out].
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

/// All that a finished trial leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialResult {
    /// Completed or diverged.
    pub outcome: Outcome,
    /// Why it diverged; empty otherwise.
    pub message: String,
    /// One row an epoch: `epoch`, `train_loss`, `lr`, `seconds` and the metrics (`test.bce`, `valid.bce`, …).
    pub epochs: Table,
    /// Pictures.
    pub samples: Vec<Samples>,
    /// Final metrics by name (`test.bce`, …).
    pub metrics: BTreeMap<String, f64>,
    /// SHA-256 (hex) over the final parameters by name: equal only when every bit is.
    pub parameters_digest: String,
    /// The final parameters by name, when `train.weights: keep`; empty otherwise.
    pub weights: BTreeMap<String, Weight>,
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass of one image, padding taps included.
    pub macs: u64,
    /// Seconds of training and evaluation, over all attempts.
    pub wall_seconds: f64,
    /// CPU features that the kernels used: "avx512", "avx2" or "portable".
    pub dispatch: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_cells_are_nan() {
        let mut table = Table::default();
        table.push(&[("a", 1.0)]);
        table.push(&[("b", 2.0)]);
        assert_eq!(table.rows(), 2);
        assert!(table.column("a").expect("a")[1].is_nan());
        assert!(table.column("b").expect("b")[0].is_nan());
    }

    #[test]
    fn outcome_names_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_name(outcome.name()), Some(outcome));
        }
    }
}
