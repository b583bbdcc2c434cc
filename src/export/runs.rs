//! Which runs an export has, and folders for them in whose names nothing acts.

use super::tensorboard::{EVENTS, MARK};
use crate::record::{SweepRecord, TrialRow};
use crate::report::{evidence, label};
use std::collections::BTreeMap;

/// Longest name of an arm's folder; file systems allow 255 bytes.
const LONGEST: usize = 150;

/// The folder of the runs that show trained networks used in other ways.
const EVALUATIONS: &str = "evaluations";

/// A trial or an evaluation that left something.
#[derive(Clone, Debug, PartialEq)]
pub struct Run<'a> {
    /// Its folder, relative, with `/`: `skip.at-[14]/seed-3`.
    pub folder: String,
    /// Paths of its axes.
    pub axes: &'a [String],
    /// Its row.
    pub row: &'a TrialRow,
}

/// Every run of a record: trials by index, then evaluations.
pub fn of(record: &SweepRecord) -> Vec<Run<'_>> {
    let mut names = Names::default();
    for taken in [EVALUATIONS, EVENTS, MARK] {
        names.free(taken);
    }
    let mut runs = below("", &record.axes, &record.trials, &mut names);
    let root = format!("{EVALUATIONS}/");
    runs.extend(below(
        &root,
        &record.evaluation_axes,
        &record.evaluations,
        &mut names,
    ));
    runs
}

fn below<'a>(
    root: &str,
    axes: &'a [String],
    rows: &'a [TrialRow],
    names: &mut Names,
) -> Vec<Run<'a>> {
    let mut arms: BTreeMap<&[String], String> = BTreeMap::new();
    let rows = rows.iter().filter(|row| evidence::left_details(row));
    let run = |row: &'a TrialRow| {
        let arm = arms.entry(&row.axes).or_insert_with(|| {
            names.free(&format!("{root}{}", safe(&label::arm(axes, &row.axes))))
        });
        Run {
            folder: names.free(&format!("{arm}/seed-{}", row.seed)),
            axes,
            row,
        }
    };
    rows.map(run).collect()
}

/// Names that were given away, as file systems that ignore case see them, each with the number to try next for one alike.
#[derive(Default)]
struct Names(BTreeMap<String, u64>);

impl Names {
    /// The name, with a number behind it where it is taken.
    fn free(&mut self, name: &str) -> String {
        let key = name.to_ascii_lowercase();
        let mut next = match self.0.get(&key) {
            Some(next) => *next,
            None => {
                self.0.insert(key, 2);
                return name.to_owned();
            }
        };
        while self.0.contains_key(&format!("{key}-{next}")) {
            next += 1;
        }
        self.0.insert(format!("{key}-{next}"), 2);
        self.0.insert(key, next + 1);
        format!("{name}-{next}")
    }
}

/// One component of a path: letters, digits and a few marks of ASCII; everything else becomes a dash. Never empty, hidden or `..`.
fn safe(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._+=[]".contains(c);
    let mut name = String::new();
    for c in text.chars() {
        match allowed(c) {
            true => name.push(c),
            false if name.ends_with('-') => {}
            false => name.push('-'),
        }
    }
    name.truncate(LONGEST);
    match name.trim_start_matches(['.', '-']).trim_end_matches('-') {
        "" => "arm".into(),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_what_is_allowed_and_nothing_else() {
        assert_eq!(
            safe("skip.at [14, 28] · depth 2"),
            "skip.at-[14-28]-depth-2"
        );
        assert_eq!(safe("skip.at []"), "skip.at-[]");
        assert_eq!(safe("../../etc/passwd"), "etc-passwd");
        assert_eq!(safe("/"), "arm");
        assert_eq!(safe(".."), "arm");
        assert_eq!(safe("ünï\u{202e}\0\n$(x)`"), "n-x");
        assert_eq!(safe(&"long".repeat(100)).len(), LONGEST);
    }

    #[test]
    fn equal_names_are_told_apart_whatever_their_case() {
        let mut names = Names::default();
        let given = ["a", "A", "a-2", "b"].map(|name| names.free(name));
        assert_eq!(given, ["a", "A-2", "a-2-2", "b"]);
    }

    /// So many that a search from the start for each of them would not end.
    #[test]
    fn names_alike_are_numbered_on_and_on() {
        let mut names = Names::default();
        assert_eq!(names.free("a-3"), "a-3");
        let given: Vec<String> = (0..50_000).map(|_| names.free("a")).collect();
        assert_eq!(given[..4], ["a", "a-2", "a-4", "a-5"]);
        assert_eq!(given[49_999], "a-50001");
    }
}
