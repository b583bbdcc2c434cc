//! One sweep as a run sees it: what is left to do, what it costs, and the file for people.

use crate::cli::count;
use crate::config::TrialConfig;
use crate::error::{Error, Result};
use crate::fanout::attempts::{self, Counted};
use crate::fanout::coordinator::Work;
use crate::fanout::lock::Lock;
use crate::fanout::progress::Scope;
use crate::fanout::queue::{ATTEMPTS, Entry, Queue, Stage};
use crate::fanout::supervisor::Trials;
use crate::fanout::trainer;
use crate::model;
use crate::outcome::Outcome;
use crate::plan::{CONTROL, NO_CONTROL, Plan, Trial, work};
use crate::record::{self, CompareRecord, Folder, PlannedEvaluations, PlannedTrial, SweepHeader};
use crate::sweep::{Compare, Expect, Sweep};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

/// A planned sweep with its folder.
pub struct Sweeping<'a> {
    /// The results folder.
    pub folder: &'a Folder,
    plan: &'a Plan,
    header: SweepHeader,
    seeds: usize,
    done: BTreeSet<String>,
}

impl<'a> Sweeping<'a> {
    /// Finds out what is done already, and clears away checkpoints that a killed run left of it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn new(sweep: &'a Sweep, plan: &'a Plan, folder: &'a Folder) -> Result<Self> {
        let done = record::done(folder)?;
        let checkpoints = folder.all_checkpoints();
        for entry in fs::read_dir(&checkpoints).map_err(Error::io("list", &checkpoints))? {
            let entry = entry.map_err(Error::io("list", &checkpoints))?;
            if entry
                .file_name()
                .to_str()
                .is_some_and(|id| done.contains(id))
            {
                trainer::forget(&entry.path())?;
            }
        }
        Ok(Self {
            folder,
            plan,
            header: header(sweep, plan),
            seeds: sweep.seeds.len(),
            done,
        })
    }

    /// What is left to do, to be claimed.
    ///
    /// # Errors
    /// When the failed attempts cannot be read.
    pub fn queue(&self) -> Result<Queue> {
        let counted = Counted::read(self.folder)?;
        let mut costs: BTreeMap<usize, f64> = BTreeMap::new();
        Ok(Queue::unclaimed(self.left().map(|(index, id)| {
            let point = self.plan.point(index);
            let artefact = self.plan.artefact(index);
            Entry {
                index,
                stage: match artefact {
                    Some(_) => Stage::Artefact,
                    None => Stage::Trial,
                },
                point,
                round: match artefact {
                    Some(_) => 0,
                    None => index % self.seeds,
                },
                cost: match artefact {
                    Some(_) => cost(self.plan, index),
                    None => *costs.entry(point).or_insert_with(|| cost(self.plan, index)),
                },
                failures: counted.of(&id),
            }
        })))
    }

    /// Takes back the quarantine of this sweep's trials.
    ///
    /// # Errors
    /// When the failed attempts cannot be read or forgiven.
    pub fn forgive(&self) -> Result<()> {
        let counted = Counted::read(self.folder)?;
        for (_, id) in self.left() {
            if counted.of(&id) >= ATTEMPTS {
                for number in counted.numbers(&id) {
                    attempts::forgive(self.folder, &id, number)?;
                }
            }
        }
        Ok(())
    }

    /// What the progress display must know.
    pub fn scope(&self) -> Scope {
        let compared = self.header.compare.as_ref().map(|c| c.metric.clone());
        let loss = || self.plan.config(0).task.metrics().swap_remove(0);
        Scope {
            axes: self.header.axes.clone(),
            trials: self.plan.units(),
            done: self.done_units(),
            metric: compared.unwrap_or_else(loss),
        }
    }

    /// One line that says what will be done, for the start of a run.
    pub fn announcement(&self, queue: &Queue, workers: usize) -> String {
        let (trials, left) = (self.plan.len(), queue.left());
        let first = match self.plan.artefacts().len() {
            0 => String::new(),
            1 => " and a network that they need trained first".into(),
            more => format!(" and {more} networks that they need trained first"),
        };
        let mut datasets: Vec<_> = (0..self.plan.points())
            .map(|point| self.plan.facts(point).dataset.name())
            .collect();
        datasets.sort_unstable();
        datasets.dedup();
        let others = match self.others() {
            0 => String::new(),
            n => format!(
                "\nnote: {n} results in the folder are not of this sweep's trials (another sweep file, numerics version or class of device); they stay there, unused"
            ),
        };
        format!(
            "{}: {trials} trials{first}, {} done, {left} to do, {}; images: {}{others}",
            self.header.name,
            self.done_units(),
            count(workers as u64, "worker"),
            datasets.join(", ")
        )
    }

    /// Number of results in the folder that this plan would not make.
    fn others(&self) -> usize {
        if self.done.is_empty() {
            return 0;
        }
        let ids = (0..self.plan.units()).flat_map(|index| {
            let uses = self.plan.evaluations(index);
            let ids = uses.iter().map(|made| made.id.to_string());
            ids.chain([self.plan.id(index).to_string()])
                .collect::<Vec<_>>()
        });
        let ours: BTreeSet<_> = ids.filter(|id| self.done.contains(id)).collect();
        self.done.len() - ours.len()
    }

    fn done_units(&self) -> usize {
        self.plan.units() - self.left().count()
    }

    fn left(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        let all = (0..self.plan.units()).map(|index| (index, self.plan.id(index).to_string()));
        all.filter(|(index, id)| !self.plan.is_done(&self.done, *index, id))
    }
}

