//! What can only be judged when points are resolved: values that do not fit together or the images, axes that
//! nothing uses, a baseline that is not there.

use super::space::{Origin, Space, shown};
use super::supply;
use super::{Device, artefact, evaluation};
use crate::config::{
    Conflict, DataFacts, Field, Precision, SSIM_WINDOW, Space as DiffusionSpace, TaskKind,
    TrialConfig,
};
use crate::diffusion;
use crate::sweep::{Diagnostic, Place, Sweep};

/// Most conflicts worth collecting.
const ENOUGH: usize = 50;

/// Judges points one by one.
pub(super) struct Checks {
    found: Vec<Diagnostic>,
    /// Axis fields that no point has used so far, with their places.
    idle_axes: Vec<(&'static Field, Place)>,
    /// Fields set in `base` that no point has used so far.
    idle_base: Vec<(&'static Field, Place)>,
    points: u64,
    device: Device,
}

impl Checks {
    pub(super) fn new(space: &Space, device: Device) -> Self {
        let axes = space.sweep.axes.iter().chain(&space.sweep.evaluate);
        let of_axes = axes.flat_map(|axis| axis.fields.iter().map(|field| (*field, axis.place)));
        let of_base = space
            .sweep
            .base_set
            .iter()
            .map(|set| (set.field, set.place));
        Self {
            found: Vec::new(),
            idle_axes: of_axes.collect(),
            idle_base: of_base.collect(),
            points: 0,
            device,
        }
    }

    /// Judges one point that is not excluded.
    pub(super) fn point(
        &mut self,
        space: &Space,
        origin: Origin,
        config: &TrialConfig,
        facts: &DataFacts,
    ) {
        self.points += 1;
        self.idle_axes.retain(|(field, _)| !(field.active)(config));
        self.idle_base.retain(|(field, _)| !(field.active)(config));
        let mut conflicts = config.conflicts(facts.image);
        conflicts.extend(diffusion::conflicts(config));
        for (used, settings) in evaluation::settings(&space.sweep.evaluate, config) {
            self.idle_axes.retain(|(field, _)| {
                !settings
                    .iter()
                    .any(|(path, value)| path == field.path && !value.is_null())
            });
            conflicts.extend(used.conflicts(facts.image));
            conflicts.extend(diffusion::conflicts(&used));
            conflicts.extend(supply::shortages(&used, facts));
        }
        conflicts.extend(supply::shortages(config, facts));
        conflicts.extend(supply::without_classes(config, facts));
        conflicts.extend(for_gpus(self.device, config));
        // What can be trained at all does not depend on the device.
        let first = artefact::needed_for_all(Device::Cpu, config, &space.sweep.evaluate, facts);
        for first in first {
            conflicts.extend(supply::before(&first, facts));
        }
        for conflict in conflicts {
            self.blame(space, origin, conflict);
        }
        let place = space.sweep.baseline.as_ref().map(|named| named.metric);
        if let (Some((problem, expected)), Some(place)) =
            (unmeasurable(&space.sweep, config, facts), place)
        {
            self.add(Diagnostic::new(place, "compare.metric", problem, expected));
        }
    }

    /// Keeps what was not found before.
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        let known = |d: &Diagnostic| {
            (d.place, &d.path, &d.problem)
                == (diagnostic.place, &diagnostic.path, &diagnostic.problem)
        };
        if self.found.len() < ENOUGH && !self.found.iter().any(known) {
            self.found.push(diagnostic);
        }
    }

    /// Whether the point lacks paths of its images, so that nothing more can be known of it.
    pub(super) fn paths(&mut self, space: &Space, origin: Origin, config: &TrialConfig) -> bool {
        let missing = config.missing_paths();
        let lacks = !missing.is_empty();
        self.points += u64::from(lacks);
        for conflict in missing {
            self.blame(space, origin, conflict);
        }
        lacks
    }

    fn blame(&mut self, space: &Space, origin: Origin, conflict: Conflict) {
        if self.found.len() >= ENOUGH {
            return;
        }
        let values = space.values(origin);
        let base = space.sweep.base_set.iter();
        let set = values
            .iter()
            .copied()
            .chain(base)
            .chain(
                space
                    .sweep
                    .evaluate
                    .iter()
                    .flat_map(|axis| axis.levels.iter().flatten()),
            )
            .find(|value| value.field.path == conflict.path);
        let place = match set {
            Some(value) => value.place,
            // A default does not fit: the point's own values made it so.
            None => values.first().map_or(Place::START, |value| value.place),
        };
        let expected = format!(
            "values that fit together (found at: {})",
            space.describe(origin)
        );
        self.add(Diagnostic::new(
            place,
            conflict.path,
            conflict.problem,
            expected,
        ));
    }

    /// Whether nothing was found so far.
    pub(super) fn are_met(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything that is wrong.
    pub(super) fn finish(&mut self, sweep: &Sweep) -> Vec<Diagnostic> {
        let mut found = std::mem::take(&mut self.found);
        if self.points == 0 {
            let place = sweep
                .exclude
                .first()
                .map_or(Place::START, |rule| rule.place);
            found.push(Diagnostic::new(
                place,
                "exclude",
                "every point is excluded",
                "at least one point",
            ));
            return found;
        }
        for (field, place) in &self.idle_axes {
            let problem =
                "no point uses this axis: the field has no effect beside the other values";
            let expected = "an axis that some point uses, or no such axis";
            found.push(Diagnostic::new(*place, field.path, problem, expected));
        }
        found
    }

    /// Fields set in `base` that no point uses, with the line.
    pub(super) fn unused_base(&self) -> Vec<(&'static str, usize)> {
        self.idle_base
            .iter()
            .map(|(field, place)| (field.path, place.line))
            .collect()
    }
}

/// Why the metric that is compared has no value at this point, and what would have one.
fn unmeasurable(
    sweep: &Sweep,
    config: &TrialConfig,
    facts: &DataFacts,
) -> Option<(String, &'static str)> {
    let metric = &sweep.compare.as_ref()?.metric;
    if !config.task.produces(metric) {
        let problem = format!("the task {} has no metric {metric}", config.task.name());
        return Some((problem, "a metric of every task of the sweep"));
    }
    let off = match metric.as_str() {
        "test.bits" if config.diffusion.space == DiffusionSpace::Latent => {
            Some("diffusion.space: pixel")
        }
        "test.bits" if config.diffusion.bits_images == 0 => Some("diffusion.bits_images above 0"),
        "test.frechet" | "test.frechet_floor" if config.generate.images == 0 => {
            Some("generate.images above 0")
        }
        _ => None,
    };
    if let Some(expected) = off.filter(|_| config.task == TaskKind::Diffuse) {
        return Some((format!("{metric} is not measured"), expected));
    }
    let [height, width] = facts.image;
    let small = height.min(width) < SSIM_WINDOW;
    (small && metric.ends_with(".ssim")).then(|| {
        let problem = format!(
            "{metric} needs {SSIM_WINDOW}×{SSIM_WINDOW} pixels, the images have {height}×{width}"
        );
        (problem, "another metric, or larger images")
    })
}

/// What only GPUs can.
fn for_gpus(device: Device, config: &TrialConfig) -> Option<Conflict> {
    let precision = config.train.precision;
    if device == Device::Cuda || precision == Precision::F32 {
        return None;
    }
    let name = precision.name();
    let problem = format!("{name} is for GPUs (--device cuda); processors multiply f32 alone");
    Some(Conflict::new("train.precision", problem))
}

/// The error when no arm is the baseline: it names the values that there are.
pub(super) fn missing_baseline(sweep: &Sweep) -> Option<Diagnostic> {
    let baseline = sweep.baseline.as_ref()?;
    let mut available = Vec::new();
    for condition in &baseline.conditions {
        let path = condition.field.path;
        let on_axes = sweep
            .axes
            .iter()
            .flat_map(|axis| axis.levels.iter().flatten());
        let extra = sweep.include.iter().flat_map(|point| &point.values);
        let mut texts: Vec<String> = Vec::new();
        for value in on_axes
            .chain(extra)
            .filter(|value| value.field.path == path)
        {
            let text = shown(&value.text);
            if !texts.contains(&text) && texts.len() < 12 {
                texts.push(text);
            }
        }
        if texts.is_empty() {
            texts.push(shown(&condition.field.value(&sweep.base).to_string()));
        }
        available.push(format!("{path} among {}", texts.join(", ")));
    }
    let problem = match sweep.sample {
        Some(_) => {
            "no drawn point has these values (write the baseline under include to be sure of it)"
        }
        None => "no point has these values",
    };
    let expected = available.join("; ");
    Some(Diagnostic::new(
        baseline.place,
        "compare.baseline",
        problem,
        expected,
    ))
}
