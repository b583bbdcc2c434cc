//! `sweep.h5`: whether it is whole, whether its table says what its trials are, and whether they are those of `trials/` and `shards/`.

use super::finding::Known;
use super::seen::{Seen, Sighting};
use super::steady::steadily;
use crate::outcome::Outcome;
use crate::record::inspect::{Fault, Held, Kind, Whole, fault, inspect};
use crate::record::{Folder, SweepRecord, TrialRow};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A whole `sweep.h5`.
pub struct Sweep {
    /// The sweep file that it was made from.
    pub yaml: String,
    /// Trials and evaluations: id, and the content digest of the result where it has one.
    rows: Vec<(String, Option<String>)>,
}

fn at_sweep_file(seen: Seen) -> Sighting {
    Sighting {
        path: "sweep.h5".into(),
        seen,
    }
}

/// Reads it in full; `None` when it is not there or not whole.
pub fn look(folder: &Folder, seen: &mut Vec<Sighting>) -> Option<Sweep> {
    match steadily(&folder.sweep_h5(), read)? {
        Ok(sweep) => Some(sweep),
        Err(fault) => {
            seen.push(at_sweep_file(Seen::SweepFile(fault)));
            None
        }
    }
}

fn read(path: &Path) -> Result<Sweep, Fault> {
    compare_tables(path, inspect(path)?)
}

/// Whether the tables of a `sweep.h5` say what its trials are.
///
/// # Errors
/// Why it is not whole.
pub fn compare_tables(path: &Path, mut whole: Whole) -> Result<Sweep, Fault> {
    if whole.kind != Kind::Sweep {
        return Err(Fault::Inside("is no file of a whole sweep".into()));
    }
    let record = SweepRecord::open(path).map_err(fault(Fault::Seal))?;
    let mut rows = Vec::new();
    for row in record.trials.iter().chain(&record.evaluations) {
        let held = whole.trials.remove(&row.id);
        check_row(row, held.as_ref()).map_err(Fault::Inside)?;
        rows.push((row.id.clone(), held.map(|held| held.content_digest)));
    }
    match whole.trials.into_keys().next() {
        Some(id) => Err(Fault::Inside(format!("/trial/{id} has no row in a table"))),
        None => Ok(Sweep {
            yaml: record.yaml,
            rows,
        }),
    }
}

/// Whether a row says what its trial is.
fn check_row(row: &TrialRow, held: Option<&Held>) -> Result<(), String> {
    let id = &row.id;
    let done = matches!(row.outcome, Outcome::Completed | Outcome::Diverged);
    let Some(held) = held else {
        return match done {
            true => Err(format!(
                "/trial/{id} is missing, though its row says that it is done"
            )),
            false => Ok(()),
        };
    };
    let same = |(name, value): (&String, &f64)| {
        let found = held.metrics.get(name);
        found.is_some_and(|found| found.to_bits() == value.to_bits())
    };
    match held.outcome == row.outcome && held.seed == row.seed && row.metrics.iter().all(same) {
        true => Ok(()),
        false => Err(format!(
            "the row of trial {id} is not what /trial/{id} says"
        )),
    }
}

/// Compares it with the trials of whole files.
pub fn compare(
    folder: &Folder,
    sweep: Option<&Sweep>,
    known: &mut Known,
    seen: &mut Vec<Sighting>,
) {
    let Some(sweep) = sweep else {
        if !known.committed.is_empty() && !folder.sweep_h5().exists() {
            seen.push(at_sweep_file(Seen::NoSweepFile));
        }
        return;
    };
    known.compared = true;
    let named = named(seen);
    let (mut missing, behind) = differences(&sweep.rows, &known.committed);
    missing.retain(|id| !named.contains(id));
    let mut tell = |what| seen.push(at_sweep_file(what));
    if !missing.is_empty() {
        tell(Seen::Missing(missing));
    }
    if behind > 0 {
        tell(Seen::Behind(behind));
    }
}

/// Trials that were already named because of their files.
fn named(seen: &[Sighting]) -> BTreeSet<String> {
    let ids = |sighting: &Sighting| match &sighting.seen {
        Seen::Trial { id, .. } => vec![id.clone()],
        Seen::Swapped { id, holds } => vec![id.clone(), holds.clone()],
        _ => Vec::new(),
    };
    seen.iter().flat_map(ids).collect()
}

/// The ids whose results are only in `sweep.h5`, and how many results it has not, or has otherwise.
fn differences(
    rows: &[(String, Option<String>)],
    committed: &BTreeMap<String, String>,
) -> (Vec<String>, usize) {
    let mut missing = Vec::new();
    let mut behind = 0;
    for (id, digest) in rows {
        match (digest, committed.get(id)) {
            (Some(_), None) => missing.push(id.clone()),
            (digest, Some(there)) if digest.as_ref() != Some(there) => behind += 1,
            _ => {}
        }
    }
    (missing, behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_missing_behind_or_the_same() {
        let some = |text: &str| Some(text.to_owned());
        let rows = [
            ("same".to_owned(), some("1")),
            ("lost".to_owned(), some("2")),
            ("new".to_owned(), None),
            ("other".to_owned(), some("3")),
            ("pending".to_owned(), None),
        ];
        let committed = [("same", "1"), ("new", "5"), ("other", "4")];
        let committed = committed.map(|(id, digest)| (id.to_owned(), digest.to_owned()));
        assert_eq!(
            differences(&rows, &committed.into()),
            (vec!["lost".to_owned()], 2)
        );
    }
}
