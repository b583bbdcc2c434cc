//! `report.html`: one file that needs no network. The template writes what is made here, escaped.

use super::Findings;
use super::changes::FieldChange;
use super::compare::Role;
use super::curves::Metric;
use super::effect::{self, Effect};
use super::evidence::Evidence;
use super::images::Strip;
use super::notes::counts;
use super::rows::Row;
use super::table::columns;
use super::trials::{self, TrialTable};
use super::uses::Uses;
use super::{changes, curves, images, label, provenance};
use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("assets/report.html");
const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");
/// uPlot 1.6.32, MIT; see assets/uplot/README.md.
const CHART_STYLE: &str = include_str!("assets/uplot/uPlot.min.css");
const CHART_SCRIPT: &str = include_str!("assets/uplot/uPlot.iife.min.js");

/// Colours of arms; the baselines are grey. Beyond them line styles change.
const COLOURS: usize = 6;

/// All that the template writes.
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
    curves: String,
    has_curves: bool,
    strips: Vec<Strip>,
    epochs: Vec<u32>,
    trials: TrialTable,
    uses: Uses,
    changes: Vec<(usize, Vec<FieldChange>)>,
    facts: Vec<provenance::Fact>,
    command: &'static str,
    yaml: String,
    style: [&'static str; 2],
    scripts: [&'static str; 2],
    script_hashes: [String; 2],
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
    effect: Option<Effect>,
}

/// What the script reads.
#[derive(Serialize)]
struct Curves<'a> {
    arms: Vec<CurveArm<'a>>,
    metrics: &'a [Metric],
}

#[derive(Serialize)]
struct CurveArm<'a> {
    label: &'a str,
    colour: Option<usize>,
    dash: usize,
}

/// Writes the page.
///
/// # Errors
/// Only such as the code rules out: the template is part of the program.
pub fn text(evidence: &Evidence, findings: &Findings) -> Result<String> {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let arms = arm_views(findings);
    let metrics = curves::of(evidence, comparisons);
    let strips = images::of(evidence, comparisons)?;
    let mut epochs: Vec<u32> = strips
        .iter()
        .filter(|strip| strip.arm.is_some())
        .flat_map(|strip| strip.frames.iter().map(|frame| frame.epoch))
        .collect();
    epochs.sort_unstable();
    epochs.dedup();
    let scripts = [CHART_SCRIPT, SCRIPT];
    let page = Page {
        name: label::visible(&record.name).into_owned(),
        question: label::visible(record.question.trim()).into_owned(),
        answer: AnswerView {
            kind: findings.answer.kind.name(),
            headline: &findings.answer.headline,
            sentence: &findings.answer.sentence,
            notes: &findings.answer.notes,
        },
        counts: counts(comparisons),
        metric: label::visible(&comparisons.metric).into_owned(),
        better: findings.rows.better.name(),
        columns: columns(&findings.rows)
            .iter()
            .map(|(name, _)| *name)
            .collect(),
        effect_width: effect::WIDTH,
        compared: comparisons.compared().next().is_some(),
        curves: json(&Curves {
            arms: arms.iter().map(curve_arm).collect(),
            metrics: &metrics,
        })?,
        has_curves: !metrics.is_empty(),
        arms,
        strips,
        epochs,
        trials: trials::of(evidence, comparisons),
        uses: Uses::of(record),
        changes: changes::of(evidence, comparisons),
        facts: provenance::facts(evidence),
        command: provenance::COMMAND,
        yaml: label::visible_lines(record.yaml.trim_end()).into_owned(),
        style: [CHART_STYLE, STYLE],
        scripts,
        script_hashes: scripts.map(|script| BASE64.encode(Sha256::digest(script))),
    };
    render(&page).map_err(|error| Error::Internal(format!("report.html: {error:#}")))
}

fn render(page: &Page) -> std::result::Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    // The name ends in .html: everything is escaped that is not marked safe.
    environment.add_template("report.html", TEMPLATE)?;
    environment.get_template("report.html")?.render(Serde(page))
}

fn arm_views<'a>(findings: &'a Findings) -> Vec<ArmView<'a>> {
    let (mut baselines, mut others) = (0, 0);
    let arms = findings.comparisons.arms.iter().zip(&findings.rows.rows);
    let effects = effect::of(&findings.comparisons);
    arms.zip(effects)
        .map(|((arm, row), effect)| {
            let is_baseline = matches!(arm.role, Role::Baseline);
            let count = if is_baseline {
                &mut baselines
            } else {
                &mut others
            };
            let (colour, dash) = match is_baseline {
                true => (None, *count),
                false => (Some(*count % COLOURS), *count / COLOURS),
            };
            *count += 1;
            ArmView {
                row,
                colour,
                dash,
                effect,
            }
        })
        .collect()
}

fn curve_arm<'a>(arm: &ArmView<'a>) -> CurveArm<'a> {
    CurveArm {
        label: &arm.row.arm,
        colour: arm.colour,
        dash: arm.dash,
    }
}

/// JSON that can stand in a script element: no `<` can end it.
fn json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|error| Error::Internal(format!("report.html: {error}")))?;
    Ok(text.replace('<', "\\u003c"))
}
