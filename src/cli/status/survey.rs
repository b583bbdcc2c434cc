//! Looks at a sweep's folder again and again, and remembers what cannot have changed.

use super::arms::{self, Arm};
use super::curves::Committed;
use super::forecast::{Forecast, Pace};
use super::presence::{Presence, presence};
use super::projection::{Hands, Projection, Work, project};
use super::slurm::{JobState, Slurm};
use super::tally::{Known, Tally};
use super::view::{Board, Live, Runner, Shown, View};
use crate::cli::target::Target;
use crate::error::Result;
use crate::fanout::attempts::Counted;
use crate::fanout::claims::{self, LEASE, Watch, Whereabouts};
use crate::fanout::queue::ATTEMPTS;
use crate::fanout::status::{self, State};
use crate::fanout::walltime;
use crate::outcome::Outcome;
use crate::record::Outcomes;
use crate::sweep::Expect;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Curves of committed trials that are read in one look: a tenth of a second's worth on a slow file system.
const CURVES_A_LOOK: usize = 64;

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

    /// Looks; with the curves of so many arms.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(&mut self, room: usize) -> Result<View> {
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
            board: self.board(&live, room),
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

    /// What is left to do; `None` when nothing is measured yet.
    fn left(&self, known: &[Known], live: &BTreeMap<usize, Live>) -> Option<Work> {
        let plan = &self.target.plan;
        let work = self.work.get_or_init(|| {
            let arms = (0..plan.points()).map(|point| plan.work_of_trial(point));
            let first = (plan.len()..plan.units()).map(|index| plan.work_of_artefact(index));
            arms.chain(first).collect()
        });
        let pace = |index: usize, live: &Live| Pace {
            arm: plan.point(index),
            part: live.trial.part,
            from: live.trial.from,
            seconds: live.trial.seconds,
        };
        let paces: Vec<_> = live
            .iter()
            .map(|(index, live)| pace(*index, live))
            .collect();
        let finished =
            (0..self.ids.len()).filter_map(|index| Some((plan.point(index), self.took(index)?)));
        let forecast = Forecast::new(work, finished, &paces);
        let mut left = Work::default();
        for (index, known) in known.iter().enumerate() {
            let expected = match live.get(&index) {
                _ if known.committed.is_some() => continue,
                Some(live) => forecast.rest(pace(index, live))?,
                None if known.failures >= ATTEMPTS => continue,
                None => forecast.whole(plan.point(index))?,
            };
            let pile = match (plan.artefact(index), live.get(&index)) {
                (Some(_), _) => &mut left.first,
                (None, Some(_)) => &mut left.running,
                (None, None) => &mut left.waiting,
            };
            pile.push(expected);
        }
        Some(left)
    }

    /// The arms to show, with their curves.
    fn board(&mut self, live: &BTreeMap<usize, Live>, room: usize) -> Board {
        if room == 0 {
            return Board::default();
        }
        let plan = &self.target.plan;
        let seeds = self.target.sweep.seeds.len();
        let mut arms: Vec<_> = (0..plan.points())
            .map(|point| Arm::new(point, plan.is_baseline(point), seeds))
            .collect();
        for (index, id) in self.ids[..plan.len()].iter().enumerate() {
            let arm = &mut arms[plan.point(index)];
            if let Some(found) = self.outcomes.committed(id) {
                arm.done += 1;
                let completed = found.outcome == Outcome::Completed;
                found
                    .value
                    .filter(|_| completed)
                    .into_iter()
                    .for_each(|value| arm.learn(value));
            } else if let Some(live) = live.get(&index) {
                arm.training.push((live.trial.epoch, live.trial.epochs));
            }
        }
        let chosen = arms::choose(&arms, self.expect, room);
        let begun = arms.iter().filter(|arm| arm.has_begun()).count();
        // Seed by seed, so that every arm has a curve soon.
        let wanted = (0..seeds)
            .flat_map(|seed| chosen.iter().map(move |point| point * seeds + seed))
            .map(|index| (index, self.ids[index].as_str()))
            .filter(|(_, id)| self.outcomes.of(id).is_some());
        let folder = &self.target.folder;
        self.curves
            .read(&self.outcomes, folder, &self.metric, wanted, CURVES_A_LOOK);
        let curve = |index: usize| {
            let live = live.get(&index).map(|live| &live.trial.curves);
            self.curves.of(index).or(live).cloned()
        };
        let show = |point: &usize| Shown {
            label: self.target.arm(*point, |path| path),
            short: self
                .target
                .arm(*point, |path| path.rsplit('.').next().unwrap_or(path)),
            arm: arms[*point].clone(),
            curves: (point * seeds..(point + 1) * seeds)
                .filter_map(curve)
                .collect(),
        };
        Board {
            metric: self.metric.clone(),
            more: begun - chosen.len(),
            arms: chosen.iter().map(show).collect(),
        }
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

/// Who there is to do what is left.
fn hands(runners: &[Runner], slurm: &[JobState]) -> Hands {
    let queued = slurm.iter().filter(|job| job.state == "PENDING").count();
    let living = |state: &'static State| {
        let living = runners
            .iter()
            .filter(|runner| runner.presence == Presence::Alive);
        living.filter(move |runner| runner.status.now.state == *state)
    };
    let unheard = |runner: &Runner| matches!(runner.presence, Presence::Silent(seconds) if seconds < LEASE.as_secs());
    let count = living(&State::Running).fold(0_usize, |sum, runner| {
        sum.saturating_add(runner.status.about.workers)
    });
    if count > 0 {
        let until = |runner: &Runner| {
            let id = runner.status.about.slurm_job_id.as_ref()?;
            let job = slurm.iter().find(|job| job.id == *id)?;
            walltime::parse(&job.left)
        };
        let until: Option<Vec<Duration>> = living(&State::Running).map(until).collect();
        Hands::Workers {
            count,
            until: until.and_then(|all| all.into_iter().max()),
            queued,
        }
    } else if living(&State::Stopping).next().is_some() {
        Hands::Stopping
    } else if runners.iter().any(unheard) {
        Hands::Unheard
    } else if queued > 0 {
        Hands::Queued(queued)
    } else {
        Hands::Nobody
    }
}
