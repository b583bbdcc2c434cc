//! Which trial is meant.

use crate::cli::target::Target;
use crate::error::{Error, Result};
use std::str::FromStr;

/// Hex digits of an id that are enough to ask.
const SHORTEST: usize = 4;
/// Candidates that are named when several are meant.
const NAMED: usize = 8;

/// How a trial is named. A text of digits may be both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    index: Option<usize>,
    prefix: Option<String>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let hex = text.chars().all(|c| c.is_ascii_hexdigit());
        let prefix =
            (hex && (SHORTEST..=64).contains(&text.len())).then(|| text.to_ascii_lowercase());
        let digits = text.chars().all(|c| c.is_ascii_digit());
        let index = text.parse().ok().filter(|_| digits);
        match (&index, &prefix) {
            (None, None) => Err(format!(
                "expected the first {SHORTEST} to 64 hex digits of a trial's id, or its position in the plan"
            )),
            _ => Ok(Self { index, prefix }),
        }
    }
}

impl Wanted {
    fn is(&self, index: usize, id: &str) -> bool {
        let begins = |prefix: &String| id.starts_with(prefix.as_str());
        self.index == Some(index) || self.prefix.as_ref().is_some_and(begins)
    }

    /// Positions of the trials with these ids that may be meant.
    fn among(&self, ids: impl Iterator<Item = String>) -> Vec<usize> {
        let meant = ids.enumerate().filter(|(index, id)| self.is(*index, id));
        meant.map(|(index, _)| index).collect()
    }
}

/// The only trial that is meant.
///
/// # Errors
/// [`Error::Usage`] when there is none, or more than one: these are named.
pub fn the_one<'a>(wanted: &Wanted, targets: &'a [Target]) -> Result<(&'a Target, usize)> {
    let mut found = Vec::new();
    for target in targets {
        let ids = (0..target.plan.len()).map(|index| target.plan.id(index).to_string());
        found.extend(wanted.among(ids).into_iter().map(|index| (target, index)));
    }
    match found[..] {
        [only] => Ok(only),
        [] => Err(Error::Usage {
            problem: format!("no such trial in {}", places(targets)),
            next: "`ablate plan x.yaml --json` lists all ids; trials of an earlier version of a sweep are not looked at".into(),
        }),
        _ => {
            let mut lines = String::new();
            for (target, index) in found.iter().take(NAMED) {
                let (id, label) = (target.plan.id(*index).short(), target.label(*index));
                lines += &format!("\n  {id}  trial {index} of {}: {label}", target.sweep.name);
            }
            if found.len() > NAMED {
                lines += &format!("\n  … and {} more", found.len() - NAMED);
            }
            Err(Error::Usage {
                problem: format!("{} trials may be meant:{lines}", found.len()),
                next: "give more digits of the id, or the folder of the sweep after it".into(),
            })
        }
    }
}

fn places(targets: &[Target]) -> String {
    match targets {
        [] => "the results folder: no sweep was run below it".to_owned(),
        [one] => format!("the {} trials of {}", one.plan.len(), one.sweep.name),
        many => format!("the {} sweeps there", many.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_positions_are_told_apart_and_everything_else_is_refused() {
        let ids = || ["1234ab", "00ff00", "123400"].map(String::from).into_iter();
        let among = |text: &str| text.parse::<Wanted>().unwrap().among(ids());
        assert_eq!(among("00FF"), [1]);
        assert_eq!(among("1234"), [0, 2], "ambiguous");
        assert_eq!(among("123400"), [2]);
        assert_eq!(among("2"), [2]);
        assert_eq!(among("3"), [0; 0]);
        assert_eq!(among("ffff"), [0; 0]);
        for text in [
            "",
            "abc",
            "+1",
            "-1",
            "12x4",
            "../x",
            "$(x)",
            &"a".repeat(65),
        ] {
            assert!(text.parse::<Wanted>().is_err(), "{text:?}");
        }
    }
}
