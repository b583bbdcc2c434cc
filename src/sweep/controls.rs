//! `controls`: arms that are made from those of the grid, so that an effect of a connection is not taken for one of size.

use super::diagnose::{Diagnostic, Place, quote};
use super::node::{Node, Tree};
use serde_json::Value;

/// What a control holds fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The baseline, so wide that it has the parameters of the arm.
    MatchedParameters,
    /// The baseline, so wide that it takes the multiply-accumulates of the arm.
    MatchedMacs,
    /// The arm, with zeros in place of what its skip brings.
    ZeroSkip,
}

impl Control {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::MatchedParameters, Self::MatchedMacs, Self::ZeroSkip];

    /// The name in YAML, records and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::MatchedParameters => "matched_parameters",
            Self::MatchedMacs => "matched_macs",
            Self::ZeroSkip => "zero_skip",
        }
    }
}

/// A control and where it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Which.
    pub control: Control,
    /// Where.
    pub place: Place,
}

const PATH: &str = "controls";

/// Reads the list; `compared` says whether the sweep has a baseline.
pub(super) fn controls(node: &Node, compared: bool, found: &mut Vec<Diagnostic>) -> Vec<Asked> {
    let names = Control::ALL.map(Control::name);
    let expected = format!("a list of {}", names.join(", "));
    let mut wrong = |place, problem: String, expected: &str| {
        found.push(Diagnostic::new(place, PATH, problem, expected));
    };
    let items = match &node.value {
        Tree::List(items) if !items.is_empty() => items,
        Tree::List(_) => {
            wrong(node.place, "the list is empty".into(), &expected);
            return Vec::new();
        }
        _ => {
            wrong(node.place, format!("found {}", node.describe()), &expected);
            return Vec::new();
        }
    };
    if !compared {
        wrong(
            node.place,
            "without compare no arm is known to be edited".into(),
            "compare with the baseline that the other arms were made from",
        );
    }
    let mut asked: Vec<Asked> = Vec::new();
    for item in items {
        let written = match &item.value {
            Tree::Scalar(Value::String(text)) => text.as_str(),
            _ => "",
        };
        match Control::ALL.into_iter().find(|one| one.name() == written) {
            Some(control) if asked.iter().any(|known| known.control == control) => {
                let problem = format!("{} is written twice", quote(written));
                found.push(Diagnostic::new(
                    item.place,
                    PATH,
                    problem,
                    "every control once",
                ));
            }
            Some(control) => asked.push(Asked {
                control,
                place: item.place,
            }),
            None => {
                let problem = format!("found {}", item.describe());
                let expected = format!("one of {}", names.join(", "));
                let diagnostic = Diagnostic::new(item.place, PATH, problem, expected);
                found.push(diagnostic.near(written, names));
            }
        }
    }
    asked
}
