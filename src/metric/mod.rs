//! Measures of an answer against what is right, one file each: of a [`Picture`], or of a [`Guess`] at a class.
//!
//! Every measure of one image is a [`Ratio`]; many images are pooled by adding ratios, always in image order, so a
//! value does not depend on how the images were cut into pieces. To add a measure: one new file, one variant
//! here or in `guess.rs`.

mod accuracy;
mod bce;
mod cross_entropy;
mod false_off;
mod false_on;
mod frechet;
mod guess;
mod ink;
mod mse;
mod psnr;
mod ssim;

pub use bce::entropy_floor;
pub use frechet::{Cloud, frechet};
pub use guess::{Guess, GuessMetric};

/// When metrics are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At every evaluation.
    Each,
    /// After the last epoch, beside those of every evaluation.
    Last,
    /// All of them, of chosen parameters.
    All,
}

/// Whether a measure, by its name after "test.", is a finite number for every finite answer; the others may find
/// nothing to count (no ink, images below a window).
pub fn is_always_finite(name: &str) -> bool {
    let pictures = Metric::FINITE.map(Metric::name);
    let guesses = GuessMetric::ALL.map(GuessMetric::name);
    pictures.contains(&name) || guesses.contains(&name) || ["loss", "mse"].contains(&name)
}

/// A network's answer for one grey image beside what was wanted; all slices are row-major, `height · width` long.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// What the network said, before the sigmoid.
    pub logits: &'a [f32],
    /// σ(logits), in [0, 1].
    pub output: &'a [f32],
    /// The right image, in [0, 1].
    pub target: &'a [f32],
    /// Height and width.
    pub size: [usize; 2],
}

/// A total and what it is divided by in the end: pixels, images, ink, ….
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratio {
    /// The numerator.
    pub total: f64,
    /// The denominator; 0 when nothing was counted.
    pub count: f64,
}

impl Ratio {
    /// The measure; NaN when nothing was counted.
    pub fn value(self) -> f64 {
        if self.count == 0.0 {
            f64::NAN
        } else {
            self.total / self.count
        }
    }
}

impl std::ops::AddAssign for Ratio {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.count += other.count;
    }
}

/// What can be measured of a picture (science.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Binary cross-entropy, nats a pixel.
    Bce,
    /// Mean squared error.
    Mse,
    /// Peak signal-to-noise ratio, dB, mean over images.
    Psnr,
    /// Mean output over mean target.
    Ink,
    /// Share of dark pixels that came out bright.
    FalseOn,
    /// Share of bright pixels that came out dark.
    FalseOff,
    /// Structural similarity, mean over images.
    Ssim,
}

impl Metric {
    /// Cheap enough for every evaluation; the loss first.
    const EACH: [Self; 6] = [
        Self::Bce,
        Self::Mse,
        Self::Psnr,
        Self::Ink,
        Self::FalseOn,
        Self::FalseOff,
    ];

    /// Measured only after the last epoch.
    const LAST: [Self; 1] = [Self::Ssim];

    /// Finite for every finite answer.
    const FINITE: [Self; 2] = [Self::Bce, Self::Mse];

    /// Those that are due then.
    pub fn due(due: Due) -> Vec<Self> {
        match due {
            Due::Each => Self::EACH.to_vec(),
            Due::Last => Self::LAST.to_vec(),
            Due::All => [&Self::EACH[..], &Self::LAST].concat(),
        }
    }

    /// The name in records, after "test." or "valid.".
    pub fn name(self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Psnr => "psnr",
            Self::Ink => "ink",
            Self::FalseOn => "false_on",
            Self::FalseOff => "false_off",
            Self::Ssim => "ssim",
        }
    }

    /// Measures one image.
    pub fn measure(self, picture: &Picture) -> Ratio {
        match self {
            Self::Bce => bce::measure(picture),
            Self::Mse => mse::measure(picture),
            Self::Psnr => psnr::measure(picture),
            Self::Ink => ink::measure(picture),
            Self::FalseOn => false_on::measure(picture),
            Self::FalseOff => false_off::measure(picture),
            Self::Ssim => ssim::measure(picture),
        }
    }
}

/// The share of the pixels with a `counted` target whose output has `crossed` over, as counts; NaN when an output that
/// counts is NaN.
fn crossings(picture: &Picture, counted: fn(f32) -> bool, crossed: fn(f32) -> bool) -> Ratio {
    let mut ratio = Ratio::default();
    for (&output, &target) in picture.output.iter().zip(picture.target) {
        if counted(target) {
            ratio.count += 1.0;
            if output.is_nan() {
                ratio.total = f64::NAN;
            } else if crossed(output) {
                ratio.total += 1.0;
            }
        }
    }
    ratio
}

#[cfg(test)]
mod vectors {
    //! The 28×28 images of science.md §4, and close comparison.

    use super::{Picture, Ratio};

    pub(super) const SIDE: usize = 28;

    fn image(pixel: impl Fn(usize, usize) -> f64) -> Vec<f32> {
        (0..SIDE * SIDE)
            .map(|at| pixel(at / SIDE, at % SIDE) as f32)
            .collect()
    }

    fn a_pixel(i: usize, j: usize) -> f64 {
        ((7 * i + 13 * j) % 32) as f64 / 31.0
    }

    pub(super) fn a() -> Vec<f32> {
        image(a_pixel)
    }

    pub(super) fn b() -> Vec<f32> {
        image(|i, j| 0.9 * a_pixel(i, j) + 0.05)
    }

    pub(super) fn c() -> Vec<f32> {
        image(|i, j| {
            let shift = (((5 * i + 3 * j) % 7) as f64 - 3.0) / 20.0;
            (a_pixel(i, j) + shift).clamp(0.0, 1.0)
        })
    }

    pub(super) fn disk(level: f64) -> Vec<f32> {
        image(|i, j| {
            let (y, x) = (i as f64 - 13.5, j as f64 - 13.5);
            if y * y + x * x < 64.0 { level } else { 0.0 }
        })
    }

    /// Measures `output` against `target`, for measures that do not look at logits.
    pub(super) fn compare(
        measure: fn(&Picture) -> Ratio,
        output: &[f32],
        target: &[f32],
        size: [usize; 2],
    ) -> f64 {
        let logits = &[];
        measure(&Picture {
            logits,
            output,
            target,
            size,
        })
        .value()
    }

    /// Pixels are f32, so values agree to about 1e-7 relative.
    pub(super) fn assert_close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 2e-7 * expected.abs(),
            "found {found}, expected {expected}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_weighs_by_what_was_counted() {
        let mut pooled = Ratio {
            total: 1.0,
            count: 1.0,
        };
        pooled += Ratio {
            total: 0.0,
            count: 3.0,
        };
        assert_eq!(pooled.value(), 0.25);
        assert!(Ratio::default().value().is_nan());
    }
}
