//! Looks at a sweep's folder again and again, and remembers what cannot have changed.

mod board;
mod left;

use super::curves::Committed;
use super::hands::hands;
use super::presence::{Presence, presence};
use super::projection::{Projection, project};
use super::slurm::Slurm;
use super::tally::{Known, Tally};
use super::view::{Live, Runner, View};
use crate::cli::target::Target;
use crate::error::Result;
use crate::fanout::attempts::Counted;
use crate::fanout::claims::{self, LEASE, Watch, Whereabouts};
use crate::fanout::status;
use crate::outcome::Outcome;
use crate::record::Outcomes;
use crate::sweep::Expect;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Instant;

/// How much of the arms a look shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Show {
    /// So many of them.
    pub arms: usize,
    /// Curves of committed trials that are read at most; the next look goes on with others.
    pub curves: usize,
}

/// One look after the other.
pub struct Survey {
    target: Target,
    /// Of all units of work: the trials, and behind them the networks that are trained first.
    ids: Vec<String>,
    /// Of each trial, its evaluations.
    uses: Vec<Vec<String>>,
    metric: String,
    expect: Option<Expect>,
    outcomes: Outcomes,
    curves: Committed,
    /// Expected work of a trial of each arm, then of each network that is trained first.
    work: OnceCell<Vec<f64>>,
    watch: Watch,
    slurm: Slurm,
    began: Instant,
}

impl Survey {
    /// Looks at nothing yet.
    pub fn new(target: Target) -> Self {
        let plan = &target.plan;
        let uses = |index| plan.evaluations(index).into_iter();
        let compare = target.sweep.compare.as_ref();
        let loss = || plan.config(0).task.metrics().swap_remove(0);
        let metric = compare.map_or_else(loss, |compare| compare.metric.clone());
        Self {
            ids: (0..plan.units())
                .map(|index| plan.id(index).to_string())
                .collect(),
            uses: (0..plan.len())
                .map(|index| uses(index).map(|used| used.id.to_string()).collect())
                .collect(),
            expect: compare.and_then(|compare| compare.expect),
            outcomes: Outcomes::of_metric(&metric),
            metric,
            target,
            curves: Committed::default(),
            work: OnceCell::new(),
            watch: Watch::new(LEASE),
            slurm: Slurm::default(),
            began: Instant::now(),
        }
    }

    /// Looks.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(&mut self, show: Show) -> Result<View> {
        let folder = &self.target.folder;
        self.outcomes.look(folder)?;
        let counted = match folder.attempts().is_dir() {
            true => Counted::read(folder)?,
            false => Counted::default(),
        };
        let runners = self.runners()?;
        let live = self.live(&runners);
        let trials = self.target.plan.len();
        let known: Vec<_> = (0..self.ids.len())
            .map(|index| Known {
                committed: self.ended(index),
                failures: counted.of(&self.ids[index]),
            })
            .collect();
        let running = live.range(..trials).map(|(index, _)| *index).collect();
        let tally = Tally::count(known[..trials].iter().copied(), &running, self.others());
        let jobs = runners.iter().filter(|runner| !runner.presence.has_ended());
        let jobs = jobs.filter_map(|runner| runner.status.about.slurm_job_id.clone());
        let slurm = self.slurm.look(&self.target.folder, jobs)?;
        let projection = match tally.is_finished() {
            true => Projection::Finished,
            false => project(self.left(&known, &live).as_ref(), hands(&runners, &slurm)),
        };
        Ok(View {
            name: self.target.sweep.name.clone(),
            question: self.target.sweep.question.clone(),
            tally,
            projection,
            board: self.board(&live, show),
            running: live.into_values().collect(),
            slurm,
            runners,
        })
    }

    /// How a unit ended, all its uses included.
    fn ended(&self, index: usize) -> Option<Outcome> {
        let mut uses = self.uses.get(index).into_iter().flatten();
        let ended = self.outcomes.of(&self.ids[index])?;
        uses.all(|id| self.outcomes.of(id).is_some())
            .then_some(ended)
    }

    /// Seconds that a unit took, all its uses included; `None` while it is not done.
    fn took(&self, index: usize) -> Option<f64> {
        let uses = self.uses.get(index).into_iter().flatten();
        let parts = std::iter::once(&self.ids[index]).chain(uses);
        parts
            .map(|id| self.outcomes.committed(id).map(|found| found.seconds))
            .sum()
    }

    /// Committed trials of whatever else is in the folder.
    fn others(&self) -> usize {
        let planned = self.ids.iter().chain(self.uses.iter().flatten());
        let committed = planned.filter(|id| self.outcomes.of(id).is_some());
        self.outcomes.count().saturating_sub(committed.count())
    }

    /// Units in training by position. By id: a runner may work on another version of the sweep.
    fn live(&self, runners: &[Runner]) -> BTreeMap<usize, Live> {
        let living = runners
            .iter()
            .filter(|runner| runner.presence == Presence::Alive);
        let all = living.flat_map(|runner| {
            let named = |trial: &status::Running| Live {
                runner: runner.status.about.runner.clone(),
                trial: trial.clone(),
            };
            runner.status.now.running.iter().map(named)
        });
        // Done already where its runner has not said so yet.
        all.filter(|live| self.ids.get(live.trial.index) == Some(&live.trial.id))
            .filter(|live| self.ended(live.trial.index).is_none())
            .map(|live| (live.trial.index, live))
            .collect()
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
