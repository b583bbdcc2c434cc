//! `figures/`: what a paper shows, as SVG and PNG. White ground, 8 pt text, Okabe–Ito colours as on the page.
//!
//! A figure is a `Drawing`, a list of shapes in points; `svg` and `raster` write the same list. Text is set
//! in a font that is part of the program, so that no machine's fonts matter.

mod curves;
mod drawing;
mod effects;
mod font;
mod forest;
mod frame;
mod legend;
mod lines;
mod look;
mod pareto;
mod pictures;
mod raster;
pub(super) mod scale;
mod sheet;
mod svg;

pub use look::{Look, looks};

use super::chart::Chart;
use super::evidence::Evidence;
use super::output::File;
use super::{Findings, factorial, interactions, label, uses};
use crate::error::Result;
use drawing::Drawing;
use std::collections::BTreeSet;

/// The folder of the figures.
pub const FOLDER: &str = "figures";

/// All figures of a sweep.
///
/// # Errors
/// Only such as the code rules out: PNGs are written to memory.
pub fn of(evidence: &Evidence, findings: &Findings) -> Result<Vec<File>> {
    let comparisons = &findings.comparisons;
    let looks = looks(comparisons, &evidence.shown);
    let mut files = Vec::new();
    let effects = [
        (effects::NAME, effects::of(findings, &looks)),
        (effects::FACTORS, effects::factors(findings)),
    ];
    for (name, drawing) in effects
        .into_iter()
        .chain(charts(evidence, findings, &looks))
    {
        if let Some(drawing) = drawing {
            files.extend(both(name, &drawing)?);
        }
    }
    for (name, drawing) in curves::of(evidence, comparisons, &looks) {
        files.extend(both(&name, &drawing)?);
    }
    files.extend(pictures::of(evidence, comparisons)?);
    Ok(files)
}

/// The page's charts of interactions, costs and uses, by name.
fn charts(
    evidence: &Evidence,
    findings: &Findings,
    looks: &[Look],
) -> [(&'static str, Option<Drawing>); 3] {
    let (record, comparisons) = (evidence.record, &findings.comparisons);
    let metric = label::visible(&comparisons.metric);
    let lines = |title: String, charts: Vec<Chart>| {
        sheet::of(title, charts.iter().filter_map(lines::of).collect())
    };
    let design = factorial::design(comparisons, &record.axes, record.compare.as_ref());
    let of_arms = comparisons.arms.iter().map(|arm| arm.axes);
    let by_axes = of_arms.zip(looks.iter().copied()).collect();
    let costs = super::pareto::of(comparisons, findings.rows.better, &evidence.shown);
    let costs = costs.iter();
    let costs = costs.filter_map(|chart| pareto::of(chart, comparisons, looks));
    [
        (
            lines::INTERACTIONS,
            lines(
                format!("Means of {metric} at every pair of levels of two factors"),
                interactions::of(&design, &comparisons.metric),
            ),
        ),
        (
            pareto::NAME,
            sheet::of(
                format!("{metric} of every arm against its cost"),
                costs.collect(),
            ),
        ),
        (
            lines::USES,
            lines(
                "Metrics of the trained networks over the ways they are used".into(),
                uses::charts(record, &evidence.shown, &by_axes),
            ),
        ),
    ]
}

/// The names of figures that are the same in all sweeps.
const NAMES: [&str; 5] = [
    effects::NAME,
    effects::FACTORS,
    lines::INTERACTIONS,
    pareto::NAME,
    lines::USES,
];

fn both(name: &str, drawing: &Drawing) -> Result<[File; 2]> {
    let name = |kind: &str| format!("{FOLDER}/{name}.{kind}");
    Ok([
        File::text(name("svg"), svg::text(drawing)),
        File {
            name: name("png"),
            bytes: raster::figure(drawing)?,
        },
    ])
}

/// The names, without their ends, that figures of curves of a record can have.
pub fn curves_of(evidence: &Evidence) -> BTreeSet<String> {
    let trials = evidence
        .record
        .trials
        .iter()
        .flat_map(|row| row.metrics.keys());
    let columns = evidence
        .detailed()
        .flat_map(|(_, detail)| detail.epochs.columns().map(|(name, _)| name));
    let metrics = trials.map(String::as_str).chain(columns);
    metrics.map(curves::name).collect()
}

/// Whether a file in the folder is named as a figure of ours. `curves`: see [`curves_of`].
pub fn is_ours(name: &str, curves: &BTreeSet<String>) -> bool {
    let Some((stem, kind)) = name.rsplit_once('.') else {
        return false;
    };
    let drawn = NAMES.contains(&stem) || curves.contains(stem);
    match kind {
        "svg" => drawn,
        "png" => drawn || pictures::is_ours(stem),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_figures_are_known() {
        let curves = ["curves-test.bce".to_owned()].into();
        for name in [
            "effects.svg",
            "effects.png",
            "factors.svg",
            "interactions.png",
            "pareto.svg",
            "uses.png",
            "curves-test.bce.svg",
            "pictures.png",
            "pictures-epoch-12.png",
        ] {
            assert!(is_ours(name, &curves), "{name}");
        }
        for name in [
            "effects.pdf",
            "effects-2.svg",
            "mine.png",
            "pictures-of-cat.png",
            "curves-for-talk.svg",
            "pictures.svg",
            "effects",
        ] {
            assert!(!is_ours(name, &curves), "{name}");
        }
    }
}
