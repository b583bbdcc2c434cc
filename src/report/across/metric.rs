//! Which metric is compared.

use crate::record::SweepRecord;
use crate::record::schema::column;
use crate::report::compare::value_of;
use std::collections::BTreeSet;

/// What a trial costs: columns of their own in a record.
const COSTS: [&str; 3] = [column::PARAMS, column::MACS, column::WALL_SECONDS];

/// A metric that not all sweeps have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for, by the user or by the reference's sweep file.
    pub wanted: String,
    /// Those that all have.
    pub known: Vec<String>,
}

/// The metric that is wanted, else the one that the reference compares, else the first that all have, those of the test set
/// before others. A sweep without any value yet has a say in nothing.
///
/// # Errors
/// [`Unknown`] when sweeps have values, but not all of this metric.
pub fn choose(records: &[&SweepRecord], wanted: Option<&str>) -> Result<String, Unknown> {
    let mut sets = records
        .iter()
        .map(|record| metrics(record))
        .filter(|names| !names.is_empty());
    let known = sets.next().map(|first| {
        sets.fold(first, |known: BTreeSet<&str>, names| {
            known.intersection(&names).copied().collect()
        })
    });
    let compared = || records.first()?.compare.as_ref().map(|c| c.metric.as_str());
    let wanted = wanted.or_else(compared);
    let Some(known) = known else {
        return Ok(wanted.unwrap_or_default().into());
    };
    // What a trial costs is compared when it is asked for.
    let first = || {
        let mut own = known.iter().filter(|name| !COSTS.contains(name));
        let test = known.iter().find(|name| name.starts_with("test."));
        test.or_else(|| own.next()).copied()
    };
    match wanted.or_else(first) {
        Some(name) if known.contains(name) => Ok(name.into()),
        wanted => Err(Unknown {
            wanted: wanted.unwrap_or_default().into(),
            known: known.into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// The metrics that any trial of a sweep has, costs included.
fn metrics(record: &SweepRecord) -> BTreeSet<&str> {
    let own = record.trials.iter().flat_map(|row| row.metrics.keys());
    let own: BTreeSet<&str> = own.map(String::as_str).collect();
    let has = |cost: &&str| {
        let values = record.trials.iter().filter_map(|row| value_of(row, cost));
        values.into_iter().any(f64::is_finite)
    };
    own.into_iter()
        .chain(COSTS.into_iter().filter(has))
        .collect()
}
