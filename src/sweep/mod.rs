//! The YAML as written: parsed to a tree whose nodes know their place, then checked into a [`Sweep`].

mod assign;
mod axis;
mod compare;
mod controls;
mod diagnose;
mod draws;
mod evaluate;
mod node;
mod quick;
mod range;
mod read;

pub use assign::Assignment;
pub use axis::Axis;
pub use compare::{Baseline, Compare, Expect};
pub use controls::{Asked, Control};
pub use diagnose::{Diagnostic, Place};
pub(crate) use diagnose::{nearest, quote};
pub use draws::Sample;
pub use quick::Form;

use crate::config::TrialConfig;
use crate::error::{Error, Result};
use std::path::Path;

/// One sweep file, checked.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The file's path, for messages.
    pub file: String,
    /// Name: `[A-Za-z0-9._-]`, 1 to 64 long, first a letter or digit. Names the results folder.
    pub name: String,
    /// The question in words; may be empty.
    pub question: String,
    /// The YAML exactly as written.
    pub text: String,
    /// The config that every trial starts from.
    pub base: TrialConfig,
    /// The fields that `base` sets.
    pub base_set: Vec<Assignment>,
    /// The axes: those of `grid`, then the groups of `zip`. The last varies fastest.
    pub axes: Vec<Axis>,
    /// Points written out, tried after those of the grid; `exclude` and `sample` leave them alone.
    pub include: Vec<Written>,
    /// Points of the grid that are left out: those with all values of a rule.
    pub exclude: Vec<Written>,
    /// Draws some points of the grid instead of all.
    pub sample: Option<Sample>,
    /// Seeds, in order, distinct.
    pub seeds: Vec<u64>,
    /// How every trained network is used, beside what its trial says.
    pub evaluate: Vec<Axis>,
    /// Arms to be made from the others, each kind once.
    pub controls: Vec<Asked>,
    /// What is compared.
    pub compare: Option<Compare>,
    /// How `compare` names the baseline.
    pub baseline: Option<Baseline>,
}

/// Field values written together: an extra point, or a rule.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where.
    pub place: Place,
    /// The values.
    pub values: Vec<Assignment>,
}

impl Sweep {
    /// Reads and checks a sweep file.
    ///
    /// # Errors
    /// [`Error::Sweep`] with every diagnostic, each with file:line:column, field path and snippet.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read::text(path)?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// As [`load`](Self::load), in the form that is asked for.
    ///
    /// # Errors
    /// As [`load`](Self::load); also for the quick form of a sweep that has none.
    pub fn load_form(path: &Path, form: Form) -> Result<Self> {
        let text = quick::text_of(form, &read::text(path)?);
        Self::parse(&path.display().to_string(), &text)
    }

    /// Checks the text of a sweep file; `file` is its name in messages.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let yaml = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut found = Vec::new();
        let sweep = node::parse(yaml)
            .map_err(|diagnostic| found.push(diagnostic))
            .ok()
            .and_then(|root| read::sweep(file, text, &root, &mut found));
        match sweep {
            Some(sweep) if found.is_empty() => Ok(sweep),
            _ => Err(diagnose::error(file, yaml, found)),
        }
    }

    /// An error about this file.
    pub fn error(&self, found: Vec<Diagnostic>) -> Error {
        let yaml = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        diagnose::error(&self.file, yaml, found)
    }
}

#[cfg(test)]
mod tests;
