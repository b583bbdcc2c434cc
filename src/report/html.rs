//! `report.html`: one file that needs no network. The templates write what is made here, escaped.

use super::Findings;
use super::changes::FieldChange;
use super::chart::Chart;
use super::compare::{Comparisons, Role};
use super::controls;
use super::effect::{self, Axis, Drawing};
use super::evidence::Evidence;
use super::factorial;
use super::figures::{self, looks};
use super::images::Gallery;
use super::notes::counts;
use super::pareto::{self, Pareto};
use super::rows::Row;
use super::shown::Shown;
use super::table::columns;
use super::trials::TrialTable;
use super::uses::{self, Uses};
use super::{changes, curves, images, interactions, label, packing, page, provenance};
use crate::error::Result;
use serde::Serialize;

/// All that the templates write.
#[derive(Serialize)]
struct Page<'a> {
    name: String,
    question: String,
    answer: AnswerView<'a>,
    counts: String,
    metric: String,
    better: &'static str,
    columns: Vec<&'static str>,
    arms: Vec<ArmView<'a>>,
    effect_width: f64,
    effect_axis: Option<Axis>,
    compared: bool,
    in_tables: String,
    drawn: String,
    at_first: String,
    beside: Vec<BesideView>,
    beside_axis: Option<Axis>,
    beside_caption: &'static str,
    effects: Vec<EffectView>,
    effects_axis: Option<Axis>,
    effects_caption: String,
    interactions: Vec<Chart>,
    curves: Curves<'a>,
    pareto: Vec<Pareto>,
    pictures: Gallery,
    chains: Gallery,
    uses: Uses,
    uses_caption: &'static str,
    use_charts: Vec<Chart>,
    use_pictures: Gallery,
    tenths: Vec<Chart>,
    changes: Vec<(usize, Vec<FieldChange>)>,
    packing: Vec<[String; 3]>,
    packing_headings: [&'static str; 3],
    packing_caption: &'static str,
    packing_charts: Vec<Chart>,
    trials: TrialTable,
    facts: Vec<provenance::Fact>,
    command: &'static str,
    yaml: String,
}

#[derive(Serialize)]
struct AnswerView<'a> {
    kind: &'static str,
    headline: &'a str,
    sentence: &'a str,
    notes: &'a [String],
}

/// An arm with its colour and line style, the same in every figure.
#[derive(Serialize)]
struct ArmView<'a> {
    #[serde(flatten)]
    row: &'a Row,
    #[serde(flatten)]
    look: figures::Look,
    in_tables: bool,
    drawn: bool,
    effect: Option<Drawing>,
}

/// An arm beside a control, with its drawing; `at` is its position among all arms.
#[derive(Serialize)]
struct BesideView {
    #[serde(flatten)]
    row: controls::Row,
    at: usize,
    drawing: Option<Drawing>,
}

/// An effect of a factor with its drawing.
#[derive(Serialize)]
struct EffectView {
    #[serde(flatten)]
    row: factorial::Row,
    drawing: Option<Drawing>,
}

/// What the script draws; `arms` are positions among all arms.
#[derive(Serialize)]
struct Curves<'a> {
    arms: Vec<usize>,
    #[serde(flatten)]
    curves: curves::Curves,
    labels: Vec<Look<'a>>,
}

/// How an arm looks, and whether it is ticked before the reader chooses.
#[derive(Serialize)]
struct Look<'a> {
    label: &'a str,
    #[serde(flatten)]
    look: figures::Look,
    first: bool,
}

