//! The YAML as written: parsed to a tree whose nodes know their place, then checked into a [`Sweep`].

use crate::config::TrialConfig;
use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// One sweep file, checked.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Name: `[A-Za-z0-9._-]`, 1 to 64 long, first a letter or digit. Names the results folder.
    pub name: String,
    /// The question in words; may be empty.
    pub question: String,
    /// The YAML exactly as written.
    pub text: String,
    /// The config that every trial starts from.
    pub base: TrialConfig,
    /// Seeds, in order, distinct.
    pub seeds: Vec<u64>,
    /// What is compared.
    pub compare: Option<Compare>,
    // H1 adds: axes (grid, zip), include, exclude, sample
}

/// What the report answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// Field values that name the baseline arm.
    pub baseline: Vec<(String, Value)>,
    /// The metric: `test.bce`.
    pub metric: String,
    /// What was expected before the run.
    pub expect: Option<Expect>,
}

/// What was expected of the arms against the baseline, written down before the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expect {
    /// The metric gets lower.
    Lower,
    /// The metric gets higher.
    Higher,
    /// The metric stays within ±margin.
    Same {
        /// Half the width of what counts as the same.
        margin: f64,
    },
}

impl Sweep {
    /// Reads and checks a sweep file.
    ///
    /// # Errors
    /// [`Error::Sweep`] with every diagnostic, each with file:line:column, field path and snippet.
    pub fn load(path: &Path) -> Result<Self> {
        let _ = path;
        Err(Error::Internal("not built yet".into()))
    }
}
