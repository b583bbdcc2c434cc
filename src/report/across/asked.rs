//! What two sweep files ask for, as the records tell it: axes, uses, seeds, what is compared.

use super::differs::{Difference, Place, enumerated, or_dash};
use crate::record::{SweepRecord, TrialRow};
use crate::report::label;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that they ask for otherwise.
pub fn of(records: [&SweepRecord; 2]) -> Vec<Difference> {
    let [ours, theirs] = records.map(asked_by);
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    // An axis that only one has is a setting of the other's base, and stands among the settings.
    let absent = |name: &str| match name.starts_with(AXIS) {
        true => "not varied".to_owned(),
        false => "–".to_owned(),
    };
    let shown = |value: Option<&String>, name| value.cloned().unwrap_or_else(|| absent(name));
    names
        .into_iter()
        .filter(|name| ours.get(*name) != theirs.get(*name))
        .map(|name| Difference {
            place: Place::Sweep,
            what: label::visible(name).into_owned(),
            from: shown(ours.get(name), name),
            to: shown(theirs.get(name), name),
            share: None,
        })
        .collect()
}

/// How axes are led in what a sweep file asks for.
const AXIS: &str = "axis";

fn asked_by(record: &SweepRecord) -> BTreeMap<String, String> {
    let mut asked = BTreeMap::new();
    let columns = |axes: &[String], rows: &[TrialRow], what: &str| {
        let values = |(at, axis): (usize, &String)| {
            let mut seen = BTreeSet::new();
            let values = rows.iter().filter_map(|row| row.axes.get(at));
            let new: Vec<String> = values
                .filter(|value| seen.insert(*value))
                .map(|value| label::value(value))
                .collect();
            (format!("{what} {axis}"), or_dash(enumerated(new)))
        };
        axes.iter().enumerate().map(values).collect::<Vec<_>>()
    };
    asked.extend(columns(&record.axes, &record.trials, AXIS));
    let uses = columns(&record.evaluation_axes, &record.evaluations, "evaluate");
    let own = |(name, _): &(String, String)| {
        let axis = name.strip_prefix("evaluate ");
        axis.is_some_and(|axis| !record.axes.iter().any(|own| own == axis))
    };
    asked.extend(uses.into_iter().filter(own));
    let seeds: BTreeSet<u64> = record.trials.iter().map(|row| row.seed).collect();
    asked.insert("seeds".into(), runs(&seeds));
    if let Some(compare) = &record.compare {
        let baseline: Vec<String> = compare
            .baseline
            .iter()
            .map(|(path, value)| format!("{} {}", label::visible(path), label::value(value)))
            .collect();
        asked.insert("compare.baseline".into(), baseline.join(" · "));
        let metric = label::visible(&compare.metric).into_owned();
        asked.insert("compare.metric".into(), metric);
        let expect = match compare.expect.as_str() {
            "" => "–".into(),
            "same" => format!("same ± {}", compare.margin),
            other => label::visible(other).into_owned(),
        };
        asked.insert("compare.expect".into(), expect);
    }
    asked
}

/// Whole numbers as runs: `0–7, 11`.
fn runs(numbers: &BTreeSet<u64>) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let word = |(first, last): (u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}–{last}"),
    };
    or_dash(enumerated(runs.into_iter().map(word).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_told_as_runs() {
        assert_eq!(runs(&[0, 1, 2, 7, 9, 10].into()), "0–2, 7, 9–10");
        assert_eq!(runs(&[u64::MAX].into()), u64::MAX.to_string());
        assert_eq!(runs(&BTreeSet::new()), "–");
    }
}
