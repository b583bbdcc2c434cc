//! Diffusion: what is fed and wanted, what an all-knowing network scores and generates, and latents (science.md R10, R11).

use crate::fake::{Knows, SEED, assert_close, fed, numbers, splits};
use ablate::config::{
    Arch, Init, Latent, ModelConfig, NoiseSchedule, Sampler, Space, Stride, Target, TaskKind,
    TrialConfig, Variance, Weighting,
};
use ablate::data::{Images, Split, Splits};
use ablate::diffusion::Process;
use ablate::metric::{Due, Ratio};
use ablate::model::{LATENT_CHANNELS, Model};
use ablate::nn::ops::sigmoid;
use ablate::task::{Network, Support, Task, build};
use candle_core::{Device, Tensor};

/// Of images, and of the canvas they are padded to: one row and column before them, two behind.
const SIDE: usize = 6;
const CANVAS: usize = 9;
const SIZE: usize = CANVAS * CANVAS;
const TIMESTEPS: usize = 30;

fn config(target: Target) -> TrialConfig {
    let mut config = TrialConfig {
        task: TaskKind::Diffuse,
        ..TrialConfig::default()
    };
    config.model.arch = Arch::Unet;
    let diffusion = &mut config.diffusion;
    (diffusion.timesteps, diffusion.canvas) = (TIMESTEPS, Some(CANVAS));
    (diffusion.schedule, diffusion.target) = (NoiseSchedule::Cosine, target);
    config.generate.images = 0;
    config
}

fn task<'a>(
    config: &'a TrialConfig,
    splits: &'a Splits,
    support: &'a Support,
) -> Box<dyn Task + 'a> {
    build(config, SEED, splits, support).expect("a task")
}

/// Images on [−1, 1] in the middle of black canvases.
fn canvases(images: &Images) -> Vec<f32> {
    let mut out = Vec::new();
    for image in images.pixels.chunks(SIDE * SIDE) {
        for (y, x) in (0..CANVAS).flat_map(|y| (0..CANVAS).map(move |x| (y, x))) {
            let inside = (1..=SIDE).contains(&y) && (1..=SIDE).contains(&x);
            out.push(match inside {
                true => 2.0 * image[(y - 1) * SIDE + x - 1] - 1.0,
                false => -1.0,
            });
        }
    }
    out
}

/// The right answers, of x_t and the images x0 that it was made of.
fn right<'a>(
    config: &TrialConfig,
    clean: &'a [f32],
) -> impl Fn(&[f32], &[usize]) -> Vec<f32> + use<'a> {
    let process = Process::new(&config.diffusion);
    move |x, timesteps| {
        let size = x.len() / timesteps.len();
        let answer = |at: usize| {
            let (t, x0) = (timesteps[at / size], clean[at]);
            let noised = process.noised(t);
            let noise = (f64::from(x[at]) - noised.0 * f64::from(x0)) / noised.1;
            process.wanted(t).of(x0, noise as f32) as f32
        };
        (0..x.len()).map(answer).collect()
    }
}

fn zeros(x: &[f32], _: &[usize]) -> Vec<f32> {
    vec![0.0; x.len()]
}

#[test]
fn who_knows_image_and_noise_has_no_loss() {
    let splits = splits(5, 12, SIDE);
    let clean = canvases(&splits.train);
    let tests = canvases(&splits.test);
    for &target in Target::ALL {
        for weighting in [Weighting::Uniform, Weighting::MinSnr] {
            let mut config = config(target);
            config.diffusion.weighting = weighting;
            let mut task = task(&config, &splits, Support::NONE);
            task.begin_epoch(3);
            assert_eq!((task.examples(), task.elements()), (5, SIZE));
            let loss = |network: &dyn Network| {
                let loss = task.loss(network, &[0, 1, 2, 3, 4]).expect("a loss");
                f64::from(loss.to_scalar::<f32>().expect("a scalar")) / (5 * SIZE) as f64
            };
            let (known, ignored) = (
                loss(&Knows::new(right(&config, &clean))),
                loss(&Knows::new(zeros)),
            );
            assert!(
                ignored > 1e-2 && known < 1e-7 * ignored,
                "{target:?}: {known} of {ignored}"
            );
            let total = |network: &dyn Network| {
                let found = task.measure(network, Split::Test, 0..12, Due::Each);
                let found = found.expect("measures");
                found
                    .iter()
                    .step_by(11)
                    .map(|ratio| ratio.total)
                    .sum::<f64>()
            };
            let (known, ignored) = (
                total(&Knows::new(right(&config, &tests))),
                total(&Knows::new(zeros)),
            );
            assert!(
                ignored > 1e-2 && known < 1e-7 * ignored,
                "{target:?}: {known} of {ignored}"
            );
        }
    }
}

