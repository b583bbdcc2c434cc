//! Between weights [3, 3, in, out] and factors.

use super::transform::{both, weights, weights_adjoint};
use crate::nn::ops::kernel::lanes::Simd;
use crate::nn::ops::kernel::panels::panel_offset;
use crate::nn::ops::kernel::vectors::{read, write};

/// The factors of some rows of weights, as [`Panels`](crate::nn::ops::kernel::panels::Panels): one after the other for
/// every frequency, [rows, columns] each. `row(tap, at)` is the row of `columns` weights of a tap.
#[inline(always)]
pub fn to_factors<'a, S: Simd, const N: usize>(
    simd: S,
    rows: usize,
    columns: usize,
    row: impl Fn(usize, usize) -> &'a [f32],
) -> Vec<f32> {
    let size = rows * columns.next_multiple_of(S::LANES);
    let mut factors = vec![0.0; N * N * size];
    for at in 0..rows {
        let mut taps = [&[][..]; 9];
        for (tap, slot) in taps.iter_mut().enumerate() {
            *slot = row(tap, at);
        }
        for column in (0..columns).step_by(S::LANES) {
            let mut g = [[simd.splat(0.0); 3]; 3];
            for (g, tap) in g.iter_mut().flatten().zip(taps) {
                *g = read(simd, tap, column);
            }
            let u = both(simd, g, weights::<S, N>);
            let offset = panel_offset::<S>(rows, columns, at, column);
            for (frequency, u) in u.iter().flatten().enumerate() {
                write(simd, &mut factors, frequency * size + offset, *u);
            }
        }
    }
    factors
}

/// Gradients of weights from those of factors, [N·N, rows, columns rounded up to registers]; `write_row` gets the
/// nine taps' gradients of `LANES` columns of a row: (row, column, taps).
#[inline(always)]
pub fn from_factors<S: Simd, const N: usize>(
    simd: S,
    factors: &[f32],
    rows: usize,
    columns: usize,
    mut write_row: impl FnMut(usize, usize, [[S::Vector; 3]; 3]),
) {
    let stride = columns.next_multiple_of(S::LANES);
    for row in 0..rows {
        for column in (0..columns).step_by(S::LANES) {
            let mut u = [[simd.splat(0.0); N]; N];
            for (frequency, u) in u.iter_mut().flatten().enumerate() {
                *u = read(simd, factors, (frequency * rows + row) * stride + column);
            }
            write_row(row, column, both(simd, u, weights_adjoint::<S, N>));
        }
    }
}
