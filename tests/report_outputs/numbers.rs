//! The numbers of a report: all their digits in JSON, and in LaTeX as in Markdown.

use crate::report_fake::{grid, skip_or_not};
use crate::text;
use ablate::outcome::Outcome;
use ablate::report::compare::Role;
use ablate::report::evidence::Evidence;
use ablate::report::{Findings, Format};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Oracle: sums over the record's rows, and [`Findings`], whose statistics are tested against published formulas.
#[test]
fn json_has_the_numbers_in_full_precision() {
    let mut fake = grid();
    fake.record.trials[0]
        .metrics
        .insert("test.bce".into(), f64::NAN);
    let report: Value = serde_json::from_str(&text(&fake, Format::Json)).expect("JSON");
    assert_eq!(report["format"], 1);
    assert_eq!(report["counts"]["planned"], 48);
    assert_eq!(report["counts"]["pending"], 1);
    assert_eq!(report["compare"]["baseline"], json!({"model.skip.at": []}));
    let evidence = Evidence::new(&fake.record, fake.details.clone());
    let findings = Findings::of(&fake.record, &|id| evidence.config(id));
    let arms = report["arms"].as_array().expect("arms");
    assert_eq!(arms.len(), 12);
    for (arm, found) in arms.iter().zip(&findings.comparisons.arms) {
        let values: BTreeMap<String, f64> = found
            .trials
            .iter()
            .filter(|row| row.outcome == Outcome::Completed)
            .map(|row| (row.seed.to_string(), row.metrics["test.bce"]))
            .filter(|(_, value)| value.is_finite())
            .collect();
        assert_eq!(arm["values"], json!(values));
        assert_eq!(arm["n"], values.len());
        let mean = values.values().sum::<f64>() / values.len() as f64;
        assert!((arm["mean"].as_f64().expect("mean") - mean).abs() < 1e-15);
        assert_eq!(arm["axes"]["model.skip.at"].to_string(), found.axes[0]);
        let Role::Compared(comparison) = &found.role else {
            assert_eq!(
                (&arm["role"], &arm["comparison"]),
                (&json!("baseline"), &Value::Null)
            );
            continue;
        };
        let paired = &comparison.paired;
        let told = &arm["comparison"];
        assert_eq!(told["baseline"], comparison.baseline);
        assert_eq!(told["mean"], json!(paired.summary.mean));
        let interval = paired.summary.interval.expect("interval");
        assert_eq!(told["interval"], json!([interval.low, interval.high]));
        assert_eq!(told["p_holm"], json!(comparison.p_holm));
        assert_eq!(told["test"], "sign_flip");
        assert_eq!(told["wins"], paired.lower);
        assert_eq!(told["verdict"], "not_resolved");
        assert_eq!(
            told["costs"]["params"]["to"],
            json!(found.trials[0].params as f64)
        );
        assert!(
            told["seeds_needed"]["n"].as_u64() > Some(4),
            "four seeds were too few"
        );
    }
}

#[test]
fn evaluations_are_numbers_in_json_and_a_table_in_latex() {
    let mut fake = skip_or_not();
    fake.record.evaluation_axes = vec!["model.skip.at".into(), "iterate.passes".into()];
    for (seed, psnr) in [(0, 20.0), (1, 21.5)] {
        let mut row = fake.record.trials[0].clone();
        row.id = format!("{seed:064}");
        row.axes = vec!["[]".into(), "2".into()];
        row.metrics = [("test.psnr".to_owned(), psnr)].into();
        fake.record.evaluations.push(row);
    }
    let report: Value = serde_json::from_str(&text(&fake, Format::Json)).expect("JSON");
    let axes = json!({"model.skip.at": [], "iterate.passes": 2});
    assert_eq!(
        report["uses"],
        // Oracle: t.975 with one degree of freedom is 12.7062 (tables), the standard error of 20 and 21.5 is 0.75.
        json!([{"axes": axes, "n": 2, "means": {"test.psnr": 20.75}, "intervals": report["uses"][0]["intervals"]}])
    );
    let low = report["uses"][0]["intervals"]["test.psnr"][0]
        .as_f64()
        .expect("an interval");
    assert!((low - (20.75 - 12.7062 * 0.75)).abs() < 1e-3, "{low}");
    let tex = text(&fake, Format::Latex);
    assert!(tex.contains("[] & 2 & 2 & 20.8 $\\pm$ 9.5 \\\\"), "{tex}");
}

#[test]
fn latex_has_the_words_of_the_other_outputs() {
    let tex = text(&skip_or_not(), Format::Latex);
    let markdown = text(&skip_or_not(), Format::Markdown);
    let parts = [
        "\\toprule",
        "\\midrule",
        "\\bottomrule",
        "{tab:skip-vs-noskip-effects}",
        "Confirmed.",
    ];
    for part in parts {
        assert!(tex.contains(part), "{part} is missing: {tex}");
    }
    let cells = |line: &str| -> Vec<String> {
        let cells = line
            .trim_matches(['|', ' ', '\\'])
            .split(['|', '&'])
            .map(str::trim);
        let cells = cells.map(|cell| {
            cell.replace("$-$", "−")
                .replace("$\\pm$", "±")
                .replace("\\%", "%")
        });
        // The arm's name is told otherwise.
        cells.skip(1).collect()
    };
    let rows = |text: &str, start: &str| -> Vec<Vec<String>> {
        text.lines()
            .filter(|line| line.starts_with(start))
            .map(cells)
            .collect()
    };
    let (effects, costs) = (&rows(&tex, "{}[14]")[0], &rows(&tex, "{}[14]")[1]);
    let told = &rows(&markdown, "| skip.at [14] |")[0];
    assert_eq!([&effects[..], &costs[..]].concat(), told[..]);
}
