//! The product of two matrices.

use super::lanes::{Simd, Work};
use super::panels::{Panels, panels};
use super::tile::{Out, Rows, pieces, with_size};
use super::vectors::read;

/// What the sums of a product begin with.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// Zero.
    Zero,
    /// What `out` holds.
    Out,
    /// One number a column, rounded up to registers.
    Bias(&'a [f32]),
}

/// out = start + left · right, for `rows` rows.
pub struct Multiply<'a> {
    /// [rows, depth].
    pub left: Rows<'a>,
    /// Rows of `left` and `out`.
    pub rows: usize,
    /// [depth, columns].
    pub right: Panels<'a>,
    /// What the sums begin with.
    pub start: Start<'a>,
    /// [rows, columns].
    pub out: &'a mut [f32],
    /// Numbers from one row of `out` to the next.
    pub stride: usize,
}

impl Work for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) {
        let Self {
            left,
            rows,
            right,
            start,
            out,
            stride,
        } = self;
        for (first, registers) in panels::<S>(right.columns) {
            let width = registers * S::LANES;
            let panel = &right.numbers[first * right.depth..][..right.depth * width];
            let start = match start {
                Start::Bias(bias) => Start::Bias(&bias[first..first + width]),
                other => other,
            };
            let live = (right.columns - first).min(width);
            for (row, size) in pieces(rows, S::TILE) {
                let left = Rows {
                    numbers: &left.numbers[row * left.stride..],
                    ..left
                };
                let out = Out {
                    numbers: &mut out[row * stride + first..],
                    stride,
                    live,
                };
                if registers == 2 {
                    with_size!(size, S::TILE, |P| multiply::<S, P, 2>(simd, left, right.depth, panel, start, out),
                        1 2 3 4 5 6 7 8 9 10 11 12 13 14)
                } else {
                    with_size!(size, S::TILE, |P| multiply::<S, P, 1>(simd, left, right.depth, panel, start, out),
                        1 2 3 4 5 6 7 8 9 10 11 12 13 14)
                }
            }
        }
    }
}

#[inline(always)]
fn multiply<S: Simd, const P: usize, const V: usize>(
    simd: S,
    left: Rows,
    depth: usize,
    panel: &[f32],
    start: Start,
    out: Out,
) {
    assert!((P - 1) * left.stride + depth <= left.numbers.len());
    assert!(depth * V * S::LANES <= panel.len());
    let mut sums = match start {
        Start::Zero => [[simd.splat(0.0); V]; P],
        Start::Out => out.read(simd),
        Start::Bias(bias) => {
            let mut row = [simd.splat(0.0); V];
            for (v, start) in row.iter_mut().enumerate() {
                *start = read(simd, bias, v * S::LANES);
            }
            [row; P]
        }
    };
    // SAFETY: the asserts bound every read of the rows and the panel.
    unsafe {
        let (mut right, mut at) = (panel.as_ptr(), left.numbers.as_ptr());
        for _ in 0..depth {
            let mut columns = [simd.splat(0.0); V];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = simd.load(right.add(v * S::LANES));
            }
            for (p, row) in sums.iter_mut().enumerate() {
                let x = simd.splat(*at.add(p * left.stride));
                for (sum, column) in row.iter_mut().zip(columns) {
                    *sum = simd.mul_add(column, x, *sum);
                }
            }
            right = right.add(V * S::LANES);
            at = at.add(1);
        }
    }
    out.write(simd, sums);
}
