//! Looks at a sweep's folder again and again, and remembers what cannot have changed.

use super::slurm::{JobState, Slurm};
use super::tally::{Known, Tally};
use crate::cli::target::Target;
use crate::error::Result;
use crate::fanout::attempts::Counted;
use crate::fanout::claims::{self, LEASE, Standing, Watch, Whereabouts};
use crate::fanout::status::{self, State, Status};
use crate::record::Outcomes;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// One look after the other.
pub struct Survey {
    target: Target,
    ids: Vec<String>,
    /// Of each trial, its evaluations.
    uses: Vec<Vec<String>>,
    /// Networks that are trained first.
    first: Vec<String>,
    outcomes: Outcomes,
    watch: Watch,
    slurm: Slurm,
    began: Instant,
}

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
    /// Every runner that ever was, in the order of their start.
    pub runners: Vec<Runner>,
    /// What Slurm has in its queue of this sweep.
    pub slurm: Vec<JobState>,
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

/// Whether a runner is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It beats, or lives on this machine.
    Alive,
    /// It was not heard for so many seconds: too early to tell, or it was killed on another machine.
    Silent(u64),
    /// It was killed.
    Gone,
    /// It ended in order.
    Left,
    /// It ended with an error.
    Failed,
}

/// Whether a runner is there, from what it said, how its heartbeat stands (`None` without one), and what this machine
/// knows of its process.
pub fn presence(said: &State, beats: Option<Standing>, whereabouts: Whereabouts) -> Presence {
    let silent = |time: Duration| Presence::Silent(time.as_secs());
    match (said, beats) {
        (State::Failed(_), _) => Presence::Failed,
        (State::Left, _) | (_, Some(Standing::Left)) => Presence::Left,
        (_, None | Some(Standing::Gone)) => Presence::Gone,
        _ if whereabouts == Whereabouts::Here => Presence::Alive,
        (_, Some(Standing::Beats(time))) if time < LEASE => Presence::Alive,
        (_, Some(Standing::Beats(time) | Standing::Unheard(time))) => silent(time),
    }
}

impl Survey {
    /// Looks at nothing yet.
    pub fn new(target: Target) -> Self {
        let plan = &target.plan;
        let uses = |index| plan.evaluations(index).into_iter();
        Self {
            ids: (0..plan.len())
                .map(|index| plan.id(index).to_string())
                .collect(),
            uses: (0..plan.len())
                .map(|index| uses(index).map(|used| used.id.to_string()).collect())
                .collect(),
            first: plan
                .artefacts()
                .iter()
                .map(|artefact| artefact.id.to_string())
                .collect(),
            target,
            outcomes: Outcomes::default(),
            watch: Watch::new(LEASE),
            slurm: Slurm::default(),
            began: Instant::now(),
        }
    }

    /// Looks.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(&mut self) -> Result<View> {
        let folder = &self.target.folder;
        self.outcomes.look(folder)?;
        let counted = match folder.attempts().is_dir() {
            true => Counted::read(folder)?,
            false => Counted::default(),
        };
        let runners = self.runners()?;
        let living = runners
            .iter()
            .filter(|runner| runner.presence == Presence::Alive);
        let training = living.flat_map(|runner| &runner.status.now.running);
        // By id: a runner may work on another version of the sweep.
        let running: BTreeSet<_> = training
            .filter(|trial| self.ids.get(trial.index) == Some(&trial.id))
            .map(|trial| trial.index)
            .collect();
        let committed = |id: &&String| self.outcomes.of(id).is_some();
        let known = self.ids.iter().zip(&self.uses).map(|(id, uses)| Known {
            // Done is a trial with all its uses.
            committed: self
                .outcomes
                .of(id)
                .filter(|_| uses.iter().all(|id| committed(&id))),
            failures: counted.of(id),
        });
        let planned = self
            .ids
            .iter()
            .chain(self.uses.iter().flatten())
            .chain(&self.first);
        let others = self
            .outcomes
            .count()
            .saturating_sub(planned.filter(committed).count());
        let jobs = runners.iter().filter(|runner| !runner.presence.has_ended());
        let jobs = jobs.filter_map(|runner| runner.status.about.slurm_job_id.clone());
        Ok(View {
            name: self.target.sweep.name.clone(),
            question: self.target.sweep.question.clone(),
            tally: Tally::count(known, &running, others),
            slurm: self.slurm.look(&self.target.folder, jobs)?,
            runners,
        })
    }

    fn runners(&mut self) -> Result<Vec<Runner>> {
        let now = self.began.elapsed();
        let mut runners = Vec::new();
        for status in status::read_all(&self.target.folder)? {
            let folder = self.target.folder.claims(&status.about.plan);
            let sight = claims::look(&claims::beat_path(&folder, &status.about.runner))?;
            let beats = sight.as_ref().map(|sight| self.watch.look(sight, now));
            let whereabouts = sight.map_or(Whereabouts::Elsewhere, |sight| sight.whereabouts);
            runners.push(Runner {
                presence: presence(&status.now.state, beats, whereabouts),
                status,
            });
        }
        Ok(runners)
    }
}

impl Presence {
    /// Whether it is known to be no more.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Gone | Self::Left | Self::Failed)
    }
}

impl View {
    /// Whether a runner may be there that was not heard yet.
    pub fn awaits_a_beat(&self) -> bool {
        let silent = |runner: &Runner| matches!(runner.presence, Presence::Silent(_));
        self.runners.iter().any(silent)
    }

    /// For scripts.
    pub fn json(&self) -> String {
        let mut view = json!(self);
        view["format"] = json!(1);
        view["finished"] = json!(self.tally.is_finished());
        format!("{view:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_is_what_it_said_last_unless_it_was_killed() {
        let (short, long) = (LEASE / 2, LEASE);
        let seconds = long.as_secs();
        let failed = State::Failed("disk full".into());
        let elsewhere = |said: &State, beats| presence(said, beats, Whereabouts::Elsewhere);
        for (said, beats, expected) in [
            (&failed, Some(Standing::Left), Presence::Failed),
            (&State::Running, Some(Standing::Left), Presence::Left),
            (&State::Left, None, Presence::Left),
            (&State::Running, Some(Standing::Gone), Presence::Gone),
            (&State::Running, None, Presence::Gone),
            (
                &State::Stopping,
                Some(Standing::Beats(short)),
                Presence::Alive,
            ),
            (
                &State::Running,
                Some(Standing::Beats(long)),
                Presence::Silent(seconds),
            ),
            (
                &State::Running,
                Some(Standing::Unheard(short)),
                Presence::Silent(30),
            ),
        ] {
            assert_eq!(elsewhere(said, beats), expected);
        }
        let paused = presence(
            &State::Running,
            Some(Standing::Unheard(long)),
            Whereabouts::Here,
        );
        assert_eq!(paused, Presence::Alive);
    }
}
