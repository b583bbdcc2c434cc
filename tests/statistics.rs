//! The statistics of the report against SciPy, statsmodels and pandas, on random cases.

mod common;
mod report_fake;

use ablate::outcome::Outcome;
use ablate::report::Findings;
use ablate::report::factorial::Effect;
use ablate::report::factorial::contrast::Contrast;
use ablate::report::stats::{Paired, holm};
use ablate::seed::{Key, Stream};
use common::{python_with, skip};
use report_fake::{FakeArm, make};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Cases of each kind.
const CASES: u64 = 40;

fn dice(case: u64) -> Stream {
    Key::new(case, "statistics").stream()
}

/// A grid: levels of every factor, then one value a point and seed.
struct Grid {
    levels: Vec<u32>,
    seeds: u64,
    values: Vec<Vec<f64>>,
    /// A point that is left out.
    excluded: Option<usize>,
}

impl Grid {
    fn random(dice: &mut Stream, levels: Vec<u32>) -> Self {
        let seeds = 2 + dice.below(7);
        let points: u32 = levels.iter().product();
        let scale = 10_f64.powi(dice.below(7) as i32 - 3);
        let values = (0..points).map(|_| {
            (0..seeds)
                .map(|_| scale * dice.between(-1.0, 1.0))
                .collect()
        });
        Self {
            values: values.collect(),
            levels,
            seeds,
            excluded: None,
        }
    }

    /// Takes one point away, and one value in six, which is then NaN. The first point stays: its levels are the baselines.
    fn with_holes(mut self, dice: &mut Stream) -> Self {
        let points = self.values.len() as u64;
        self.excluded = Some(1 + dice.below(points - 1) as usize);
        for value in self.values.iter_mut().flatten() {
            if dice.below(6) == 0 {
                *value = f64::NAN;
            }
        }
        self
    }

    fn points(&self) -> impl Iterator<Item = usize> {
        (0..self.values.len()).filter(|point| Some(*point) != self.excluded)
    }

    fn cell(&self, point: usize) -> Vec<u32> {
        let mut rest = point as u32;
        let level = |count: &u32| {
            let level = rest % count;
            rest /= count;
            level
        };
        self.levels.iter().map(level).collect()
    }

    fn rows(&self) -> Value {
        let mut rows = Vec::new();
        for point in self.points() {
            let values = self.values[point].iter().enumerate();
            for (seed, y) in values.filter(|(_, y)| y.is_finite()) {
                let mut row = json!({"seed": seed, "y": y});
                for (factor, level) in self.cell(point).iter().enumerate() {
                    row[format!("f{factor}")] = json!(level);
                }
                rows.push(row);
            }
        }
        json!(rows)
    }

    fn effects(&self) -> Vec<Effect> {
        let axes: Vec<String> = (0..self.levels.len())
            .map(|factor| format!("f{factor}"))
            .collect();
        let axes: Vec<&str> = axes.iter().map(String::as_str).collect();
        let arm = |point: usize| FakeArm {
            axes: self.cell(point).iter().map(u32::to_string).collect(),
            level: 0.0,
            params: 1,
        };
        let points: Vec<usize> = self.points().collect();
        let arms: Vec<FakeArm> = points.iter().copied().map(arm).collect();
        let mut fake = make(&axes, &arms, self.seeds);
        fake.record
            .compare
            .as_mut()
            .expect("compared")
            .baseline
            .clear();
        for index in 0..fake.record.trials.len() {
            let row = &mut fake.record.trials[index];
            let y = self.values[points[index / self.seeds as usize]][row.seed as usize];
            row.metrics.insert("test.bce".into(), y);
            if y.is_nan() {
                fake.lose(index, Outcome::Diverged);
            }
        }
        Findings::of(&fake.record, &|_| None).factorial.effects
    }
}

