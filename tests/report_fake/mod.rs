//! A record made in code: realistic numbers and pictures, no file behind it.

#![allow(dead_code)] // each test file takes what it needs

use ablate::outcome::{Outcome, Samples, Table};
use ablate::record::{CompareRecord, SweepRecord, TrialDetail, TrialRow};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A record and the details of its trials.
pub struct Fake {
    /// The tables.
    pub record: SweepRecord,
    /// By trial id.
    pub details: BTreeMap<String, TrialDetail>,
}

/// What one arm of a fake is like.
pub struct FakeArm {
    /// Axis values as JSON text.
    pub axes: Vec<String>,
    /// Final loss about which seeds spread.
    pub level: f64,
    /// Parameters.
    pub params: u64,
}

const EPOCHS: u32 = 20;

/// Uniform in [−1, 1], from its arguments alone.
fn noise(a: u64, b: u64, c: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        ^ c.wrapping_mul(0x1656_67B1_9E37_79F9);
    for _ in 0..3 {
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
    }
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// Two arms, eight seeds, an effect that is there.
pub fn skip_or_not() -> Fake {
    let arm = |at: &str, level, params| FakeArm {
        axes: vec![at.into()],
        level,
        params,
    };
    let arms = [arm("[]", 0.1652, 11_889), arm("[14]", 0.1443, 14_193)];
    let mut fake = make(&["model.skip.at"], &arms, 8);
    fake.record.name = "skip_vs_noskip".into();
    fake.record.question =
        "Does copying encoder maps into the decoder help it rebuild noisy digits?".into();
    fake
}

/// Four skips times three depths, four seeds: too few for nine comparisons.
pub fn grid() -> Fake {
    let mut arms = Vec::new();
    for (i, at) in ["[]", "[14]", "[28]", "[14,28]"].iter().enumerate() {
        for depth in 1..=3_u32 {
            arms.push(FakeArm {
                axes: vec![(*at).into(), depth.to_string()],
                level: 0.165 - 0.007 * i as f64 - 0.002 * f64::from(depth),
                params: 11_889 + 2_304 * i as u64 + 9_000 * u64::from(depth - 1),
            });
        }
    }
    let mut fake = make(&["model.skip.at", "model.depth"], &arms, 4);
    fake.record.name = "skip_by_depth".into();
    fake.record.question =
        "At which resolution does a skip help, and does a deeper network need it less?".into();
    fake.lose(5, Outcome::Diverged);
    fake.lose(46, Outcome::Pending);
    fake.lose(47, Outcome::Quarantined);
    fake
}

/// All that a page can show: a grid with an interaction, used in several ways, losses by tenth of the timesteps, a floor, and
/// more trials than the table lists at first.
pub fn everything() -> Fake {
    let mut arms = Vec::new();
    for (i, at) in ["[]", "[14]", "[14,28]"].iter().enumerate() {
        for depth in 1..=3_u32 {
            arms.push(FakeArm {
                axes: vec![(*at).into(), depth.to_string()],
                level: 0.165 - 0.007 * i as f64 * f64::from(depth) / 2.0 - 0.002 * f64::from(depth),
                params: 11_889 + 2_304 * i as u64 + 9_000 * u64::from(depth - 1),
            });
        }
    }
    let mut fake = make(&["model.skip.at", "model.depth"], &arms, 24);
    fake.record.name = "everything".into();
    fake.record.question = "What does every part of this page do?".into();
    fake.lose(5, Outcome::Diverged);
    for row in &mut fake.record.trials {
        if let Some(loss) = row.metrics.get("test.bce").copied() {
            row.metrics.insert("test.bce_floor".into(), 0.058);
            for tenth in 0..10_u32 {
                row.metrics
                    .insert(format!("test.loss_d{tenth}"), loss / f64::from(tenth + 1));
            }
        }
    }
    fake.evaluate();
    fake.share_gpus(&["1", "2", "3"]);
    fake
}

/// More arms than are drawn before the reader chooses, with controls, used in several ways.
pub fn many() -> Fake {
    let mut arms = Vec::new();
    for (i, at) in ["[]", "[14]", "[28]", "[14,28]"].iter().enumerate() {
        for depth in 1..=3_u32 {
            for control in ["none", "zero_skip"] {
                if i == 0 && control != "none" {
                    continue;
                }
                let worth = if control == "none" { 0.008 } else { 0.001 };
                arms.push(FakeArm {
                    axes: vec![(*at).into(), depth.to_string(), format!("\"{control}\"")],
                    level: 0.165 - worth * i as f64 - 0.003 * f64::from(depth),
                    params: 11_889 + 2_304 * i as u64 + 9_000 * u64::from(depth - 1),
                });
            }
        }
    }
    let mut fake = make(&["model.skip.at", "model.depth", "control"], &arms, 5);
    fake.record.name = "many".into();
    fake.record.question =
        "What is a skip worth beside its controls, and what do passes do to it?".into();
    let compare = fake.record.compare.as_mut().expect("a comparison");
    compare.baseline.insert("control".into(), "\"none\"".into());
    fake.evaluate();
    fake
}

/// Two arms that generate: sheets of samples, and an image on its way from noise.
pub fn chains() -> Fake {
    let mut fake = skip_or_not();
    fake.record.name = "chains".into();
    for detail in fake.details.values_mut() {
        let output = detail.samples.pop().expect("output");
        let pixels = output.pixels[..10 * 784].to_vec();
        let sheet = Samples {
            name: "samples".into(),
            ..output
        };
        let chain = Samples {
            name: "chain".into(),
            epochs: vec![0],
            shape: [10, 28, 28],
            pixels,
        };
        detail.samples = vec![sheet, chain];
    }
    fake
}

/// A name that would act where it is taken for anything but text.
pub const HOSTILE: &str =
    "</script><script>alert(1)</script>\"'`{{7*7}}\u{202e}\0\u{1b}[2J=cmd|' /C calc'!A0";

/// Every text of a record is hostile.
pub fn hostile() -> Fake {
    let value = serde_json::to_string(HOSTILE).expect("text");
    let arms = ["[]".to_owned(), value].map(|at| FakeArm {
        axes: vec![at, "-0.5".into()],
        level: 0.15,
        params: 10,
    });
    let mut fake = make(&["model.skip.at", "=HYPERLINK(\"http://x\")"], &arms, 2);
    fake.record.name = HOSTILE.into();
    fake.record.question = HOSTILE.into();
    fake.record.yaml = HOSTILE.into();
    for row in &mut fake.record.trials {
        row.host = "=1+1".into();
        row.metrics.insert(HOSTILE.into(), -0.5);
    }
    for detail in fake.details.values_mut() {
        detail.environment.insert(HOSTILE.into(), HOSTILE.into());
        detail.epochs.insert(HOSTILE, vec![0.5; 20]);
        detail.samples[2].name = HOSTILE.into();
        detail.message = HOSTILE.into();
    }
    fake
}

/// Any arms: the metric is `test.bce`, the baseline `model.skip.at: []`, lower is expected.
pub fn make(axes: &[&str], arms: &[FakeArm], seeds: u64) -> Fake {
    let mut trials = Vec::new();
    let mut details = BTreeMap::new();
    for (point, arm) in arms.iter().enumerate() {
        for seed in 0..seeds {
            let index = trials.len();
            let half = (index as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let id = format!("{half:032x}{half:032x}");
            let last =
                arm.level + 0.002 * noise(seed, 1, 0) + 0.0008 * noise(seed, 2, point as u64);
            trials.push(TrialRow {
                id: id.clone(),
                index,
                seed,
                outcome: Outcome::Completed,
                axes: arm.axes.clone(),
                metrics: [
                    ("test.bce".to_owned(), last),
                    ("test.psnr".to_owned(), 60.0 * (0.5 - last)),
                    ("test.ssim".to_owned(), 1.0 - last),
                ]
                .into(),
                params: arm.params,
                macs: arm.params * 163,
                wall_seconds: 8.0 + arm.params as f64 / 9000.0 + 0.3 * noise(seed, 3, point as u64),
                device: "cpu".into(),
                host: "exp-1-01".into(),
                attempt: 1,
            });
            details.insert(id, detail(axes, arm, seed, last));
        }
    }
    let record = SweepRecord {
        path: PathBuf::from("sweep.h5"),
        name: "fake".into(),
        question: String::new(),
        yaml: "name: fake\nbase:\n  task: denoise\ngrid:\n  model.skip.at: [[], [14]]\nseeds: 8\n"
            .into(),
        ablate_version: "0.1.0".into(),
        git_rev: "21574bb".into(),
        created: "2026-11-23T07:20:00Z".into(),
        axes: axes.iter().map(|&axis| axis.to_owned()).collect(),
        compare: Some(CompareRecord {
            baseline: [("model.skip.at".to_owned(), "[]".to_owned())].into(),
            metric: "test.bce".into(),
            expect: "lower".into(),
            margin: 0.0,
        }),
        trials,
        evaluation_axes: Vec::new(),
        evaluations: Vec::new(),
    };
    Fake { record, details }
}

impl Fake {
    /// Uses every completed trial with one, two and four passes of two rules; after one pass the rule does not matter.
    fn evaluate(&mut self) {
        let axes = self.record.axes.iter().cloned();
        let own = ["iterate.passes", "iterate.rule"].map(String::from);
        self.record.evaluation_axes = axes.chain(own).collect();
        let completed = self
            .record
            .trials
            .iter()
            .filter(|row| row.outcome == Outcome::Completed);
        for trial in completed {
            for (use_number, (passes, rule)) in [
                (1, "null"),
                (2, "\"plain\""),
                (2, "\"renoise\""),
                (4, "\"plain\""),
                (4, "\"renoise\""),
            ]
            .into_iter()
            .enumerate()
            {
                let mut row = trial.clone();
                row.id = format!("{:062x}{:02x}", trial.index + 1, use_number);
                row.axes.extend([passes.to_string(), rule.to_owned()]);
                let worse = if rule == "\"plain\"" { 0.03 } else { 0.01 };
                row.metrics = [(
                    "test.bce".to_owned(),
                    trial.metrics["test.bce"] + worse * f64::from(passes - 1),
                )]
                .into();
                let mut detail = self.details[&trial.id].clone();
                let output = detail.samples.pop().expect("output");
                let fade = |pixel: &u8| (f64::from(*pixel) / f64::from(passes)) as u8;
                detail.samples = vec![Samples {
                    epochs: vec![20],
                    pixels: output.pixels[3 * 16 * 784..].iter().map(fade).collect(),
                    ..output
                }];
                self.details.insert(row.id.clone(), detail);
                self.record.evaluations.push(row);
            }
        }
    }

    /// Gives a trial another end: what such a trial does not leave is taken away.
    pub fn lose(&mut self, index: usize, outcome: Outcome) {
        let row = &mut self.record.trials[index];
        row.outcome = outcome;
        row.metrics.clear();
        match outcome {
            Outcome::Diverged => {
                let detail = self
                    .details
                    .get_mut(&row.id)
                    .expect("every trial has details");
                detail.message = "train_loss became NaN in epoch 3".into();
                detail.samples.clear();
            }
            _ => {
                self.details.remove(&row.id);
                (row.wall_seconds, row.params, row.macs, row.attempt) = (f64::NAN, 0, 0, 0);
                row.host.clear();
            }
        }
    }
}

impl Fake {
    /// Trains every trial beside so many others, in turn: two do 1.6 times the work of one, three twice.
    pub fn share_gpus(&mut self, workers: &[&str]) {
        for (row, workers) in self.record.trials.iter_mut().zip(workers.iter().cycle()) {
            let Some(detail) = self.details.get_mut(&row.id) else {
                continue;
            };
            let told = ("gpu_workers".to_owned(), (*workers).to_owned());
            detail.environment.extend([told]);
            let work = "{\"data.train\":1000,\"train.epochs\":10,";
            detail.config = detail.config.replacen('{', work, 1).replace(",}", "}");
            row.wall_seconds = row.macs as f64 / 1e5
                * match *workers {
                    "1" => 1.0,
                    "2" => 1.25,
                    _ => 1.5,
                };
        }
    }
}

fn detail(axes: &[&str], arm: &FakeArm, seed: u64, last: f64) -> TrialDetail {
    let mut epochs = Table::default();
    for epoch in 1..=EPOCHS {
        let start = 0.35 * (-0.45 * f64::from(epoch)).exp();
        let jitter = 0.0015 * noise(seed, 10 + u64::from(epoch), arm.params);
        epochs.push(&[
            ("epoch", f64::from(epoch)),
            ("train_loss", last - 0.004 + start + jitter),
            (
                "test.bce",
                last + start + if epoch == EPOCHS { 0.0 } else { jitter },
            ),
            ("test.psnr", 60.0 * (0.5 - last - start)),
            ("lr", 1e-3),
            ("seconds", 0.4),
        ]);
    }
    let fields = axes
        .iter()
        .zip(&arm.axes)
        .map(|(axis, value)| format!("\"{axis}\":{value}"));
    let fields = std::iter::once("\"data.dataset\":\"digits\"".to_owned()).chain(fields);
    TrialDetail {
        config: format!("{{{}}}", fields.collect::<Vec<_>>().join(",")),
        environment: [
            ("host", "exp-1-01"),
            ("cpu", "AMD EPYC 7742"),
            ("dispatch", "avx2"),
            ("threads", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        epochs,
        samples: samples(seed, last),
        message: String::new(),
        ended: "2026-11-23T07:20:00Z".into(),
    }
}

/// Sixteen pictures of rings and strokes that stand for digits: noisy, clean, and rebuilt ever better.
fn samples(seed: u64, last: f64) -> Vec<Samples> {
    let ink = |n: usize, y: usize, x: usize| {
        let (dy, dx) = (
            y as f64 - 13.5,
            x as f64 - 13.5 + 0.25 * (y as f64 - 13.5) * noise(n as u64, 4, 4),
        );
        let ring = ((dy / 1.25).hypot(dx) - 6.0).abs() - 1.3;
        let stroke = dx.abs() - 1.5;
        let bar = (dy - 4.0 * noise(n as u64, 5, 5)).abs() - 1.3;
        let distance = match n % 3 {
            0 => ring,
            1 => stroke.max(dy.abs() - 9.0),
            _ => stroke.min(bar).max(dy.abs() - 8.0).max(dx.abs() - 7.0),
        };
        (0.5 - distance).clamp(0.0, 1.0)
    };
    let draw = |name: &str, epochs: Vec<u32>, pixel: &dyn Fn(u32, usize, usize, usize) -> f64| {
        let mut pixels = Vec::new();
        for &epoch in &epochs {
            for n in 0..16 {
                for y in 0..28 {
                    pixels.extend(
                        (0..28).map(|x| (255.0 * pixel(epoch, n, y, x).clamp(0.0, 1.0)) as u8),
                    );
                }
            }
        }
        Samples {
            name: name.into(),
            epochs,
            shape: [16, 28, 28],
            pixels,
        }
    };
    let at = |n: usize, y: usize, x: usize| (n * 784 + y * 28 + x) as u64;
    vec![
        draw("input", vec![0], &|_, n, y, x| {
            ink(n, y, x) + noise(seed, 99, at(n, y, x)).round()
        }),
        draw("target", vec![0], &|_, n, y, x| ink(n, y, x)),
        draw("output", vec![5, 10, 15, 20], &|epoch, n, y, x| {
            let blur =
                (ink(n, y.saturating_sub(1), x) + ink(n, (y + 1).min(27), x) + ink(n, y, x)) / 3.0;
            blur + (last * 1.5 + 1.5 / f64::from(epoch)) * noise(seed, 77, at(n, y, x))
        }),
    ]
}
