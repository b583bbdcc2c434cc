//! The two matrix products that everything here is made of, and vectors read from and written to slices.
//!
//! A product is cut into tiles of sums that stay in registers while their terms stream by: up to [`Simd::TILE`] rows
//! by two registers. Every sum runs over its terms in order, whatever the tile, so results do not depend on it.

use super::lanes::{Simd, Work};

/// Most lanes that any [`Simd`] has.
const MOST_LANES: usize = 16;

/// Most columns of a tile.
const WIDEST: usize = 2 * MOST_LANES;

/// Calls a tile with the constant size that `$size` has at run time. Sizes above the limit never occur.
macro_rules! with_size {
    ($size:expr, $limit:expr, |$P:ident| $call:expr, $($n:literal)+) => {
        match $size {
            $($n if $n <= $limit => { const $P: usize = $n; $call })+
            size => unreachable!("no tile of size {size}"),
        }
    };
}

/// A matrix whose rows begin `stride` numbers apart.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// From the first number.
    pub numbers: &'a [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
}

/// A matrix [depth, columns] as [`Multiply`] reads it: panels of two registers' columns (the last may have one), one
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

/// Where a tile leaves its sums: `live` columns of rows `stride` apart.
struct Out<'a> {
    numbers: &'a mut [f32],
    stride: usize,
    live: usize,
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

impl Out<'_> {
    /// A tile of zeros, or of what is there. The loops over registers are plain ones, which the compiler unrolls: a
    /// branch in them would cost the sums their registers.
    #[inline(always)]
    fn read<S: Simd, const P: usize, const V: usize>(&self, simd: S) -> [[S::Vector; V]; P] {
        let width = V * S::LANES;
        let mut sums = [[simd.splat(0.0); V]; P];
        if self.live == width {
            assert!((P - 1) * self.stride + width <= self.numbers.len());
            let from = self.numbers.as_ptr();
            for (p, row) in sums.iter_mut().enumerate() {
                for (v, sum) in row.iter_mut().enumerate() {
                    // SAFETY: the assert.
                    *sum = unsafe { simd.load(from.add(p * self.stride + v * S::LANES)) };
                }
            }
        } else {
            let mut tile = [[0.0; WIDEST]; P];
            for (p, row) in tile.iter_mut().enumerate() {
                row[..self.live].copy_from_slice(&self.numbers[p * self.stride..][..self.live]);
            }
            for (row, from) in sums.iter_mut().zip(&tile) {
                for (v, sum) in row.iter_mut().enumerate() {
                    // SAFETY: `width` is at most WIDEST.
                    *sum = unsafe { simd.load(from.as_ptr().add(v * S::LANES)) };
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn write<S: Simd, const P: usize, const V: usize>(self, simd: S, sums: [[S::Vector; V]; P]) {
        let width = V * S::LANES;
        const { assert!(V * S::LANES <= WIDEST) };
        if self.live == width {
            assert!((P - 1) * self.stride + width <= self.numbers.len());
            let to = self.numbers.as_mut_ptr();
            for (p, row) in sums.iter().enumerate() {
                for (v, sum) in row.iter().enumerate() {
                    // SAFETY: the assert.
                    unsafe { simd.store(to.add(p * self.stride + v * S::LANES), *sum) };
                }
            }
        } else {
            let mut tile = [[0.0; WIDEST]; P];
            for (row, to) in sums.iter().zip(&mut tile) {
                for (v, sum) in row.iter().enumerate() {
                    // SAFETY: `width` is at most WIDEST.
                    unsafe { simd.store(to.as_mut_ptr().add(v * S::LANES), *sum) };
                }
            }
            for (p, row) in tile.iter().enumerate() {
                self.numbers[p * self.stride..][..self.live].copy_from_slice(&row[..self.live]);
            }
        }
    }
}

/// The `LANES` numbers of `from` that begin at `at`; zeros past its end.
#[inline(always)]
pub fn read<S: Simd>(simd: S, from: &[f32], at: usize) -> S::Vector {
    if at + S::LANES <= from.len() {
        // SAFETY: the line above.
        unsafe { simd.load(from.as_ptr().add(at)) }
    } else {
        let mut lanes = [0.0; MOST_LANES];
        let part = from.get(at..).unwrap_or_default();
        lanes[..part.len()].copy_from_slice(part);
        const { assert!(S::LANES <= MOST_LANES) };
        // SAFETY: no vector has more than MOST_LANES lanes, as the line above checks.
        unsafe { simd.load(lanes.as_ptr()) }
    }
}

/// Writes `x` to `to` from `at` on, as much as there is room for.
#[inline(always)]
pub fn write<S: Simd>(simd: S, to: &mut [f32], at: usize, x: S::Vector) {
    if at + S::LANES <= to.len() {
        // SAFETY: the line above.
        unsafe { simd.store(to.as_mut_ptr().add(at), x) }
    } else if let Some(part) = to.get_mut(at..) {
        let mut lanes = [0.0; MOST_LANES];
        const { assert!(S::LANES <= MOST_LANES) };
        // SAFETY: no vector has more than MOST_LANES lanes, as the line above checks.
        unsafe { simd.store(lanes.as_mut_ptr(), x) };
        part.copy_from_slice(&lanes[..part.len()]);
    }
}

/// Cuts 0..total into the fewest pieces of at most `largest`, as even as can be: (start, length) of each.
#[inline(always)]
fn pieces(total: usize, largest: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(largest);
    let (length, longer) = match count {
        0 => (0, 0),
        _ => (total / count, total % count),
    };
    (0..count).map(move |at| {
        (
            at * length + at.min(longer),
            length + usize::from(at < longer),
        )
    })
}