impl Trials for Sweeping<'_> {
    fn trial(&self, index: usize) -> Trial {
        self.plan.trial(index)
    }

    fn points(&self) -> usize {
        let mut points: Vec<_> = self
            .left()
            .map(|(index, _)| self.plan.point(index))
            .collect();
        points.dedup();
        points.len()
    }

    fn cost(&self, index: usize) -> f64 {
        cost(self.plan, index)
    }
}

impl Work for Sweeping<'_> {
    fn refresh(&self, queue: &mut Queue) -> Result<()> {
        let done = record::done(self.folder)?;
        let counted = Counted::read(self.folder)?;
        for (index, id) in self.left() {
            queue.learn_of(index, self.plan.is_done(&done, index, &id), counted.of(&id));
        }
        Ok(())
    }

    fn snapshot(&self, queue: &Queue) -> Result<()> {
        // Another runner that merges right now shows the same.
        match Lock::take(self.folder, Duration::ZERO)? {
            Some(_lock) => self.merge(queue),
            None => Ok(()),
        }
    }
}

impl Sweeping<'_> {
    /// Builds `sweep.h5` anew.
    ///
    /// # Errors
    /// When the file system or HDF5 refuses, or a trial is damaged.
    pub fn merge(&self, queue: &Queue) -> Result<()> {
        let planned = (0..self.plan.len()).map(|index| {
            let trial = self.plan.trial(index);
            PlannedTrial {
                id: trial.id.to_string(),
                index,
                seed: trial.seed,
                axes: trial.axes.iter().map(ToString::to_string).collect(),
                otherwise: queue.outcome(index).unwrap_or(Outcome::Pending),
            }
        });
        let planned: Vec<_> = planned.collect();
        record::merge(self.folder, &self.header, &planned)
    }
}

/// Expected work of a unit of a plan.
pub fn cost(plan: &Plan, index: usize) -> f64 {
    let of = |config: &TrialConfig, image| work(model::cost_of(config, image), config);
    match plan.artefact(index) {
        Some(artefact) => of(&artefact.config, artefact.image),
        None => {
            let point = plan.point(index);
            of(&plan.config(point), plan.facts(point).image)
        }
    }
}

/// Every use of every trained network.
fn evaluations(plan: &Plan) -> PlannedEvaluations {
    let mut all = PlannedEvaluations {
        axes: plan.axes().to_vec(),
        planned: Vec::new(),
    };
    for index in 0..plan.len() {
        let trial = plan.trial(index);
        let Some(first) = trial.evaluations.first() else {
            break;
        };
        if index == 0 {
            let paths = first.settings.iter().map(|(path, _)| path.clone());
            all.axes.extend(paths);
        }
        for evaluation in &trial.evaluations {
            let settings = evaluation.settings.iter().map(|(_, value)| value);
            let values = trial.axes.iter().chain(settings);
            all.planned.push(PlannedTrial {
                id: evaluation.id.to_string(),
                index,
                seed: trial.seed,
                axes: values.map(ToString::to_string).collect(),
                otherwise: Outcome::Pending,
            });
        }
    }
    all
}

fn header(sweep: &Sweep, plan: &Plan) -> SweepHeader {
    SweepHeader {
        name: sweep.name.clone(),
        question: sweep.question.clone(),
        yaml: sweep.text.clone(),
        axes: plan.axes().to_vec(),
        compare: sweep
            .compare
            .as_ref()
            .map(|asked| compare(asked, plan.axes())),
        evaluations: evaluations(plan),
    }
}

/// What the report must know: the baseline's values, and that it is no control. Conditions on fields that are no axes are left
/// out: they hold at every point, because the plan refuses a baseline that does not exist.
fn compare(asked: &Compare, axes: &[String]) -> CompareRecord {
    let (expect, margin) = match asked.expect {
        None => ("", 0.0),
        Some(Expect::Lower) => ("lower", 0.0),
        Some(Expect::Higher) => ("higher", 0.0),
        Some(Expect::Same { margin }) => ("same", margin),
    };
    let no_control = (CONTROL.to_owned(), NO_CONTROL.into());
    let baseline = asked.baseline.iter().chain([&no_control]);
    CompareRecord {
        baseline: baseline
            .filter(|(path, _)| axes.contains(path))
            .map(|(path, value)| (path.clone(), value.to_string()))
            .collect(),
        metric: asked.metric.clone(),
        expect: expect.to_owned(),
        margin,
    }
}

#[cfg(test)]
mod tests;
