//! `report.html`: one file that needs no network. The templates write what is made here, escaped.

use super::Findings;
use super::changes::FieldChange;
use super::chart::Chart;
use super::compare::{Comparison, Role};
use super::controls;
use super::effect::{self, Drawing, Scale};
use super::evidence::Evidence;
use super::factorial;
use super::figures::looks;
use super::images::Gallery;
use super::notes::counts;
use super::pareto::{self, Pareto};
use super::rows::Row;
use super::table::columns;
use super::trials::TrialTable;
use super::uses::{self, Uses};
use super::{changes, curves, images, interactions, label, page, provenance};
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
    compared: bool,
    in_tables: String,
    drawn: String,
    beside: Vec<controls::Row>,
    beside_caption: &'static str,
    effects: Vec<EffectView>,
    effects_caption: String,
    interactions: Vec<Chart>,
    curves: Curves<'a>,
    pareto: Vec<Pareto>,
    pictures: Gallery,
    uses: Uses,
    use_charts: Vec<Chart>,
    use_pictures: Gallery,
    tenths: Vec<Chart>,
    changes: Vec<(usize, Vec<FieldChange>)>,
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

/// An arm with its colour (`None`: grey) and line style, the same in every figure.
#[derive(Serialize)]
struct ArmView<'a> {
    #[serde(flatten)]
    row: &'a Row,
    colour: Option<usize>,
    dash: usize,
    in_tables: bool,
    drawn: bool,
    effect: Option<Drawing>,
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

/// How an arm looks.
#[derive(Serialize)]
struct Look<'a> {
    label: &'a str,
    colour: Option<usize>,
    dash: usize,
}

/// Writes the page.
///
/// # Errors
/// Only such as the code rules out: the templates are part of the program.
pub fn text(evidence: &Evidence, findings: &Findings) -> Result<String> {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let (shown, better) = (&evidence.shown, findings.rows.better);
    let design = factorial::design(comparisons, &record.axes, record.compare.as_ref());
    let arms = arm_views(evidence, findings);
    let mut changes = changes::of(evidence, comparisons);
    changes.retain(|(arm, _)| arms[*arm].in_tables);
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
        compared: comparisons.compared().next().is_some(),
        in_tables: shown.note("in this table", &shown.in_tables),
        drawn: shown.note("drawn", &shown.drawn),
        beside: beside(evidence, findings),
        beside_caption: controls::CAPTION,
        effects: effect_views(findings),
        effects_caption: factorial::caption(&findings.factorial, &comparisons.metric, better),
        interactions: interactions::of(&design, &comparisons.metric),
        curves: Curves {
            arms: (0..arms.len()).filter(|arm| arms[*arm].drawn).collect(),
            curves: curves::of(evidence, comparisons),
            labels: arms.iter().map(look).collect(),
        },
        arms,
        pareto: pareto::of(comparisons, better, shown),
        pictures: images::by_epoch(evidence, comparisons)?,
        uses: Uses::among(record, |arm| shown.in_tables.contains(arm)),
        use_charts: uses::charts(record, shown),
        use_pictures: images::by_use(evidence, comparisons)?,
        tenths: interactions::tenths(comparisons),
        changes,
        trials: TrialTable::of(evidence, comparisons),
        facts: provenance::facts(evidence),
        command: provenance::COMMAND,
        yaml: label::visible_lines(record.yaml.trim_end()).into_owned(),
    })
}

fn arm_views<'a>(evidence: &Evidence, findings: &'a Findings) -> Vec<ArmView<'a>> {
    let comparisons = &findings.comparisons;
    let compared = |role: &'a Role| match role {
        Role::Compared(comparison) => Some(&**comparison),
        Role::Alone | Role::Baseline | Role::NoBaseline => None,
    };
    let summary = |comparison: &Comparison| comparison.paired.summary;
    let scale = Scale::of(
        comparisons
            .compared()
            .map(|(_, comparison)| summary(comparison)),
    );
    let arms = comparisons.arms.iter().zip(&findings.rows.rows);
    let looks = looks(comparisons, &evidence.shown);
    arms.zip(looks)
        .map(|((arm, row), look)| ArmView {
            row,
            colour: look.colour,
            dash: look.dash,
            in_tables: evidence.shown.in_tables.contains(arm.axes),
            drawn: evidence.shown.drawn.contains(arm.axes),
            effect: compared(&arm.role).and_then(|comparison| scale.draw(&summary(comparison))),
        })
        .collect()
}

/// Arms beside their controls, of those in tables.
fn beside(evidence: &Evidence, findings: &Findings) -> Vec<controls::Row> {
    let rows = findings
        .beside_rows(evidence.record)
        .into_iter()
        .zip(&findings.beside);
    let arms = &findings.comparisons.arms;
    let shown = rows.filter(|(_, beside)| evidence.shown.in_tables.contains(arms[beside.arm].axes));
    shown.map(|(row, _)| row).collect()
}

fn effect_views(findings: &Findings) -> Vec<EffectView> {
    let effects = &findings.factorial.effects;
    let scale = Scale::of(effects.iter().map(|effect| effect.contrast.paired.summary));
    let rows = factorial::rows(&findings.factorial, findings.rows.better);
    let view = |(row, effect): (factorial::Row, &factorial::Effect)| EffectView {
        row,
        drawing: scale.draw(&effect.contrast.paired.summary),
    };
    rows.into_iter().zip(effects).map(view).collect()
}

fn look<'a>(arm: &ArmView<'a>) -> Look<'a> {
    Look {
        label: &arm.row.arm,
        colour: arm.colour,
        dash: arm.dash,
    }
}