#[test]
fn statistics_are_those_of_scipy_and_statsmodels() {
    let Some(python) = python_with("scipy, statsmodels, pandas") else {
        skip(
            "statistics against SciPy",
            "no Python with scipy, statsmodels and pandas (set ABLATE_TEST_PYTHON or run make test)",
        );
        return;
    };
    let cases =
        |make: fn(&mut Stream) -> Vec<f64>| (0..CASES).map(move |case| make(&mut dice(case)));
    let differences: Vec<Vec<f64>> = cases(|dice| {
        let n = 2 + dice.below(10);
        let (scale, shift) = (
            10_f64.powi(dice.below(9) as i32 - 6),
            dice.between(-1.0, 1.0),
        );
        // Every third case has ties: whole numbers.
        let whole = dice.below(3) == 0;
        let draw = |dice: &mut Stream| {
            if whole {
                dice.below(7) as f64 - 3.0
            } else {
                scale * (dice.between(-1.0, 1.0) + shift)
            }
        };
        let mut values: Vec<f64> = (0..n).map(|_| draw(dice)).collect();
        // A spread there must be: of equal differences SciPy says NaN.
        values[0] += scale;
        values
    })
    .collect();
    let p_values: Vec<Vec<f64>> = cases(|dice| {
        (0..1 + dice.below(20))
            .map(|_| dice.uniform().abs().powi(3))
            .collect()
    })
    .collect();
    let grids = |levels: fn(&mut Stream) -> Vec<u32>| -> Vec<Grid> {
        let grid = |case| {
            let mut dice = dice(1000 + case);
            let levels = levels(&mut dice);
            Grid::random(&mut dice, levels)
        };
        (0..CASES / 2).map(grid).collect()
    };
    let two_level = grids(|dice| vec![2; 2 + dice.below(3) as usize]);
    let many_levels = grids(|dice| {
        (0..2 + dice.below(2))
            .map(|_| 2 + dice.below(4) as u32)
            .collect()
    });
    let with_holes: Vec<Grid> = (0..CASES / 2)
        .map(|case| {
            let mut dice = dice(2000 + case);
            let levels = (0..2 + dice.below(2)).map(|_| 2 + dice.below(2) as u32);
            let levels = levels.collect();
            Grid::random(&mut dice, levels).with_holes(&mut dice)
        })
        .collect();
    let found = ask(
        &python,
        &json!({
            "paired": differences,
            "holm": p_values,
            "two_level": two_level.iter().map(Grid::rows).collect::<Vec<_>>(),
            "many_levels": many_levels.iter().map(Grid::rows).collect::<Vec<_>>(),
            "with_holes": with_holes.iter().map(Grid::rows).collect::<Vec<_>>(),
        }),
    );
    for (differences, oracle) in differences.iter().zip(list(&found["paired"])) {
        same_paired(&Paired::of(differences), oracle);
    }
    for (p, oracle) in p_values.iter().zip(list(&found["holm"])) {
        for (ours, theirs) in holm(p).iter().zip(list(oracle)) {
            near(*ours, theirs, "Holm");
        }
    }
    let mut compared = 0;
    for (grid, oracle) in two_level.iter().zip(list(&found["two_level"])) {
        for effect in grid.effects() {
            same_paired(
                &effect.contrast.paired,
                &oracle[effect.factor.replace(" × ", ":")],
            );
            compared += 1;
        }
    }
    for (grid, oracle) in many_levels.iter().zip(list(&found["many_levels"])) {
        for effect in grid.effects() {
            same_paired(&effect.contrast.paired, &oracle[key(&effect)]);
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared} effects");
    let (mut compared, mut left_out) = (0, 0);
    for (grid, oracle) in with_holes.iter().zip(list(&found["with_holes"])) {
        for effect in grid.effects() {
            let Contrast {
                paired,
                settings,
                averaged,
                ..
            } = &effect.contrast;
            left_out += usize::from(averaged[0] < *settings);
            match (paired.summary.n, &oracle[key(&effect)]) {
                (n, theirs) if n > 1 => same_paired(paired, theirs),
                (1, theirs) => near(paired.summary.mean.expect("mean"), &theirs["mean"], "mean"),
                (_, theirs) => assert_eq!(theirs, &Value::Null),
            }
            compared += 1;
        }
    }
    assert!(
        compared > 100 && left_out > 50,
        "{compared} effects, {left_out} with holes"
    );
}

/// The name of an effect in Python: `f0=1`, `f0=1:f2=3`.
fn key(effect: &Effect) -> String {
    let level = |text: &str| text.split(' ').next().expect("level").to_owned();
    let factors = effect.factor.split(" × ");
    let parts = factors.zip(effect.level.split(" × "));
    let parts: Vec<String> = parts
        .map(|(factor, text)| format!("{factor}={}", level(text)))
        .collect();
    parts.join(":")
}

fn ask(python: &Path, cases: &Value) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/statistics.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let input = child.stdin.take();
    input
        .expect("stdin")
        .write_all(cases.to_string().as_bytes())
        .expect("cases");
    let output = child.wait_with_output().expect("python");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn same_paired(ours: &Paired, oracle: &Value) {
    let interval = ours.summary.interval.expect("an interval");
    for (name, ours) in [
        ("mean", ours.summary.mean),
        ("sd", ours.summary.sd),
        ("low", Some(interval.low)),
        ("high", Some(interval.high)),
        ("t", ours.t),
        ("p_t", ours.p_t),
        ("d_z", ours.d_z),
        ("p", ours.p.map(|(p, _)| p)),
    ] {
        // Sign flips are slow in SciPy: it is not asked for those of effects, which are the same function's.
        if name != "p" || oracle.get(name).is_some() {
            near(ours.expect(name), &oracle[name], name);
        }
    }
}

fn near(ours: f64, theirs: &Value, what: &str) {
    let theirs = theirs
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {theirs}"));
    let tolerance = 1e-9 * theirs.abs().max(ours.abs()).max(1e-9);
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{what}: {ours}, by Python {theirs}"
    );
}
