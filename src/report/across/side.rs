//! One of the sweeps that are put beside each other, and what to call it.

use crate::error::Result;
use crate::record::{Fingerprint, SweepRecord};
use crate::report::compare::Comparisons;
use crate::report::evidence::left_details;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

/// A sweep with what its trials were made from.
pub struct Side {
    /// What it is called: unlike all others.
    pub name: String,
    /// The tables.
    pub record: SweepRecord,
    prints: BTreeMap<String, Fingerprint>,
}

impl Side {
    /// Takes fingerprints by trial id.
    pub fn new(name: String, record: SweepRecord, prints: BTreeMap<String, Fingerprint>) -> Self {
        Self {
            name,
            record,
            prints,
        }
    }

    /// Reads the fingerprints of all trials and uses that left any.
    ///
    /// # Errors
    /// When the record is damaged.
    pub fn load(name: String, record: SweepRecord) -> Result<Self> {
        let details = record.details()?;
        let rows = record.trials.iter().chain(&record.evaluations);
        let committed = rows.filter(|row| left_details(row));
        let prints = committed
            .map(|row| Ok((row.id.clone(), details.fingerprint(&row.id)?)))
            .collect::<Result<_>>()?;
        Ok(Self::new(name, record, prints))
    }

    /// The same sweep with the uses of its networks (`evaluate`) in the place of its trials. One use may stand at several
    /// points that differ only where it does not matter: it counts once.
    pub fn uses(self) -> Self {
        let Self {
            name,
            mut record,
            prints,
        } = self;
        record.axes = std::mem::take(&mut record.evaluation_axes);
        record.trials = std::mem::take(&mut record.evaluations);
        let mut seen = BTreeSet::new();
        record.trials.retain(|row| seen.insert(row.id.clone()));
        Self::new(name, record, prints)
    }

    /// The fingerprint of a trial that left one.
    pub fn print(&self, id: &str) -> Option<&Fingerprint> {
        self.prints.get(id)
    }

    /// All fingerprints, in the order of the plan.
    pub fn prints(&self) -> impl Iterator<Item = &Fingerprint> {
        let rows = self.record.trials.iter();
        rows.filter_map(|row| self.print(&row.id))
    }

    /// The resolved config of a trial.
    pub fn config(&self, id: &str) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.print(id)?.config).ok()
    }

    /// Its arms, with their values of `metric`.
    pub fn arms(&self, metric: &str) -> Comparisons<'_> {
        Comparisons::about(&self.record, metric.to_owned(), &|id| self.config(id))
    }
}

/// What to call sweeps of these names at these places: their names where they differ, else the shortest parts of their
/// paths that do; numbered where one is given twice.
pub fn names(sweeps: &[(&str, &Path)]) -> Vec<String> {
    let own: Vec<String> = sweeps.iter().map(|(name, _)| (*name).to_owned()).collect();
    if differ(&own) {
        return own;
    }
    let mut parts: Vec<Vec<String>> = sweeps.iter().map(|(_, path)| parts(path)).collect();
    let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let last = |n: usize| -> Vec<String> {
        let tail = |parts: &Vec<String>| parts[parts.len().saturating_sub(n)..].join("/");
        parts.iter().map(tail).collect()
    };
    let Some(n) = (1..=longest).find(|n| differ(&last(*n))) else {
        return numbered(own);
    };
    for parts in &mut parts {
        parts.drain(..parts.len().saturating_sub(n));
    }
    // What they all end with tells nothing.
    while let Some(end) = parts[0].last().cloned()
        && parts.iter().all(|p| p.len() > 1 && p.last() == Some(&end))
    {
        parts.iter_mut().for_each(|parts| drop(parts.pop()));
    }
    parts.iter().map(|parts| parts.join("/")).collect()
}

fn differ(names: &[String]) -> bool {
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

/// The parts of a path, without the file's own name where it is the usual one.
fn parts(path: &Path) -> Vec<String> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    let mut parts: Vec<String> = parts.collect();
    if parts.len() > 1 && parts.last().is_some_and(|file| file == "sweep.h5") {
        parts.pop();
    }
    parts
}

fn numbered(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let number = |name: String| {
        let others = (2..).map(|n| format!("{name} ({n})"));
        let mut candidates = std::iter::once(name.clone()).chain(others);
        let free = candidates.find(|name| seen.insert(name.clone()));
        free.unwrap_or(name)
    };
    names.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(sweeps: &[(&str, &str)]) -> Vec<String> {
        let sweeps: Vec<_> = sweeps
            .iter()
            .map(|(name, path)| (*name, Path::new(*path)))
            .collect();
        names(&sweeps)
    }

    #[test]
    fn names_that_differ_are_kept() {
        let found = called(&[("dr", "/a/x/sweep.h5"), ("dr2", "/b/x/sweep.h5")]);
        assert_eq!(found, ["dr", "dr2"]);
    }

    #[test]
    fn equal_names_give_way_to_the_shortest_parts_of_paths_that_differ() {
        let found = called(&[
            ("s", "/runs/laptop/results/s/sweep.h5"),
            ("s", "/runs/expanse/results/s/sweep.h5"),
        ]);
        assert_eq!(found, ["laptop", "expanse"]);
        let found = called(&[("s", "/r/results/s/sweep.h5"), ("s", "/r/old_s/sweep.h5")]);
        assert_eq!(found, ["s", "old_s"]);
        let found = called(&[("s", "/r/s/sweep.h5"), ("s", "/s/sweep.h5")]);
        assert_eq!(found, ["r/s", "s"]);
    }

    #[test]
    fn the_same_file_twice_is_numbered() {
        let found = called(&[("s", "/s/sweep.h5"), ("s", "/s/sweep.h5"), ("t", "/t")]);
        assert_eq!(found, ["s", "s (2)", "t"]);
        assert_eq!(
            numbered(vec!["s".into(), "s (2)".into(), "s".into()]).len(),
            3
        );
    }
}
