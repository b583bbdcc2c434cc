//! What both products share: tiles of sums that stay in registers while their terms stream by, up to [`Simd::TILE`]
//! rows by two registers. Every sum runs over its terms in order, whatever the tile, so results do not depend on it.

use super::lanes::Simd;
use super::vectors::MOST_LANES;

/// Most columns of a tile.
const WIDEST: usize = 2 * MOST_LANES;

/// A matrix whose rows begin `stride` numbers apart.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// From the first number.
    pub numbers: &'a [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
}

/// Where a tile leaves its sums: `live` columns of rows `stride` apart.
pub struct Out<'a> {
    /// From the tile's first number.
    pub numbers: &'a mut [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
    /// Columns that there are.
    pub live: usize,
}

impl Out<'_> {
    /// The tile that is there. The loops over registers are plain ones, which the compiler unrolls: a
    /// branch in them would cost the sums their registers.
    #[inline(always)]
    pub fn read<S: Simd, const P: usize, const V: usize>(&self, simd: S) -> [[S::Vector; V]; P] {
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

    /// Leaves the sums of a tile.
    #[inline(always)]
    pub fn write<S: Simd, const P: usize, const V: usize>(
        self,
        simd: S,
        sums: [[S::Vector; V]; P],
    ) {
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

/// Cuts 0..total into the fewest pieces of at most `largest`, as even as can be: (start, length) of each.
#[inline(always)]
pub fn pieces(total: usize, largest: usize) -> impl Iterator<Item = (usize, usize)> {
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

/// Calls a tile with the constant size that `$size` has at run time. Sizes above the limit never occur.
macro_rules! with_size {
    ($size:expr, $limit:expr, |$P:ident| $call:expr, $($n:literal)+) => {
        match $size {
            $($n if $n <= $limit => { const $P: usize = $n; $call })+
            size => unreachable!("no tile of size {size}"),
        }
    };
}
pub(super) use with_size;
