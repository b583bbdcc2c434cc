//! Points times seeds to trials with ids.

mod artefact;
mod build;
mod check;
mod control;
mod device;
mod estimate;
mod evaluation;
mod id;
mod space;
mod summary;
mod supply;
mod trial;
mod warn;
mod why;

pub use artefact::{Artefact, Role};
pub use control::{CONTROL, NO_CONTROL, percent};
pub use device::Device;
pub use estimate::{Estimate, GFLOPS_PER_WORKER, work, work_of_use};
pub use evaluation::Evaluation;
pub use id::TrialId;
pub use space::Origin;
pub use summary::{ArmSummary, ControlSummary, Summary, UncontrolledSummary};
pub use trial::Trial;

use crate::config::{DataConfig, DataFacts, TrialConfig, Weights};
use crate::error::Result;
use crate::sweep::{Control as Kind, Sweep};
use serde_json::Value;
use space::Space;
use std::collections::BTreeSet;

/// All trials of a sweep, in order: points in grid order (the last axis varies fastest), then those of `include`, then their
/// controls; within a point the seeds in order. It keeps the ids and makes everything else when asked.
pub struct Plan {
    device: Device,
    space: Space,
    paths: Vec<String>,
    arms: Vec<Arm>,
    /// Those of all trials, then those of the artefacts.
    ids: Vec<TrialId>,
    artefacts: Vec<Artefact>,
    data: Vec<DataFacts>,
    baseline: Vec<u32>,
    collapsed: Vec<Collapsed>,
    /// One entry a rule.
    excluded: Vec<Excluded>,
    uncontrolled: Vec<Uncontrolled>,
    unused: Vec<(&'static str, usize)>,
}

/// A point that has trials.
struct Arm {
    origin: Origin,
    /// Position in `Plan::data`.
    data: u32,
}

/// A point that is the same trial as an earlier one.
struct Collapsed {
    origin: Origin,
    into: usize,
}

/// An arm without a control that was asked for.
struct Uncontrolled {
    kind: Kind,
    arm: usize,
    reason: String,
}

/// What a rule of `exclude` drops.
#[derive(Clone, Default)]
struct Excluded {
    points: usize,
    first: Vec<Origin>,
}

impl Plan {
    /// Trials that are planned unless the user allows more.
    pub const MAX_TRIALS: usize = 100_000;

    /// Makes the plan for processors. `facts` is asked once for every distinct data config.
    ///
    /// # Errors
    /// More than `max_trials` (or ten million) trials, counted before points are excluded or collapse, values that do not fit
    /// together, an axis that no point uses, a baseline that is not among the points, or what `facts` says.
    pub fn build(
        sweep: &Sweep,
        max_trials: usize,
        facts: &dyn Fn(&DataConfig) -> Result<DataFacts>,
    ) -> Result<Self> {
        Self::build_on(Device::Cpu, sweep, max_trials, facts)
    }

    /// As [`build`](Self::build), for any class of device.
    ///
    /// # Errors
    /// As there.
    pub fn build_on(
        device: Device,
        sweep: &Sweep,
        max_trials: usize,
        facts: &dyn Fn(&DataConfig) -> Result<DataFacts>,
    ) -> Result<Self> {
        build::build(device, sweep, max_trials, facts)
    }

    fn empty(device: Device, space: Space) -> Self {
        Self {
            device,
            paths: space
                .fields
                .iter()
                .map(|field| field.path.to_owned())
                .chain((!space.sweep.controls.is_empty()).then(|| CONTROL.to_owned()))
                .collect(),
            excluded: vec![Excluded::default(); space.sweep.exclude.len()],
            space,
            arms: Vec::new(),
            ids: Vec::new(),
            artefacts: Vec::new(),
            data: Vec::new(),
            baseline: Vec::new(),
            collapsed: Vec::new(),
            uncontrolled: Vec::new(),
            unused: Vec::new(),
        }
    }

    /// What its trials are trained on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        self.ids.len() - self.artefacts.len()
    }

    /// Number of units of work: the trials, and behind them the networks that they need trained first.
    pub fn units(&self) -> usize {
        self.ids.len()
    }

