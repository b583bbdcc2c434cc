//! `ablate compare`: sweeps made in code beside each other, and two real ones through the binary.

#[path = "compare/alike.rs"]
mod alike;
#[path = "compare/counts.rs"]
mod counts;
#[path = "compare/differences.rs"]
mod differences;
#[path = "compare/effects.rs"]
mod effects;
#[path = "compare/matching.rs"]
mod matching;
#[path = "compare/real.rs"]
mod real;
mod report_fake;
mod scene;
#[path = "compare/statistics.rs"]
mod statistics;
#[path = "compare/written.rs"]
mod written;

use ablate::record::Fingerprint;
use ablate::report::across::side::Side;
use ablate::report::across::{Across, Unit, json, terminal};
use report_fake::{Fake, FakeArm, make};
use serde_json::Value;

const METRIC: &str = "test.bce";

/// A fake as one side: what was trained is a function of all numbers that it left.
fn side(name: &str, fake: &Fake) -> Side {
    let print = |row: &ablate::record::TrialRow| {
        let detail = fake.details.get(&row.id)?;
        let numbers = format!("{:?} {:?}", row.metrics, row.seed);
        let print = Fingerprint {
            config: detail.config.clone(),
            data_digest: "d1+d2".into(),
            environment: detail.environment.clone(),
            logical_digest: format!("{numbers} {} {:?}", detail.config, detail.epochs),
            parameters_digest: numbers,
        };
        Some((row.id.clone(), print))
    };
    let prints = fake.record.trials.iter().filter_map(print).collect();
    Side::new(name.into(), fake.record.clone(), prints)
}

/// Compares fakes; the first is the reference.
fn across<T>(fakes: &[(&str, &Fake)], look: impl FnOnce(&Across) -> T) -> T {
    let sides: Vec<Side> = fakes.iter().map(|(name, fake)| side(name, fake)).collect();
    let arms: Vec<_> = sides.iter().map(|side| side.arms(METRIC)).collect();
    look(&Across::of(Unit::Trial, &sides, &arms).expect("a reference"))
}

fn text(fakes: &[(&str, &Fake)]) -> String {
    across(fakes, |across| terminal::text(across, Some(120)))
}

fn parsed(fakes: &[(&str, &Fake)]) -> Value {
    let text = across(fakes, json::text);
    serde_json::from_str(&text).expect("JSON")
}

/// Points of these axis values, all of the same level.
fn points(axes: &[&str], values: &[&[&str]], seeds: u64) -> Fake {
    let arm = |values: &&[&str]| FakeArm {
        axes: values.iter().map(|value| (*value).to_owned()).collect(),
        level: 0.15,
        params: 100,
    };
    make(axes, &values.iter().map(arm).collect::<Vec<_>>(), seeds)
}

/// Sets a field of the config of all trials.
fn set(fake: &mut Fake, field: &str, value: &str) {
    for detail in fake.details.values_mut() {
        let end = detail.config.len() - 1;
        detail
            .config
            .insert_str(end, &format!(",\"{field}\":{value}"));
    }
}

fn near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().expect("a number");
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}
