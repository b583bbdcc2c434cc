//! What the tests of diffusion share, and the whole of it against NumPy (tests/vectors/make_diffusion.py).

use super::{Bound, Hop, Process, Seen, Timestep, Trajectory};
use crate::config::{
    Clip, DiffusionConfig, NoiseSchedule, Rescale, Sampler, Target, Terminal, TrialConfig,
    Variance, Weighting,
};
use serde_json::{Value, json};

/// Published settings but for schedule and T.
pub(super) fn process(schedule: NoiseSchedule, timesteps: usize) -> DiffusionConfig {
    DiffusionConfig {
        schedule,
        timesteps,
        ..DiffusionConfig::default()
    }
}

/// Fails unless `found` rounds to the decimal number `printed`, give or take one in its last digit.
pub(super) fn agrees(found: f64, printed: &str) {
    let right: f64 = printed.parse().expect("a number");
    let (digits, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    let places = digits
        .split_once('.')
        .map_or(0, |(_, after)| after.len() as i32);
    let exponent: i32 = exponent.parse().expect("an exponent");
    let unit = if right == 0.0 {
        0.0
    } else {
        10_f64.powi(exponent - places)
    };
    assert!(
        (found - right).abs() <= unit,
        "found {found:e}, wanted {printed}"
    );
}

/// Oracle: NumPy and PyTorch in f64, written from the papers and checked against diffusers (tests/vectors/make_diffusion.py).
#[test]
fn everything_is_numpys() {
    let text = include_str!("../../tests/vectors/diffusion.json");
    let file: Value = serde_json::from_str(text).expect("JSON");
    let cases = file["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 20);
    for case in cases {
        let mut config = TrialConfig::default();
        let diffusion = &mut config.diffusion;
        diffusion.schedule = named(NoiseSchedule::ALL, NoiseSchedule::name, &case["schedule"]);
        diffusion.terminal = named(Terminal::ALL, Terminal::name, &case["terminal"]);
        diffusion.timesteps = case["timesteps"].as_u64().expect("T") as usize;
        diffusion.rescale = Rescale::ByTimesteps;
        diffusion.weighting = Weighting::MinSnr;
        diffusion.gamma = file["gamma"].as_f64().expect("γ");
        for step in case["steps"].as_array().expect("steps") {
            compare(&mut config, step);
        }
    }
}

fn compare(config: &mut TrialConfig, step: &Value) {
    let t = step["t"].as_u64().expect("t") as usize;
    let to = step["to"].as_u64().map(|to| to as usize);
    let [x0, noise, x, answer, estimate, u, z] =
        ["x0", "noise", "x", "answer", "estimate", "u", "z"].map(|name| images(&step[name]));
    let place = format!("{:?} {t}", config.diffusion);
    config.generate.eta = step["eta"].as_f64().expect("η");
    config.generate.clip = named(Clip::ALL, Clip::name, &step["clip"]);
    let learned = named(Variance::ALL, Variance::name, &step["variance"]);

    config.diffusion.variance = Variance::Learned;
    let process = Process::new(&config.diffusion);
    let Timestep {
        beta,
        alpha_bar,
        alpha_bar_before,
        variance,
        c1,
        c2,
        snr,
        ..
    } = process.schedule.at(t);
    let table = [beta, alpha_bar, alpha_bar_before, variance, c1, c2, snr];
    near(&table, &step["table"], 1e-10, &place);
    let mut out = [0.0; PIXELS];
    process.noised(t).fill(&x0, &noise, &mut out);
    near(&out.map(f64::from), &step["noised"], ROUNDING, &place);
    let bound = Bound::new(&process, t, &x0, &estimate, &u);
    near(&[bound.nats()], &json!([step["nats"]]), 1e-8, &place);
    bound.slopes(&mut out);
    near(&out.map(f64::from), &step["slopes"], ROUNDING, &place);

    config.diffusion.variance = learned;
    let targets = step["targets"].as_object().expect("targets");
    assert_eq!(targets.len(), if alpha_bar == 0.0 { 3 } else { 4 });
    for (target, right) in targets {
        config.diffusion.target = named(Target::ALL, Target::name, &json!(target));
        let process = Process::new(&config.diffusion);
        let place = format!("{target} {place}");
        for (mix, [a, b], name) in [
            (process.wanted(t), [&x0, &noise], "wanted"),
            (process.clean(t), [&answer, &x], "clean"),
            (process.noise(t), [&answer, &x], "implied_noise"),
        ] {
            mix.fill(a, b, &mut out);
            near(
                &out.map(f64::from),
                &right[name],
                ROUNDING,
                &format!("{name} {place}"),
            );
        }
        near(
            &[process.weight(t)],
            &json!([right["weight"]]),
            1e-9,
            &place,
        );
        for (sampler, to) in [(Sampler::Ddim, to), (Sampler::Ddpm, t.checked_sub(1))] {
            config.generate.sampler = sampler;
            let seen = Seen {
                x: &x,
                answer: &answer,
                u: &u,
            };
            Trajectory::new(&process, config).step(Hop { from: t, to }, seen, &z, &mut out);
            let name = sampler.name();
            near(
                &out.map(f64::from),
                &right[name],
                ROUNDING,
                &format!("{name} {place}"),
            );
        }
    }
}

const PIXELS: usize = 2;
/// Relative, of f32.
const ROUNDING: f64 = 1e-6;

fn near(found: &[f64], right: &Value, room: f64, place: &str) {
    let right = right.as_array().expect("a list");
    assert_eq!(found.len(), right.len());
    for (found, right) in found.iter().zip(right) {
        let right = right.as_f64().expect("a number");
        let off = (found - right).abs();
        assert!(
            off <= room * right.abs() + 1e-15,
            "{place}: {found:e}, wanted {right:e}"
        );
    }
}

fn images(list: &Value) -> [f32; PIXELS] {
    [0, 1].map(|pixel| list[pixel].as_f64().expect("a number") as f32)
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, wanted: &Value) -> T {
    let found = all
        .iter()
        .find(|one| name(**one) == wanted.as_str().expect("a name"));
    *found.expect("a known name")
}
