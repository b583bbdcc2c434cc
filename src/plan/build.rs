//! Points to arms: counts first, then every point is resolved, checked, hashed and, if new, kept.

mod controls;

use super::artefact;
use super::check::Checks;
use super::id::{Data, Digest};
use super::space::{Matcher, Origin, Space};
use super::{Arm, Collapsed, Device, Plan};
use crate::config::{DataConfig, DataFacts, TrialConfig, Weights};
use crate::error::{Error, Result};
use crate::sweep::{Diagnostic, Place, Sweep};
use std::collections::HashMap;

/// Most random draws for each point that is wanted: a bound for rules that exclude nearly everything.
const DRAWS_PER_POINT: u64 = 100;

/// Points of a rule that are remembered one by one.
const FIRST: usize = 3;

/// More trials than any machine's memory should hold ids of: refused whatever the user allows.
const MOST_TRIALS: usize = 10_000_000;

pub(super) fn build(
    device: Device,
    sweep: &Sweep,
    max_trials: usize,
    facts: &dyn Fn(&DataConfig) -> Result<DataFacts>,
) -> Result<Plan> {
    let max_trials = max_trials.min(MOST_TRIALS);
    let space = Space::new(sweep)
        .ok_or_else(|| too_many(sweep, "2^64 or more points".into(), max_trials))?;
    let expected = count(&space, max_trials)?;
    let mut builder = Builder {
        rules: sweep
            .exclude
            .iter()
            .map(|rule| Matcher::new(sweep, &rule.values))
            .collect(),
        baseline: sweep
            .baseline
            .as_ref()
            .map(|named| Matcher::new(sweep, &named.conditions)),
        checks: Checks::new(&space, device),
        arm_of: HashMap::with_capacity(expected),
        data: DataMemo {
            device,
            facts,
            known: Vec::new(),
            by_config: HashMap::new(),
            last: None,
        },
        digits: Vec::new(),
        plan: Plan::empty(device, space),
    };
    builder.grid_points()?;
    for index in 0..sweep.include.len() {
        let origin = Origin::Include(index);
        let config = builder.plan.space.config(origin);
        let is_baseline = builder
            .baseline
            .as_ref()
            .is_some_and(|m| m.meets_config(&config));
        builder.point(origin, is_baseline)?;
    }
    builder.settle_baseline();
    builder.controls(max_trials)?;
    builder.finish()
}

/// How many points at most will be kept.
///
/// # Errors
/// When that makes more trials than allowed. Excluded and collapsing points count: they are not known yet.
fn count(space: &Space, max_trials: usize) -> Result<usize> {
    let sweep = &space.sweep;
    let drawn = sweep.sample.map_or(u64::MAX, |sample| sample.random as u64);
    let points = space
        .grid
        .size()
        .min(drawn)
        .saturating_add(sweep.include.len() as u64);
    let seeds = sweep.seeds.len() as u64;
    match points.checked_mul(seeds) {
        Some(trials) if trials <= max_trials as u64 => Ok(points as usize),
        trials => {
            let trials = trials.map_or("2^64 or more".into(), |n| n.to_string());
            Err(too_many(
                sweep,
                format!("{trials} trials (points × seeds: {points} × {seeds})"),
                max_trials,
            ))
        }
    }
}

fn too_many(sweep: &Sweep, asked: String, max_trials: usize) -> Error {
    let place = sweep.axes.first().map_or(Place::START, |axis| axis.place);
    let expected = format!(
        "at most {max_trials} trials: shorten the axes, draw some points with sample: {{ random: n }}, or raise --max-trials (10,000,000 at most)"
    );
    sweep.error(vec![Diagnostic::new(
        place,
        "grid",
        format!("the sweep asks for {asked}"),
        expected,
    )])
}

struct Builder<'a> {
    rules: Vec<Matcher>,
    baseline: Option<Matcher>,
    checks: Checks,
    arm_of: HashMap<super::TrialId, u32>,
    data: DataMemo<'a>,
    digits: Vec<usize>,
    plan: Plan,
}