    /// The networks that trials need trained first.
    pub fn artefacts(&self) -> &[Artefact] {
        &self.artefacts
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Paths of the fields that differ between points: those of the axes in order, then those that only
    /// `include` sets; last [`CONTROL`], where the sweep asks for controls.
    pub fn axes(&self) -> &[String] {
        &self.paths
    }

    /// Number of points (arms) that have trials.
    pub fn points(&self) -> usize {
        self.arms.len()
    }

    /// Points that are the same trials as an earlier one.
    pub fn collapsed(&self) -> usize {
        self.collapsed.len()
    }

    /// Points that `exclude` drops.
    pub fn excluded(&self) -> usize {
        self.excluded.iter().map(|rule| rule.points).sum()
    }

    /// Identity of unit `index`, which is below [`units`](Self::units).
    pub fn id(&self, index: usize) -> TrialId {
        self.ids[index]
    }

    /// The arm of unit `index`; artefacts have numbers behind those of the arms.
    pub fn point(&self, index: usize) -> usize {
        match self.artefact(index) {
            Some(_) => self.points() + index - self.len(),
            None => index / self.space.sweep.seeds.len(),
        }
    }

    /// The artefact that is unit `index`, if it is one.
    pub fn artefact(&self, index: usize) -> Option<&Artefact> {
        self.artefacts.get(index.checked_sub(self.len())?)
    }

    /// Evaluations of trial `index`, beyond what its own config says; none of an artefact.
    pub fn evaluations(&self, index: usize) -> Vec<Evaluation> {
        if self.space.sweep.evaluate.is_empty() || self.artefact(index).is_some() {
            return Vec::new();
        }
        let config = self.config(self.point(index));
        let all = evaluation::settings(&self.space.sweep.evaluate, &config);
        let made = |(config, settings): (TrialConfig, Vec<(String, Value)>)| Evaluation {
            id: evaluation::id(self.ids[index], &config),
            settings,
            config,
        };
        all.into_iter().map(made).collect()
    }

    /// Whether unit `index`, whose id this is, and all its evaluations are among what is committed.
    pub fn is_done(&self, committed: &BTreeSet<String>, index: usize, id: &str) -> bool {
        committed.contains(id)
            && self
                .evaluations(index)
                .iter()
                .all(|made| committed.contains(&made.id.to_string()))
    }

    /// Unit `index` (below [`units`](Self::units)), its config resolved on demand.
    pub fn trial(&self, index: usize) -> Trial {
        if let Some(artefact) = self.artefact(index) {
            return Trial {
                id: artefact.id,
                device: self.device,
                index,
                point: self.point(index),
                seed: artefact.seed,
                axes: Vec::new(),
                config: artefact.config.clone(),
                data_digest: artefact.data_digest.clone(),
                image: artefact.image,
                needs: Vec::new(),
                evaluations: Vec::new(),
            };
        }
        let seeds = &self.space.sweep.seeds;
        let point = self.point(index);
        let facts = self.facts(point);
        let config = self.config(point);
        Trial {
            id: self.ids[index],
            device: self.device,
            index,
            point,
            seed: seeds[index % seeds.len()],
            axes: self.axis_values(point),
            needs: artefact::needed_for_all(
                self.device,
                &config,
                &self.space.sweep.evaluate,
                facts,
            )
            .into_iter()
            .map(|artefact| (artefact.role, artefact.id))
            .collect(),
            evaluations: self.evaluations(index),
            config,
            data_digest: facts.digest.clone(),
            image: facts.image,
        }
    }

    /// The config of arm `point`, `dataset: auto` resolved.
    pub fn config(&self, point: usize) -> TrialConfig {
        let mut config = self.space.config(self.arms[point].origin);
        config.data.dataset = self.facts(point).dataset;
        if !self.space.sweep.evaluate.is_empty() {
            // They may be wanted again, for other settings.
            config.train.weights = Weights::Keep;
        }
        config
    }

    /// What is known of the data of arm `point`.
    pub fn facts(&self, point: usize) -> &DataFacts {
        &self.data[self.arms[point].data as usize]
    }

    /// Whether arm `point` is a baseline of the comparison.
    pub fn is_baseline(&self, point: usize) -> bool {
        self.baseline.binary_search(&(point as u32)).is_ok()
    }

    /// The control that arm `point` is, if it is one.
    fn control(&self, point: usize) -> Option<&control::Control> {
        match self.arms[point].origin {
            Origin::Control(index) => Some(&self.space.controls[index]),
            Origin::Grid(_) | Origin::Include(_) => None,
        }
    }

    /// The arms that are controls.
    pub fn controls(&self) -> impl Iterator<Item = usize> {
        (0..self.points()).filter(|point| self.control(*point).is_some())
    }

    /// Values of [`axes`](Self::axes) at arm `point`: null where the field does not matter; of a control those of the arm
    /// that it controls.
    fn axis_values(&self, point: usize) -> Vec<Value> {
        let control = self.control(point);
        let config = &self.config(control.map_or(point, |control| control.arm));
        let kind = control.map_or(NO_CONTROL, |control| control.kind.name());
        let kind = (!self.space.sweep.controls.is_empty()).then(|| kind.into());
        let value = |field: &&'static crate::config::Field| match (field.active)(config) {
            true => field.value(config),
            false => Value::Null,
        };
        self.space.fields.iter().map(value).chain(kind).collect()
    }
}

#[cfg(test)]
mod tests;
