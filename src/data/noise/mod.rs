//! Corruption: x → clip(x + noise, 0, 1). Every image has a stream of its own, so its noise depends neither on how
//! many images there are nor on the arm. One file a kind; a new kind is one more and its match arm.

mod gaussian;
mod rounded_normal;
mod salt_pepper;
mod uniform_walk;

use super::{Images, Split};
use crate::config::{NoiseConfig, NoiseKind};
use crate::seed::{Key, Stream};

/// Corrupts every image by its own stream, keyed by (seed, split, draw, image). `draw` is 0 for noise that is
/// drawn once and 1 + epoch for fresh noise.
pub fn corrupt(
    config: &NoiseConfig,
    seed: u64,
    split: Split,
    draw: u64,
    images: &Images,
) -> Images {
    let key = Key::new(seed, "noise").text(split.name()).number(draw);
    let mut noisy = images.clone();
    let images = noisy.pixels.chunks_mut((images.h * images.w).max(1));
    for (index, image) in images.enumerate() {
        corrupt_one(
            config,
            &mut key.clone().number(index as u64).stream(),
            image,
        );
    }
    noisy
}

/// Corrupts one image by this stream.
pub fn corrupt_one(config: &NoiseConfig, stream: &mut Stream, image: &mut [f32]) {
    match config.kind {
        NoiseKind::SaltPepper => salt_pepper::corrupt(image, stream),
        NoiseKind::UniformWalk => {
            uniform_walk::corrupt(image, stream, config.rounds, config.amplitude as f32);
        }
        NoiseKind::Gaussian => gaussian::corrupt(image, stream, config.sigma),
        NoiseKind::RoundedNormal => rounded_normal::corrupt(image, stream),
        NoiseKind::Clean => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(n: usize, value: f32) -> Images {
        Images {
            n,
            h: 28,
            w: 28,
            pixels: vec![value; n * 784],
        }
    }

    fn config(kind: NoiseKind) -> NoiseConfig {
        NoiseConfig {
            kind,
            ..NoiseConfig::default()
        }
    }

    fn noisy(config: &NoiseConfig, images: &Images) -> Vec<f32> {
        corrupt(config, 7, Split::Train, 0, images).pixels
    }

    fn moments(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = values
            .iter()
            .map(|&x| (f64::from(x) - mean).powi(2))
            .sum::<f64>()
            / n;
        (mean, variance)
    }

    /// Oracle: P(−1, 0, +1) = ¼, ½, ¼. 78,400 draws: the standard error of a frequency is below 0.0018.
    #[test]
    fn salt_and_pepper_fall_with_a_quarter_each() {
        let pixels = noisy(&config(NoiseKind::SaltPepper), &grey(100, 0.3));
        let share = |value: f32| {
            pixels.iter().filter(|&&x| x == value).count() as f64 / pixels.len() as f64
        };
        for (value, expected) in [(0.0, 0.25), (0.3, 0.5), (1.0, 0.25)] {
            assert!(
                (share(value) - expected).abs() < 0.008,
                "{value}: {}",
                share(value)
            );
        }
    }

    /// Oracle: a sum of k draws of U(−a, a) has variance k·a²/3; a is small enough that nothing is clipped.
    #[test]
    fn a_walk_has_the_variance_of_its_steps() {
        let walk = NoiseConfig {
            amplitude: 0.02,
            ..config(NoiseKind::UniformWalk)
        };
        let (mean, variance) = moments(&noisy(&walk, &grey(100, 0.5)));
        let expected = 16.0 * 0.02f64.powi(2) / 3.0;
        assert!((mean - 0.5).abs() < 1e-3, "{mean}");
        assert!(
            (variance / expected - 1.0).abs() < 0.03,
            "{variance} {expected}"
        );
    }

    /// Oracle: from 0 one clipped step is max(0, U(−a, a)), whose mean is a/4; without clipping it would be 0.
    #[test]
    fn a_walk_is_clipped_in_every_round() {
        let step = NoiseConfig {
            rounds: 1,
            ..config(NoiseKind::UniformWalk)
        };
        let (mean, _) = moments(&noisy(&step, &grey(100, 0.0)));
        assert!((mean - 0.05).abs() < 0.001, "{mean}");
        // Clipped only once at the end, 16 steps from 0 would have the mean √(16·a²/3 / 2π) ≈ 0.184.
        let (mean, _) = moments(&noisy(&config(NoiseKind::UniformWalk), &grey(100, 0.0)));
        assert!(mean > 0.25, "{mean}");
    }

    /// Oracle: the moments of N(0, sigma²).
    #[test]
    fn gaussian_noise_has_its_moments_and_is_clipped() {
        let small = NoiseConfig {
            sigma: 0.05,
            ..config(NoiseKind::Gaussian)
        };
        let (mean, variance) = moments(&noisy(&small, &grey(100, 0.5)));
        assert!((mean - 0.5).abs() < 1e-3, "{mean}");
        assert!((variance / 0.0025 - 1.0).abs() < 0.03, "{variance}");
        let large = NoiseConfig {
            sigma: 3.0,
            ..config(NoiseKind::Gaussian)
        };
        let pixels = noisy(&large, &grey(1, 0.5));
        assert!(pixels.iter().all(|x| (0.0..=1.0).contains(x)));
        assert!(pixels.contains(&0.0) && pixels.contains(&1.0));
    }

    #[test]
    fn an_images_noise_does_not_depend_on_how_many_there_are() {
        for &kind in NoiseKind::ALL {
            let (few, many) = (grey(2, 0.4), grey(5, 0.4));
            assert_eq!(
                noisy(&config(kind), &few),
                noisy(&config(kind), &many)[..2 * 784]
            );
        }
    }

    #[test]
    fn seeds_splits_draws_and_images_have_streams_of_their_own() {
        // Clean images have no noise to draw.
        let noisy = NoiseKind::ALL
            .iter()
            .filter(|kind| **kind != NoiseKind::Clean);
        for &kind in noisy {
            let draw =
                |seed, split, draw| corrupt(&config(kind), seed, split, draw, &grey(2, 0.5)).pixels;
            let fixed = draw(1, Split::Train, 0);
            assert_eq!(fixed, draw(1, Split::Train, 0));
            assert_ne!(fixed, draw(2, Split::Train, 0));
            assert_ne!(fixed, draw(1, Split::Valid, 0));
            assert_ne!(fixed, draw(1, Split::Test, 0));
            assert_ne!(fixed, draw(1, Split::Train, 1));
            assert_ne!(fixed[..784], fixed[784..]);
        }
    }

    #[test]
    fn no_images_are_no_work() {
        let none = Images::default();
        assert_eq!(
            corrupt(&config(NoiseKind::Gaussian), 1, Split::Valid, 0, &none),
            none
        );
    }
}
