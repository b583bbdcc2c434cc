//! Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment").

use super::{Picture, Ratio};
use std::sync::LazyLock;

const TAPS: usize = 11;
const SIGMA: f64 = 1.5;
/// (K1·R)² and (K2·R)² with K1 = 0.01, K2 = 0.03 and range R = 1.
const C1: f64 = 1e-4;
const C2: f64 = 9e-4;

static WINDOW: LazyLock<[f64; TAPS]> = LazyLock::new(|| {
    let weight = |tap| {
        let x = (tap as f64 - (TAPS / 2) as f64) / SIGMA;
        libm::exp(-0.5 * x * x)
    };
    let window: [f64; TAPS] = std::array::from_fn(weight);
    let sum: f64 = window.iter().sum();
    window.map(|weight| weight / sum)
});

/// Mean over the places where the whole window lies inside the image; counts as one image. An image smaller than
/// the window has no such place and is not counted.
pub(super) fn measure(picture: &Picture) -> Ratio {
    let [height, width] = picture.size;
    if height < TAPS || width < TAPS {
        return Ratio::default();
    }
    let wide = |pixels: &[f32]| -> Vec<f64> { pixels.iter().map(|&x| f64::from(x)).collect() };
    let (x, y) = (wide(picture.output), wide(picture.target));
    let mean = |map: &[f64]| blur(map, picture.size);
    let mean_of_product = |a: &[f64], b: &[f64]| {
        let product: Vec<f64> = a.iter().zip(b).map(|(a, b)| a * b).collect();
        mean(&product)
    };
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let square_x = mean_of_product(&x, &x);
    let square_y = mean_of_product(&y, &y);
    let product = mean_of_product(&x, &y);
    let similarity = |at: usize| {
        let (mx, my) = (mean_x[at], mean_y[at]);
        let (var_x, var_y) = (square_x[at] - mx * mx, square_y[at] - my * my);
        let covariance = product[at] - mx * my;
        (2.0 * mx * my + C1) * (2.0 * covariance + C2)
            / ((mx * mx + my * my + C1) * (var_x + var_y + C2))
    };
    Ratio {
        total: (0..mean_x.len()).map(similarity).sum::<f64>() / mean_x.len() as f64,
        count: 1.0,
    }
}

/// Weighted mean under the window at every place where it fits: [height − 10, width − 10], rows then columns. Tap after
/// tap over whole lines, which vectorises.
fn blur(map: &[f64], [height, width]: [usize; 2]) -> Vec<f64> {
    let inner = width + 1 - TAPS;
    let mut rows = vec![0.0; height * inner];
    for (row, sums) in map.chunks(width).zip(rows.chunks_mut(inner)) {
        for (tap, weight) in WINDOW.iter().enumerate() {
            add_weighted(sums, *weight, &row[tap..]);
        }
    }
    let mut blurred = vec![0.0; (height + 1 - TAPS) * inner];
    for (top, sums) in blurred.chunks_mut(inner).enumerate() {
        for (tap, weight) in WINDOW.iter().enumerate() {
            add_weighted(sums, *weight, &rows[(top + tap) * inner..]);
        }
    }
    blurred
}

fn add_weighted(sums: &mut [f64], weight: f64, line: &[f64]) {
    for (sum, x) in sums.iter_mut().zip(line) {
        *sum += weight * x;
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIDE, a, b, c, compare, disk};
    use super::*;

    /// Oracle: science.md §4 (scikit-image's convention: Gaussian weights, population covariance, border cropped).
    #[test]
    fn the_vectors_are_met() {
        for (x, y, expected) in [
            (a(), b(), 0.9944853249),
            (a(), c(), 0.9483419014),
            (disk(1.0), disk(0.0), 0.0026291344),
            (disk(1.0), disk(0.5), 0.6627263566),
            (a(), a(), 1.0),
        ] {
            let found = compare(measure, &x, &y, [SIDE, SIDE]);
            assert!((found - expected).abs() < 1e-7, "{found} {expected}");
        }
    }

    #[test]
    fn an_image_smaller_than_the_window_is_not_counted() {
        assert!(compare(measure, &[0.0; 100], &[0.0; 100], [10, 10]).is_nan());
    }
}