/// The gradient of a squared error at an answer of 0 is −2 times what was wanted.
fn wanted(task: &dyn Task, example: usize, shape: [usize; 3]) -> Vec<f32> {
    let [height, width, channels] = shape;
    let (_, gradient) = fed(task, example, &[1, height, width, channels]);
    gradient.iter().map(|slope| -0.5 * slope).collect()
}

#[test]
fn images_lie_in_the_middle_of_a_black_canvas() {
    let splits = splits(2, 1, SIDE);
    let config = config(Target::X0);
    let task = task(&config, &splits, Support::NONE);
    let right = canvases(&splits.train);
    for (example, right) in right.chunks(SIZE).enumerate() {
        let found = wanted(&*task, example, [CANVAS, CANVAS, 1]);
        assert_close("x0", &found, right, 1e-6);
    }
}

#[test]
fn who_knows_the_image_generates_it_by_every_sampler() {
    let splits = splits(1, 3, SIDE);
    let clean = canvases(&splits.test);
    for &target in Target::ALL {
        for (sampler, eta, stride) in [
            (Sampler::Ddim, 0.0, Stride::Trailing),
            (Sampler::Ddim, 0.0, Stride::Leading),
            (Sampler::Ddim, 1.0, Stride::Trailing),
            (Sampler::Ddpm, 0.0, Stride::Trailing),
        ] {
            let mut config = config(target);
            let generate = &mut config.generate;
            (generate.sampler, generate.eta, generate.stride) = (sampler, eta, stride);
            generate.steps = 7;
            let task = task(&config, &splits, Support::NONE);
            let oracle = Knows::new(right(&config, &clean));
            let made = task.generate(&oracle, 0..3).expect("images");
            assert_close("the images", &made, &splits.test.pixels, 1e-4);
            let asked = oracle.asked();
            assert_eq!(
                asked.len(),
                match sampler {
                    Sampler::Ddim => 7,
                    Sampler::Ddpm => TIMESTEPS,
                }
            );
            assert!(asked.iter().all(|(_, at)| at.len() == 3));
        }
    }
}

#[test]
fn a_generated_image_depends_on_its_number_and_not_on_those_beside_it() {
    let splits = splits(1, 1, SIDE);
    let mut config = config(Target::V);
    (config.generate.eta, config.generate.steps) = (1.0, 4);
    let task = task(&config, &splits, Support::NONE);
    let half = Knows::new(|x: &[f32], _: &[usize]| x.iter().map(|x| 0.5 * x).collect());
    let of = |range| task.generate(&half, range).expect("images");
    let whole = of(0..40);
    assert_eq!(whole.len(), 40 * SIDE * SIDE);
    assert_eq!([of(0..3), of(3..23), of(23..40)].concat(), whole);
    let image = |at: usize| &whole[at * SIDE * SIDE..][..SIDE * SIDE];
    assert_ne!(image(0), image(1));
    assert!(whole.iter().all(|x| (0.0..=1.0).contains(x)));
}

fn total(ratios: impl Iterator<Item = Ratio>) -> Ratio {
    let mut sum = Ratio::default();
    ratios.for_each(|ratio| sum += ratio);
    sum
}

#[test]
fn every_tenth_of_the_timesteps_is_measured_alike() {
    let splits = splits(1, 40, SIDE);
    for (timesteps, most) in [(TIMESTEPS, 3), (1000, 100), (7, 1)] {
        let mut config = config(Target::Epsilon);
        config.diffusion.timesteps = timesteps;
        let task = task(&config, &splits, Support::NONE);
        let network = Knows::new(zeros);
        let ratios = task
            .measure(&network, Split::Test, 0..40, Due::Each)
            .expect("measures");
        let timesteps_of: Vec<usize> = network.asked().into_iter().flat_map(|(_, at)| at).collect();
        assert_eq!(timesteps_of.len(), 40);
        for (image, &t) in timesteps_of.iter().enumerate() {
            let first = image % 10 * timesteps / 10;
            assert!((first..first + most).contains(&t), "image {image} at {t}");
        }
        let rows: Vec<&[Ratio]> = ratios.chunks(11).collect();
        let whole = total(rows.iter().map(|row| row[0]));
        assert_eq!(whole.count, 40.0);
        for tenth in 1..=10 {
            let part = total(rows.iter().map(|row| row[tenth]));
            assert_eq!(part.count, 4.0);
            let own = total(rows.iter().skip(tenth - 1).step_by(10).map(|row| row[0]));
            assert_eq!(part, own);
        }
    }
}

#[test]
fn bits_are_finite_and_fewer_for_who_knows_more() {
    let splits = splits(1, 3, SIDE);
    let clean = canvases(&splits.test);
    let mut config = config(Target::V);
    config.diffusion.bits_images = 2;
    let task = task(&config, &splits, Support::NONE);
    assert_eq!(task.metrics(Due::Last), ["bits"]);
    let bits = |network: &dyn Network, image: usize| {
        let found = task.measure(network, Split::Test, image..image + 1, Due::Last);
        found.expect("measures")[0].value()
    };
    for image in [0, 1] {
        // Asked for one image at many timesteps.
        let repeated = clean[image * SIZE..][..SIZE].repeat(16);
        let (known, ignored) = (
            bits(&Knows::new(right(&config, &repeated)), image),
            bits(&Knows::new(zeros), image),
        );
        assert!(known.is_finite() && ignored.is_finite());
        assert!(
            0.0 < known && known < 0.5 * ignored,
            "{known} and {ignored}"
        );
    }
    assert!(bits(&Knows::new(zeros), 2).is_nan(), "beyond bits_images");
}

