//! Matrices in the order in which a product reads them.

use super::lanes::Simd;
use super::vectors::{read, write};

/// A matrix [depth, columns] as a product reads it: panels of two registers' columns (the last may have one), one
/// after the other, each [depth, its columns], with zeros beyond the last column.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    /// depth · columns (rounded up to registers) numbers.
    pub numbers: &'a [f32],
    /// Rows.
    pub depth: usize,
    /// Columns.
    pub columns: usize,
}

/// The panels of so many columns: the first column of each and its registers.
pub fn panels<S: Simd>(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let registers = columns.div_ceil(S::LANES);
    (0..registers)
        .step_by(2)
        .map(move |first| (first * S::LANES, (registers - first).min(2)))
}

/// Where [`Panels`] of this depth and so many columns keep the `LANES` numbers of `row` from `column` on, which is
/// a multiple of `LANES`.
#[inline(always)]
pub fn panel_offset<S: Simd>(depth: usize, columns: usize, row: usize, column: usize) -> usize {
    let first = column / (2 * S::LANES) * (2 * S::LANES);
    let width = (columns.next_multiple_of(S::LANES) - first).min(2 * S::LANES);
    first * depth + row * width + column - first
}

/// Packs a matrix, [depth, columns] with rows one after the other.
#[inline(always)]
pub fn pack<S: Simd>(simd: S, matrix: &[f32], columns: usize) -> Vec<f32> {
    let depth = matrix.len() / columns;
    let mut packed = vec![0.0; depth * columns.next_multiple_of(S::LANES)];
    for (at, row) in matrix.chunks_exact(columns).enumerate() {
        for column in (0..columns).step_by(S::LANES) {
            let to = panel_offset::<S>(depth, columns, at, column);
            write(
                simd,
                &mut packed[to..to + S::LANES],
                0,
                read(simd, row, column),
            );
        }
    }
    packed
}

/// [rows, columns] to [columns, rows], by blocks that stay in cache.
#[inline(always)]
pub fn transposed(from: &[f32], columns: usize) -> Vec<f32> {
    const BLOCK: usize = 16;
    let rows = from.len() / columns;
    let mut to = vec![0.0; from.len()];
    for first in (0..rows).step_by(BLOCK) {
        for left in (0..columns).step_by(BLOCK) {
            for column in left..columns.min(left + BLOCK) {
                for row in first..rows.min(first + BLOCK) {
                    to[column * rows + row] = from[row * columns + column];
                }
            }
        }
    }
    to
}
