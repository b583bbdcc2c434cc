//! What differs between two sweeps besides their numbers: settings, data, machines, versions, what was asked. Each thing is
//! said once, with the number of points that it holds for.

use super::asked;
use super::matching::{Matching, Points, recorded};
use super::side::Side;
use crate::report::{label, provenance};
use std::collections::{BTreeMap, BTreeSet};

/// Where a difference lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the resolved configs of points that both have.
    Config,
    /// In the images that these read.
    Data,
    /// In machines and versions.
    Environment,
    /// In what the sweep file asks for.
    Sweep,
}

impl Place {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Data => "data",
            Self::Environment => "environment",
            Self::Sweep => "sweep file",
        }
    }
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it lies.
    pub place: Place,
    /// A field path, or what it is called.
    pub what: String,
    /// The reference's value; `–` where there is none.
    pub from: String,
    /// The other's.
    pub to: String,
    /// For how many of the points that could be looked at; `None` where it holds for the whole.
    pub share: Option<(usize, usize)>,
}

/// So many values are written out where there are several.
const SHOWN: usize = 4;

/// Everything that differs, settings first.
pub fn of(sides: [&Side; 2], points: [&Points; 2], matching: &Matching) -> Vec<Difference> {
    let mut all = settings(points, matching);
    all.extend(data(sides, points, matching));
    all.extend(environment(sides));
    all.extend(asked::of(sides.map(|side| &side.record)));
    all
}

/// Values of one thing at points that belong together, with the number of points.
type Changes = BTreeMap<String, BTreeMap<(String, String), usize>>;

fn listed(place: Place, changes: Changes, looked_at: usize) -> Vec<Difference> {
    let mut all = Vec::new();
    for (what, values) in changes {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let more = values.len().saturating_sub(SHOWN);
        let rest: usize = values.drain(values.len() - more..).map(|(_, n)| n).sum();
        let shown = values.into_iter().map(|((from, to), n)| (from, to, n));
        let others = (more > 0).then(|| (format!("{more} more"), "others".to_owned(), rest));
        all.extend(shown.chain(others).map(|(from, to, n)| Difference {
            place,
            what: label::visible(&what).into_owned(),
            from,
            to,
            share: (n < looked_at).then_some((n, looked_at)),
        }));
    }
    all
}

fn settings([ours, theirs]: [&Points; 2], matching: &Matching) -> Vec<Difference> {
    let mut changes = Changes::new();
    let mut looked_at = 0;
    for (a, b) in &matching.pairs {
        let (Some(a), Some(b)) = (&ours.points[*a].config, &theirs.points[*b].config) else {
            continue;
        };
        looked_at += 1;
        let fields: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let differing = fields
            .into_iter()
            .filter(|field| a.get(*field) != b.get(*field) && !matching.by.contains(field));
        for field in differing {
            let shown = |config| {
                let text = recorded(config, field);
                text.map_or_else(|| "–".to_owned(), |json| label::value(&json))
            };
            let change = (shown(a), shown(b));
            let of = changes.entry(field.clone()).or_default();
            *of.entry(change).or_default() += 1;
        }
    }
    listed(Place::Config, changes, looked_at)
}

fn data(sides: [&Side; 2], points: [&Points; 2], matching: &Matching) -> Vec<Difference> {
    let digest = |side: usize, at: usize| {
        let trials = &points[side].points[at].arm.trials;
        let mut prints = trials.iter().filter_map(|row| sides[side].print(&row.id));
        Some(prints.next()?.data_digest.as_str())
    };
    let mut changes = Changes::new();
    let mut looked_at = 0;
    for (a, b) in &matching.pairs {
        let (Some(a), Some(b)) = (digest(0, *a), digest(1, *b)) else {
            continue;
        };
        looked_at += 1;
        if a != b {
            let of = changes.entry("digest of the images".into()).or_default();
            *of.entry((short(a), short(b))).or_default() += 1;
        }
    }
    listed(Place::Data, changes, looked_at)
}

/// The first digits of each part of a digest: `ba891046+0fa7898d`.
fn short(digest: &str) -> String {
    let parts = digest
        .split('+')
        .map(|part| part.chars().take(8).collect::<String>());
    label::visible(&parts.collect::<Vec<_>>().join("+")).into_owned()
}

/// Facts of machines and versions whose values are not the same ones on both sides.
fn environment(sides: [&Side; 2]) -> Vec<Difference> {
    type Facts<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;
    fn facts(side: &Side) -> Facts<'_> {
        let mut facts = Facts::new();
        let told = side.prints().flat_map(|print| &print.environment);
        // How busy a GPU was differs from trial to trial.
        for (name, value) in told.filter(|(name, _)| !provenance::is_of_one_trial(name)) {
            let values = facts.entry(name).or_default();
            *values.entry(value).or_default() += 1;
        }
        facts
    }
    let [ours, theirs] = sides.map(facts);
    let names: BTreeSet<&&str> = ours.keys().chain(theirs.keys()).collect();
    let none = BTreeMap::new();
    let difference = |name: &&str| {
        let [a, b] = [&ours, &theirs].map(|facts| facts.get(name).unwrap_or(&none));
        (!a.keys().eq(b.keys())).then(|| Difference {
            place: Place::Environment,
            what: label::visible(name).into_owned(),
            from: shares(a),
            to: shares(b),
            share: None,
        })
    };
    names.into_iter().filter_map(difference).collect()
}

/// The most frequent values, each with its number of trials where there are several.
fn shares(values: &BTreeMap<&str, usize>) -> String {
    let mut counted: Vec<(&&str, &usize)> = values.iter().collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let one = |(value, n): &(&&str, &usize)| match values.len() {
        1 => label::visible(value).into_owned(),
        _ => format!("{} ({n} trials)", label::visible(value)),
    };
    or_dash(enumerated(counted.iter().map(one).collect()))
}

/// `a, b, c`; long lists are cut, and say so.
pub fn enumerated(mut words: Vec<String>) -> String {
    let more = words.len().saturating_sub(SHOWN);
    words.truncate(SHOWN);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

/// A dash for nothing.
pub fn or_dash(text: String) -> String {
    match text.is_empty() {
        true => "–".into(),
        false => text,
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_shortened_part_by_part() {
        assert_eq!(short("ba891046e6505d7a+0fa7898d5092"), "ba891046+0fa7898d");
    }

    /// Hundreds of Slurm jobs are no table.
    #[test]
    fn long_lists_are_cut_and_say_so() {
        let values = ["1", "2", "3", "4", "5", "6"]
            .map(|value| (value, 1))
            .into();
        assert!(shares(&values).ends_with("4 (1 trials), 2 more"));
    }
}