/// Oracle: central differences. The second half of the answer is learned by the bound alone, and the bound moves nothing
/// else.
#[test]
fn the_learned_variance_is_trained_by_the_bound() {
    let splits = splits(1, 1, SIDE);
    let mut config = config(Target::Epsilon);
    config.diffusion.variance = Variance::Learned;
    let mut task = task(&config, &splits, Support::NONE);
    let mut moved = 0;
    for epoch in 0..30 {
        task.begin_epoch(epoch);
        let loss = |u: f32| {
            let answer = move |x: &[f32], _: &[usize]| x.iter().flat_map(|_| [0.0, u]).collect();
            let loss = task.loss(&Knows::new(answer), &[0]).expect("a loss");
            f64::from(loss.to_scalar::<f32>().expect("a scalar"))
        };
        let step = 0.05;
        let slope = (loss(step) - loss(-step)) / (2.0 * f64::from(step));
        let (_, gradient) = fed(&*task, 0, &[1, CANVAS, CANVAS, 2]);
        let found: f64 = gradient
            .iter()
            .skip(1)
            .step_by(2)
            .map(|g| f64::from(*g))
            .sum();
        assert!(
            (found - slope).abs() < 1e-2 * slope.abs() + 2e-4,
            "{found} instead of {slope}"
        );
        moved += usize::from(slope.abs() > 0.1);
        // Alone, the first half has the gradient of the squared error: as without a second half.
        let mut plain = config.clone();
        plain.diffusion.variance = Variance::FixedSmall;
        let mut plain = build(&plain, SEED, &splits, Support::NONE).expect("a task");
        plain.begin_epoch(epoch);
        let (_, right) = fed(&*plain, 0, &[1, CANVAS, CANVAS, 1]);
        let first: Vec<f32> = gradient.iter().step_by(2).copied().collect();
        assert_eq!(first, right);
    }
    assert!(moved > 0, "somewhere the variance matters");
}

fn codec() -> Model {
    let config = ModelConfig {
        latent: Latent::Linear,
        ..ModelConfig::default()
    };
    Model::new(&config, [12, 12], Init::Keras, 3).expect("an autoencoder")
}

#[test]
fn latents_have_mean_0_and_deviation_1_and_lead_back_to_images() {
    let splits = splits(6, 1, 12);
    let support = Support {
        codec: Some(codec()),
        judge: None,
    };
    let mut config = config(Target::X0);
    (config.diffusion.space, config.diffusion.canvas) = (Space::Latent, None);
    let task = task(&config, &splits, &support);
    let shape = [8, 8, LATENT_CHANNELS];
    assert_eq!(task.elements(), 8 * 8 * LATENT_CHANNELS);
    let latents: Vec<Vec<f32>> = (0..6).map(|image| wanted(&*task, image, shape)).collect();
    // 3×3 in the middle of 8×8, zeros around them.
    let inside = |at: usize| {
        let (y, x) = (at / LATENT_CHANNELS / 8, at / LATENT_CHANNELS % 8);
        (2..5).contains(&y) && (2..5).contains(&x)
    };
    for channel in 0..LATENT_CHANNELS {
        let mut values = Vec::new();
        for latents in &latents {
            for (at, value) in latents.iter().enumerate() {
                if inside(at) && at % LATENT_CHANNELS == channel {
                    values.push(f64::from(*value));
                }
            }
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert_eq!(values.len(), 6 * 9);
        assert!(
            mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4,
            "{mean} {variance}"
        );
    }
    let outside =
        |latents: &Vec<f32>| (0..latents.len()).all(|at| inside(at) || latents[at] == 0.0);
    assert!(latents.iter().all(outside));
    let largest = latents
        .iter()
        .flatten()
        .fold(0.0, |a: f32, b| a.max(b.abs()));
    assert!(largest > 1.5, "clipping to the range of images would show");
    // Oracle: the autoencoder itself.
    let all = latents.concat();
    let oracle = Knows::new(right(&config, &all));
    let made = task.generate(&oracle, 0..6).expect("images");
    let images =
        Tensor::from_slice(&splits.train.pixels, (6, 12, 12, 1), &Device::Cpu).expect("a map");
    let codec = codec();
    let back = codec
        .encode(&images)
        .and_then(|latents| codec.decode(&latents));
    let back = sigmoid(&back.expect("images that fit")).expect("numbers");
    assert_close("the images", &made, &numbers(&back), 1e-4);
}
