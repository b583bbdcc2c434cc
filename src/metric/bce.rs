//! Binary cross-entropy, nats a pixel.

use super::{Picture, Ratio};

/// Terms whose product is taken before one logarithm; each lies in [1, 2], so 512 of them stay below 2^1023.
const TERMS: usize = 512;

/// Σ max(z, 0) − z·y + ln(1 + e^{−|z|}) over the pixels: the stable form, from logits.
///
/// The logarithms are taken together, Σ ln(1+e) = ln Π(1+e): one for 512 pixels, exact to about 1e-13.
pub(super) fn measure(picture: &Picture) -> Ratio {
    let mut total = 0.0;
    for (logits, targets) in picture
        .logits
        .chunks(TERMS)
        .zip(picture.target.chunks(TERMS))
    {
        let mut product = 1.0;
        for (&logit, &target) in logits.iter().zip(targets) {
            let (z, y) = (f64::from(logit), f64::from(target));
            total += z.max(0.0) - z * y;
            product *= 1.0 + libm::exp(-z.abs());
        }
        total += libm::log(product);
    }
    Ratio {
        total,
        count: picture.target.len() as f64,
    }
}

/// Mean binary cross-entropy of probabilities, each logarithm clamped at −100.
fn from_probabilities(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let log = |x| libm::log(x).max(-100.0);
    let mut mean = Ratio::default();
    for (p, y) in pairs {
        mean += Ratio {
            total: -(y * log(p) + (1.0 - y) * log(1.0 - p)),
            count: 1.0,
        };
    }
    mean.value()
}

/// The lowest mean cross-entropy that any answer can reach against these grey targets: their own entropy, nats a pixel.
pub fn entropy_floor(targets: &[f32]) -> f64 {
    from_probabilities(targets.iter().map(|&y| (f64::from(y), f64::from(y))))
}

#[cfg(test)]
mod tests {
    use super::super::vectors::assert_close;
    use super::*;

    fn of_logits(logits: &[f32], target: &[f32]) -> f64 {
        let (output, size) = (&[][..], [1, target.len()]);
        measure(&Picture {
            logits,
            output,
            target,
            size,
        })
        .value()
    }

    /// Oracle: science.md §4, computed in float64 from the formula.
    #[test]
    fn probabilities_match_the_vector_and_are_clamped() {
        let p = [0.1, 0.5, 0.9, 0.999, 0.0, 1.0];
        let y = [0.0, 0.25, 1.0, 1.0, 0.0, 1.0];
        assert_close(from_probabilities(p.into_iter().zip(y)), 0.150811452035);
        assert_eq!(from_probabilities([(0.0, 1.0)].into_iter()), 100.0);
    }

    /// Oracle: the form from probabilities, p = σ(z).
    #[test]
    fn logits_and_probabilities_agree() {
        let logits: Vec<f32> = (0..1500)
            .map(|i| ((i * 37) % 161) as f32 / 10.0 - 8.0)
            .collect();
        let target: Vec<f32> = (0..1500).map(|i| ((i * 13) % 256) as f32 / 255.0).collect();
        let pairs = logits.iter().zip(&target);
        let pairs = pairs.map(|(&z, &y)| (1.0 / (1.0 + (-f64::from(z)).exp()), f64::from(y)));
        let (found, expected) = (of_logits(&logits, &target), from_probabilities(pairs));
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn extreme_logits_stay_finite() {
        assert_eq!(of_logits(&[1e4, -1e4], &[0.0, 1.0]), 1e4);
        assert_eq!(of_logits(&[1e4, -1e4], &[1.0, 0.0]), 0.0);
    }

    #[test]
    fn black_and_white_targets_have_no_floor() {
        assert_eq!(entropy_floor(&[0.0, 1.0, 1.0]), 0.0);
        assert_close(entropy_floor(&[0.5]), std::f64::consts::LN_2);
    }
}
