//! The product of a transposed matrix and another: what gradients of weights are.

use super::lanes::{Simd, Work};
use super::panels::panels;
use super::tile::{Out, Rows, pieces, with_size};

/// out += leftᵀ · right, summed over `depth` rows of both.
pub struct Outer<'a> {
    /// [depth, rows of `out`].
    pub left: Rows<'a>,
    /// [depth, columns rounded up to registers].
    pub right: Rows<'a>,
    /// Rows that are summed over.
    pub depth: usize,
    /// Rows of `out`.
    pub rows: usize,
    /// Columns of `out` that are used.
    pub columns: usize,
    /// [rows, columns].
    pub out: &'a mut [f32],
    /// Numbers from one row of `out` to the next.
    pub stride: usize,
}

impl Work for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn on<S: Simd>(self, simd: S) {
        let Self {
            left,
            right,
            depth,
            rows,
            columns,
            out,
            stride,
        } = self;
        for (first, registers) in panels::<S>(columns) {
            let live = (columns - first).min(registers * S::LANES);
            let right = Rows {
                numbers: &right.numbers[first..],
                ..right
            };
            for (row, size) in pieces(rows, S::TILE) {
                let left = Rows {
                    numbers: &left.numbers[row..],
                    ..left
                };
                let out = Out {
                    numbers: &mut out[row * stride + first..],
                    stride,
                    live,
                };
                if registers == 2 {
                    with_size!(size, S::TILE, |P| outer::<S, P, 2>(simd, left, right, depth, out),
                        1 2 3 4 5 6 7 8 9 10 11 12 13 14)
                } else {
                    with_size!(size, S::TILE, |P| outer::<S, P, 1>(simd, left, right, depth, out),
                        1 2 3 4 5 6 7 8 9 10 11 12 13 14)
                }
            }
        }
    }
}

#[inline(always)]
fn outer<S: Simd, const P: usize, const V: usize>(
    simd: S,
    left: Rows,
    right: Rows,
    depth: usize,
    out: Out,
) {
    if depth == 0 {
        return;
    }
    assert!((depth - 1) * left.stride + P <= left.numbers.len());
    assert!((depth - 1) * right.stride + V * S::LANES <= right.numbers.len());
    let mut sums: [[S::Vector; V]; P] = out.read(simd);
    // SAFETY: the asserts bound every read of both matrices.
    unsafe {
        let (mut from, mut at) = (right.numbers.as_ptr(), left.numbers.as_ptr());
        for _ in 0..depth {
            let mut columns = [simd.splat(0.0); V];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = simd.load(from.add(v * S::LANES));
            }
            for (p, row) in sums.iter_mut().enumerate() {
                let x = simd.splat(*at.add(p));
                for (sum, column) in row.iter_mut().zip(columns) {
                    *sum = simd.mul_add(column, x, *sum);
                }
            }
            from = from.wrapping_add(right.stride);
            at = at.wrapping_add(left.stride);
        }
    }
    out.write(simd, sums);
}
