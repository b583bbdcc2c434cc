//! What is drawn stands where the axis says.

use crate::report_fake::{everything, grid};
use crate::{elements, number, svg, write};
use ablate::report::compare::Role;
use ablate::report::{Findings, Format};
use roxmltree::{Document, Node};
use serde_json::Value;

/// Oracle: the figure's own axis: two ticks and what is written at them.
#[test]
fn dots_and_whiskers_are_where_the_axis_says() {
    let fake = grid();
    let files = write(&fake, &[Format::Figures]);
    let svg = svg(&files, "figures/effects.svg");
    let document = Document::parse(&svg).expect("well-formed");
    let ticks: Vec<(f64, f64)> = elements(&document, "text")
        .filter_map(|node| {
            Some((
                number(node, "x"),
                node.text()?.replace('−', "-").parse().ok()?,
            ))
        })
        .collect();
    let ((x0, v0), (x1, v1)) = (ticks[0], ticks[ticks.len() - 1]);
    let value = |x: f64| v0 + (x - x0) / (x1 - x0) * (v1 - v0);
    let findings = Findings::of(&fake.record, &|_| None);
    let expected: Vec<f64> = findings
        .comparisons
        .arms
        .iter()
        .map(|arm| match &arm.role {
            Role::Compared(comparison) => comparison.paired.summary.mean.expect("mean"),
            _ => 0.0,
        })
        .collect();
    let dots: Vec<f64> = elements(&document, "circle")
        .map(|node| value(number(node, "cx")))
        .collect();
    assert_eq!(dots.len(), 12);
    for (found, expected) in dots.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{dots:?} {expected:?}");
    }
    let interval = findings
        .comparisons
        .compared()
        .next()
        .expect("compared")
        .1
        .paired
        .summary
        .interval;
    let interval = interval.expect("interval");
    let ends = [interval.low, interval.high];
    let mut lines =
        elements(&document, "polyline").filter(|node| node.attribute("stroke") == Some("#0072b2"));
    let points = lines
        .next()
        .and_then(|node| node.attribute("points"))
        .expect("a whisker");
    for (point, end) in points.split(' ').zip(ends) {
        let x: f64 = point.split(',').next().expect("x").parse().expect("number");
        assert!((value(x) - end).abs() < 1e-5, "{points} {ends:?}");
    }
}

/// Oracle: each figure's own axis, and the numbers in `report.json`.
#[test]
fn factors_and_costs_are_drawn_where_their_axes_say() {
    let fake = everything();
    let files = write(&fake, &[Format::Figures, Format::Json]);
    let report: Value = serde_json::from_slice(&files["report.json"]).expect("JSON");
    let means = |list: &str| -> Vec<f64> {
        let items = report[list].as_array().expect(list).iter();
        items
            .map(|item| item["mean"].as_f64().expect("mean"))
            .collect()
    };
    let read = |document: &Document, end: bool, side: &str| -> Vec<(f64, f64)> {
        let is_end = |node: &Node| (node.attribute("text-anchor") == Some("end")) == end;
        let texts = elements(document, "text").filter(is_end);
        let tick = |node: Node| {
            Some((
                number(node, side),
                node.text()?.replace('−', "-").parse().ok()?,
            ))
        };
        texts.filter_map(tick).collect()
    };
    let along = |ticks: &[(f64, f64)], at: f64| {
        let ((x0, v0), (x1, v1)) = (ticks[0], ticks[ticks.len() - 1]);
        v0 + (at - x0) / (x1 - x0) * (v1 - v0)
    };
    let factors = svg(&files, "figures/factors.svg");
    let document = Document::parse(&factors).expect("well-formed");
    let ticks = read(&document, false, "x");
    let effects = means("effects");
    let dots: Vec<Node> = elements(&document, "circle").collect();
    assert_eq!(dots.len(), effects.len());
    for (dot, mean) in dots.into_iter().zip(&effects) {
        assert!(
            (along(&ticks, number(dot, "cx")) - mean).abs() < 2e-5,
            "{factors}"
        );
    }
    let pareto = svg(&files, "figures/pareto.svg");
    let document = Document::parse(&pareto).expect("well-formed");
    let mut dots: Vec<Node> = elements(&document, "circle").collect();
    let mut arms = means("arms");
    assert_eq!(dots.len(), 3 * arms.len(), "parameters, MACs, seconds");
    // Two panels stand side by side: the ticks of the first are those left of its dots.
    dots.truncate(arms.len());
    let left = dots
        .iter()
        .map(|dot| number(*dot, "cx"))
        .fold(f64::INFINITY, f64::min);
    let mut ticks: Vec<Node> = elements(&document, "text").collect();
    ticks.retain(|node| node.attribute("text-anchor") == Some("end") && number(*node, "x") < left);
    ticks.truncate(3);
    let tick = |node: &Node| {
        (
            number(*node, "y") - 2.8,
            node.text().and_then(|it| it.parse().ok()).expect("a tick"),
        )
    };
    let ticks: Vec<(f64, f64)> = ticks.iter().map(tick).collect();
    let mut drawn: Vec<f64> = dots
        .iter()
        .map(|dot| along(&ticks, number(*dot, "cy")))
        .collect();
    drawn.sort_by(f64::total_cmp);
    arms.sort_by(f64::total_cmp);
    for (drawn, mean) in drawn.iter().zip(&arms) {
        assert!((drawn - mean).abs() < 2e-5, "{drawn} {mean}");
    }
}