impl Builder<'_> {
    fn grid_points(&mut self) -> Result<()> {
        let grid = self.plan.space.grid.clone();
        let Some(sample) = self.plan.space.sweep.sample else {
            return (0..grid.size()).try_for_each(|number| self.grid_point(number));
        };
        let most = (sample.random as u64).saturating_mul(DRAWS_PER_POINT);
        let mut drawn: Vec<u64> = grid
            .draw(sample.seed)
            .take(usize::try_from(most).unwrap_or(usize::MAX))
            .filter(|number| {
                grid.digits(*number, &mut self.digits);
                !self.rules.iter().any(|rule| rule.meets(&self.digits))
            })
            .take(sample.random)
            .collect();
        drawn.sort_unstable();
        drawn
            .into_iter()
            .try_for_each(|number| self.grid_point(number))
    }

    fn grid_point(&mut self, number: u64) -> Result<()> {
        let origin = Origin::Grid(number);
        self.plan.space.grid.digits(number, &mut self.digits);
        if let Some(rule) = self.rules.iter().position(|rule| rule.meets(&self.digits)) {
            let excluded = &mut self.plan.excluded[rule];
            excluded.points += 1;
            if excluded.first.len() < FIRST {
                excluded.first.push(origin);
            }
            return Ok(());
        }
        let is_baseline = self
            .baseline
            .as_ref()
            .is_some_and(|named| named.meets(&self.digits));
        self.point(origin, is_baseline)
    }

    fn point(&mut self, origin: Origin, is_baseline: bool) -> Result<()> {
        let mut config = self.plan.space.config(origin);
        if self.checks.paths(&self.plan.space, origin, &config) {
            return Ok(());
        }
        if !self.plan.space.sweep.evaluate.is_empty() {
            config.train.weights = Weights::Keep;
        }
        let data = self.data.find(&config)?;
        let Data { facts, digest } = &self.data.known[data];
        config.data.dataset = facts.dataset;
        self.checks.point(&self.plan.space, origin, &config, facts);
        let evaluate = &self.plan.space.sweep.evaluate;
        let needed = artefact::needed_for_all(self.plan.device, &config, evaluate, facts);
        let digest = digest.with_config(&config);
        let seeds = &self.plan.space.sweep.seeds;
        let Some(first) = seeds.first() else {
            return Ok(());
        };
        let next = self.plan.arms.len() as u32;
        let arm = *self.arm_of.entry(digest.id(*first)).or_insert(next);
        if arm == next {
            self.plan
                .ids
                .extend(seeds.iter().map(|seed| digest.id(*seed)));
            for artefact in needed {
                if !self
                    .plan
                    .artefacts
                    .iter()
                    .any(|known| known.id == artefact.id)
                {
                    self.plan.artefacts.push(artefact);
                }
            }
            self.plan.arms.push(Arm {
                origin,
                data: data as u32,
            });
        } else {
            self.plan.collapsed.push(Collapsed {
                origin,
                into: arm as usize,
            });
        }
        if is_baseline && self.plan.baseline.last() != Some(&arm) {
            self.plan.baseline.push(arm);
        }
        Ok(())
    }

    /// Brings the baselines into order: points that collapsed may have named an earlier arm.
    fn settle_baseline(&mut self) {
        self.plan.baseline.sort_unstable();
        self.plan.baseline.dedup();
    }

    fn finish(mut self) -> Result<Plan> {
        let sweep = &self.plan.space.sweep;
        let mut found = self.checks.finish(sweep);
        if found.is_empty() && self.plan.baseline.is_empty() {
            found.extend(super::check::missing_baseline(sweep));
        }
        if !found.is_empty() {
            return Err(sweep.error(found));
        }
        let artefacts = self.plan.artefacts.iter().map(|artefact| artefact.id);
        self.plan.ids.extend(artefacts);
        self.plan.unused = self.checks.unused_base();
        self.plan.data = self.data.known.into_iter().map(|data| data.facts).collect();
        Ok(self.plan)
    }
}

/// Asks for the facts of every distinct data config once.
struct DataMemo<'a> {
    device: Device,
    facts: &'a dyn Fn(&DataConfig) -> Result<DataFacts>,
    known: Vec<Data>,
    by_config: HashMap<String, usize>,
    /// The config asked for last: nearly always the next one too.
    last: Option<(DataConfig, usize)>,
}

impl DataMemo<'_> {
    fn find(&mut self, trial: &TrialConfig) -> Result<usize> {
        if !trial.task.reads_images() {
            return Ok(self.without_images(trial));
        }
        let config = &trial.data;
        if let Some((last, index)) = &self.last
            && last == config
        {
            return Ok(*index);
        }
        let key = format!("{config:?}");
        let index = match self.by_config.get(&key) {
            Some(index) => *index,
            None => {
                let facts = (self.facts)(config)?;
                let digest = Digest::of_data(self.device, &facts.digest);
                self.known.push(Data { facts, digest });
                self.by_config.insert(key, self.known.len() - 1);
                self.known.len() - 1
            }
        };
        self.last = Some((config.clone(), index));
        Ok(index)
    }

    /// What stands in the place of images that are not read.
    fn without_images(&mut self, trial: &TrialConfig) -> usize {
        let facts = DataFacts::without_images(trial);
        let known = self.known.iter().position(|data| data.facts == facts);
        known.unwrap_or_else(|| {
            let digest = Digest::of_data(self.device, &facts.digest);
            self.known.push(Data { facts, digest });
            self.known.len() - 1
        })
    }
}