/// Writes the page.
///
/// # Errors
/// Only such as the code rules out: the templates are part of the program.
pub fn text(evidence: &Evidence, findings: &Findings) -> Result<String> {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let (shown, better) = (&evidence.shown, findings.rows.better);
    let design = factorial::design(comparisons, &record.axes, record.compare.as_ref());
    let looks = looks(comparisons, shown);
    let of_arms = comparisons.arms.iter().map(|arm| arm.axes);
    let by_axes = of_arms.zip(looks.iter().copied()).collect();
    let axis = Axis::of(comparisons.compared().map(|(_, it)| &it.paired));
    let arms = arm_views(evidence, findings, &looks, axis.as_ref());
    let (beside, beside_axis) = beside_views(evidence, findings);
    let (effects, effects_axis) = effect_views(findings);
    let mut changes = changes::of(evidence, comparisons);
    changes.retain(|(arm, _)| arms[*arm].in_tables);
    let shares = packing::of(evidence);
    page::render(&Page {
        name: label::visible(&record.name).into_owned(),
        question: label::sentence(&record.question),
        answer: AnswerView {
            kind: findings.answer.kind.name(),
            headline: &findings.answer.headline,
            sentence: &findings.answer.sentence,
            notes: &findings.answer.notes,
        },
        counts: counts(comparisons),
        metric: label::visible(&comparisons.metric).into_owned(),
        better: better.name(),
        columns: columns(&findings.rows)
            .iter()
            .map(|(name, _)| *name)
            .collect(),
        effect_width: effect::WIDTH,
        effect_axis: axis,
        compared: comparisons.compared().next().is_some(),
        in_tables: shown.note("in this table", &shown.in_tables),
        drawn: shown.note("drawn", &shown.drawn),
        at_first: shown.note_at_first(),
        beside,
        beside_axis,
        beside_caption: controls::CAPTION,
        effects,
        effects_axis,
        effects_caption: factorial::caption(&findings.factorial, &comparisons.metric, better),
        interactions: interactions::of(&design, &comparisons.metric),
        curves: Curves {
            arms: (0..arms.len()).filter(|arm| arms[*arm].drawn).collect(),
            curves: curves::of(evidence, comparisons),
            labels: labels(&arms, comparisons, shown),
        },
        arms,
        pareto: pareto::of(comparisons, better, shown),
        pictures: images::by_epoch(evidence, comparisons)?,
        chains: images::by_timestep(evidence, comparisons)?,
        uses: Uses::among(record, |arm| shown.in_tables.contains(arm)),
        uses_caption: uses::CAPTION,
        use_charts: uses::charts(record, shown, &by_axes),
        use_pictures: images::by_use(evidence, comparisons)?,
        tenths: interactions::tenths(comparisons, shown, &looks),
        changes,
        packing: shares.iter().map(packing::Share::cells).collect(),
        packing_headings: packing::Share::HEADINGS,
        packing_caption: packing::CAPTION,
        packing_charts: packing::chart(&shares),
        trials: TrialTable::of(evidence, comparisons),
        facts: provenance::facts(evidence),
        command: provenance::command(record),
        yaml: label::visible_lines(record.yaml.trim_end()).into_owned(),
    })
}

fn arm_views<'a>(
    evidence: &Evidence,
    findings: &'a Findings,
    looks: &[figures::Look],
    axis: Option<&Axis>,
) -> Vec<ArmView<'a>> {
    let effect = |role: &Role| match role {
        Role::Compared(comparison) => axis?.draw(&comparison.paired),
        Role::Alone | Role::Baseline | Role::NoBaseline => None,
    };
    let arms = findings.comparisons.arms.iter().zip(&findings.rows.rows);
    arms.zip(looks)
        .map(|((arm, row), look)| ArmView {
            row,
            look: *look,
            in_tables: evidence.shown.in_tables.contains(arm.axes),
            drawn: evidence.shown.drawn.contains(arm.axes),
            effect: effect(&arm.role),
        })
        .collect()
}

/// Arms beside their controls, of those in tables.
fn beside_views(evidence: &Evidence, findings: &Findings) -> (Vec<BesideView>, Option<Axis>) {
    let arms = &findings.comparisons.arms;
    let rows = findings.beside_rows(evidence.record).into_iter();
    let is_shown = |at: usize| evidence.shown.in_tables.contains(arms[at].axes);
    let rows: Vec<_> = rows
        .zip(&findings.beside)
        .filter(|(_, beside)| is_shown(beside.arm))
        .collect();
    let axis = Axis::of(rows.iter().map(|(_, beside)| &beside.difference));
    let view = |(row, beside): (controls::Row, &controls::Beside)| BesideView {
        row,
        at: beside.arm,
        drawing: axis.as_ref().and_then(|it| it.draw(&beside.difference)),
    };
    let views = rows.into_iter().map(view).collect();
    (views, axis)
}

fn effect_views(findings: &Findings) -> (Vec<EffectView>, Option<Axis>) {
    let effects = &findings.factorial.effects;
    let axis = Axis::of(effects.iter().map(|effect| &effect.contrast.paired));
    let rows = factorial::rows(&findings.factorial, findings.rows.better);
    let view = |(row, effect): (factorial::Row, &factorial::Effect)| EffectView {
        row,
        drawing: axis
            .as_ref()
            .and_then(|axis| axis.draw(&effect.contrast.paired)),
    };
    let views = rows.into_iter().zip(effects).map(view).collect();
    (views, axis)
}

fn labels<'a>(arms: &[ArmView<'a>], comparisons: &Comparisons, shown: &Shown) -> Vec<Look<'a>> {
    let arms = arms.iter().zip(&comparisons.arms);
    arms.map(|(view, arm)| Look {
        label: &view.row.arm,
        look: view.look,
        first: shown.first.contains(arm.axes),
    })
    .collect()
}
