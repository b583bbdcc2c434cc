//! A plan as data: what `ablate plan --json` prints and what its text is made from.

use super::control::{CONTROL, Control, Measure, TOLERANCE, excess};
use super::{Estimate, Origin, Plan};
use crate::model::cost_of;
use crate::sweep::Assignment;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Version of the JSON structure: raised when a key changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Collapsed points that are listed one by one.
const LISTED: usize = 20;

/// Everything that `ablate plan` says. The keys of its JSON are these field names.
#[derive(Serialize)]
pub struct Summary<'a> {
    /// Version of this structure.
    pub format: u32,
    /// The sweep's name.
    pub name: &'a str,
    /// The sweep's question.
    pub question: &'a str,
    /// Number of trials.
    pub trials: usize,
    /// Number of points (arms) that have trials.
    pub points: usize,
    /// The seeds of every point.
    pub seeds: &'a [u64],
    /// Paths of the fields that differ between points.
    pub axes: &'a [String],
    /// Points dropped, by rule.
    pub excluded: Vec<ExcludedSummary>,
    /// Number of points that are the same trials as an earlier point.
    pub collapsed_points: usize,
    /// The first twenty of them.
    pub collapsed: Vec<CollapsedSummary>,
    /// How often an arm has no control of a kind that was asked for.
    pub uncontrolled_arms: usize,
    /// The first twenty of those.
    pub uncontrolled: Vec<UncontrolledSummary>,
    /// Comparisons with the baseline.
    pub comparisons: usize,
    /// Roughly how long it takes.
    pub estimate: Estimate,
    /// What the question behind the sweep probably does not want.
    pub warnings: Vec<String>,
    /// What the ids are for.
    pub device: &'static str,
    /// One entry a point, made while it is written.
    pub arms: Arms<'a>,
}

/// The points that one rule of `exclude` drops.
#[derive(Serialize)]
pub struct ExcludedSummary {
    /// The rule's line.
    pub line: usize,
    /// The rule.
    pub rule: Map<String, Value>,
    /// How many points.
    pub points: usize,
    /// The first three of them.
    pub first: Vec<Map<String, Value>>,
}

/// A point that is the same trial as an earlier one.
#[derive(Serialize)]
pub struct CollapsedSummary {
    /// The values that the point sets.
    pub point: Map<String, Value>,
    /// The arm it is the same as.
    pub into: usize,
    /// Why.
    pub reason: String,
}

/// An arm that has no control of some kind.
#[derive(Serialize)]
pub struct UncontrolledSummary {
    /// The kind.
    pub control: &'static str,
    /// The arm.
    pub arm: usize,
    /// Why.
    pub reason: String,
}

/// What an arm controls, and how.
#[derive(Serialize)]
pub struct ControlSummary {
    /// The arm that it controls.
    pub of: usize,
    /// What it has otherwise than that arm.
    pub set: Map<String, Value>,
    /// What is counted: `params` or `macs`.
    pub counted: &'static str,
    /// By which part it has more of them than that arm: 0.01 is 1 % more.
    pub excess: f64,
    /// Whether it should have matched that arm and is only the nearest that is possible.
    pub nearest: bool,
}

/// One arm.
#[derive(Serialize)]
pub struct ArmSummary {
    /// Its number; trials `arm * seeds` up to the next arm's are its.
    pub arm: usize,
    /// Its axis values; null where the field does not matter.
    pub axes: Map<String, Value>,
    /// Whether it is a baseline of the comparison.
    pub baseline: bool,
    /// What it controls, if it is a control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlSummary>,
    /// Number of parameters.
    pub params: u64,
    /// Multiply-accumulates of one forward pass of one image.
    pub macs: u64,
    /// Ids of its trials, in the order of the seeds.
    pub ids: Vec<String>,
}

/// The arms of a plan, not kept in memory.
pub struct Arms<'a>(&'a Plan);

impl Serialize for Arms<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.points()).map(|point| self.0.arm(point)))
    }
}

impl Plan {
    /// What there is to say about the plan, the time estimated for so many workers.
    pub fn summary(&self, workers: usize) -> Summary<'_> {
        let sweep = &self.space.sweep;
        Summary {
            format: FORMAT,
            name: &sweep.name,
            question: &sweep.question,
            trials: self.len(),
            points: self.points(),
            seeds: &sweep.seeds,
            axes: self.axes(),
            excluded: self.excluded_by_rule(),
            collapsed_points: self.collapsed(),
            collapsed: (0..self.collapsed().min(LISTED))
                .map(|index| self.collapse(index))
                .collect(),
            uncontrolled_arms: self.uncontrolled.len(),
            uncontrolled: self
                .uncontrolled
                .iter()
                .take(LISTED)
                .map(|lack| UncontrolledSummary {
                    control: lack.kind.name(),
                    arm: lack.arm,
                    reason: lack.reason.clone(),
                })
                .collect(),
            comparisons: self.comparisons(),
            estimate: self.estimate(workers),
            warnings: self.warnings(),
            device: self.device().name(),
            arms: Arms(self),
        }
    }

    /// Arm `point` (below [`points`](Self::points)), with its cost.
    pub fn arm(&self, point: usize) -> ArmSummary {
        let config = self.config(point);
        let cost = cost_of(&config, self.facts(point).image);
        let seeds = self.space.sweep.seeds.len();
        ArmSummary {
            arm: point,
            axes: self
                .axes()
                .iter()
                .cloned()
                .zip(self.axis_values(point))
                .collect(),
            baseline: self.is_baseline(point),
            control: self
                .control(point)
                .map(|control| self.controlled(point, control)),
            params: cost.params,
            macs: cost.macs,
            ids: self.ids[point * seeds..(point + 1) * seeds]
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }

    /// Arm `point` beside the arm that it controls.
    fn controlled(&self, point: usize, control: &Control) -> ControlSummary {
        let matches = Measure::of(control.kind);
        let measure = matches.unwrap_or(Measure::Parameters);
        let count = |arm| measure.count(&self.config(arm), self.facts(arm).image);
        let excess = excess(count(point), count(control.arm));
        ControlSummary {
            of: control.arm,
            set: named(&control.set),
            counted: measure.key(),
            excess,
            nearest: matches.is_some() && excess.abs() > TOLERANCE,
        }
    }

    fn excluded_by_rule(&self) -> Vec<ExcludedSummary> {
        let rules = self.space.sweep.exclude.iter().zip(&self.excluded);
        rules
            .map(|(rule, excluded)| ExcludedSummary {
                line: rule.place.line,
                rule: named(&rule.values),
                points: excluded.points,
                first: excluded
                    .first
                    .iter()
                    .map(|origin| named(self.space.values(*origin)))
                    .collect(),
            })
            .collect()
    }

    /// The values that a point sets; of a control those of the arm that it controls, and its kind.
    fn written(&self, origin: Origin) -> Map<String, Value> {
        let Origin::Control(index) = origin else {
            return named(self.space.values(origin));
        };
        let Control { kind, of, .. } = &self.space.controls[index];
        let mut values = named(self.space.values(*of));
        values.insert(CONTROL.to_owned(), kind.name().into());
        values
    }

    fn collapse(&self, index: usize) -> CollapsedSummary {
        let collapsed = &self.collapsed[index];
        CollapsedSummary {
            point: self.written(collapsed.origin),
            into: collapsed.into,
            reason: self.reason(collapsed),
        }
    }
}

/// Values by path.
fn named<'a>(values: impl IntoIterator<Item = &'a Assignment>) -> Map<String, Value> {
    let pair = |value: &Assignment| (value.field.path.to_owned(), value.value());
    values.into_iter().map(pair).collect()
}
