//! What one look at a sweep shows, and the same for scripts. Pure.

use super::arms::Arm;
use super::presence::Presence;
use super::projection::Projection;
use super::slurm::JobState;
use super::tally::Tally;
use crate::fanout::curve::Curves;
use crate::fanout::status::{Running, Status};
use crate::report::json::inert;
use serde::Serialize;
use serde_json::json;

/// What one look shows.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// Of the sweep.
    pub name: String,
    /// Of the sweep; may be empty.
    pub question: String,
    /// How many trials stand how.
    #[serde(rename = "trials")]
    pub tally: Tally,
    /// When it will be finished.
    pub projection: Projection,
    /// Every runner that ever was, in the order of their start.
    pub runners: Vec<Runner>,
    /// What Slurm has in its queue of this sweep.
    pub slurm: Vec<JobState>,
    /// Trials in training, by runners that live, in the order of the plan.
    pub running: Vec<Live>,
    /// The arms that are shown.
    #[serde(skip)]
    pub board: Board,
}

/// One runner.
#[derive(Clone, Debug, Serialize)]
pub struct Runner {
    /// What it last said.
    #[serde(flatten)]
    pub status: Status,
    /// Whether it is still there.
    pub presence: Presence,
}

/// A trial in training.
#[derive(Clone, Debug, Serialize)]
pub struct Live {
    /// The id of its runner.
    pub runner: String,
    /// What the runner last said of it.
    #[serde(flatten)]
    pub trial: Running,
}

/// The arms that are shown.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// What is compared.
    pub metric: String,
    /// In the order of the plan.
    pub arms: Vec<Shown>,
    /// Arms beside these that have begun.
    pub more: usize,
}

/// An arm that is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What people call it.
    pub label: String,
    /// The same in fewer letters.
    pub short: String,
    /// How it stands.
    pub arm: Arm,
    /// The curves of its trials, committed or in training.
    pub curves: Vec<Curves>,
}

impl View {
    /// Whether a runner may be there that was not heard yet.
    pub fn awaits_a_beat(&self) -> bool {
        let silent = |runner: &Runner| matches!(runner.presence, Presence::Silent(_));
        self.runners.iter().any(silent)
    }

    /// For scripts; `at` writes the time of the clock in so many seconds, as RFC 3339.
    pub fn json(&self, at: impl Fn(f64) -> String) -> String {
        let mut view = json!(self);
        view["format"] = json!(1);
        view["finished"] = json!(self.tally.is_finished());
        if let Some(seconds) = self.projection.seconds() {
            view["projection"]["at"] = json!(at(seconds));
        }
        inert(&format!("{view:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JSON itself escapes no more than the first 32 marks.
    #[test]
    fn json_drives_no_terminal_and_reads_back() {
        let name = "a\u{9b}2J\u{7f}\u{202e}b\u{1b}";
        let view = View {
            name: name.into(),
            question: String::new(),
            tally: Tally::default(),
            projection: Projection::Unknown,
            runners: Vec::new(),
            slurm: Vec::new(),
            running: Vec::new(),
            board: Board::default(),
        };
        let json = view.json(|_| String::new());
        let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!json.contains(acts), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["name"], name);
    }
}
