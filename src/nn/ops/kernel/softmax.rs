//! e^x / Σe^x of a row, and its gradient, in place. Sums are taken in f64 by sixteen, in a fixed order.

use crate::nn::ops::exponential::exp_of_negative;

const LANES: usize = 16;

/// Folds the pairs of a[i] and b[i] into sixteen numbers, of which each takes every sixteenth pair.
#[inline(always)]
fn fold<T: Copy>(start: T, a: &[f32], b: &[f32], step: impl Fn(T, f32, f32) -> T) -> [T; LANES] {
    let mut lanes = [start; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for at in 0..LANES {
            lanes[at] = step(lanes[at], a[at], b[at]);
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane = step(*lane, a, b);
    }
    lanes
}

/// Takes the place of `row`. NaN, or +∞, which has no place in a sum of probabilities, makes all of it NaN.
#[inline(always)]
pub fn softmax(row: &mut [f32]) {
    let lanes = fold(
        f32::NEG_INFINITY,
        row,
        row,
        |most, x, _| if x > most { x } else { most },
    );
    let largest = lanes.into_iter().fold(f32::NEG_INFINITY, f32::max);
    for x in &mut *row {
        *x = exp_of_negative(*x - largest);
    }
    let sums = fold(0.0, row, row, |sum, x, _| sum + f64::from(x));
    let share = (1.0 / sums.iter().sum::<f64>()) as f32;
    for x in row {
        *x *= share;
    }
}

/// The gradient before, s·(g − Σ s·g), in the place of that after, `gradient`; `out` is what [`softmax`] gave.
#[inline(always)]
pub fn back(out: &[f32], gradient: &mut [f32]) {
    let products = |sum, s, g| sum + f64::from(s) * f64::from(g);
    let mean = fold(0.0, out, gradient, products).iter().sum::<f64>() as f32;
    for (g, s) in gradient.iter_mut().zip(out) {
        *g = s * (*g - mean);
    }
}
