//! N×N vectors read from and written to slices at once. One check for all of them, and no branch between, so that they
//! stay in registers; only the last, partial vector of a row of channels takes the slow way.

use super::lanes::Simd;
use super::vectors::{read, write};

/// N×N vectors.
pub type Square<S, const N: usize> = [[<S as Simd>::Vector; N]; N];

/// Where the N×N vectors of a square lie in a map.
#[derive(Clone, Copy)]
pub struct Places {
    /// The first of them.
    pub at: usize,
    /// Numbers from one row of pixels to the next.
    pub row: usize,
    /// Numbers from one pixel to the next.
    pub pixel: usize,
    /// Numbers of each vector that belong to its pixel, if fewer than `LANES`.
    pub live: usize,
}

impl Places {
    /// The channels from `channel` on of the pixels of a map with so many, the first of which begins at `corner`.
    #[inline(always)]
    pub fn of_channels(corner: usize, row: usize, channels: usize, channel: usize) -> Self {
        Self {
            at: corner + channel,
            row,
            pixel: channels,
            live: channels - channel,
        }
    }

    #[inline(always)]
    fn of(self, y: usize, x: usize) -> usize {
        self.at + y * self.row + x * self.pixel
    }
}

/// Reads the square; lanes that are not live are zero.
#[inline(always)]
pub fn load<S: Simd, const N: usize>(simd: S, from: &[f32], places: Places) -> Square<S, N> {
    let mut square = [[simd.splat(0.0); N]; N];
    if places.live >= S::LANES {
        assert!(places.of(N - 1, N - 1) + S::LANES <= from.len());
        for (y, line) in square.iter_mut().enumerate() {
            for (x, vector) in line.iter_mut().enumerate() {
                // SAFETY: the assert; the others lie before.
                *vector = unsafe { simd.load(from.as_ptr().add(places.of(y, x))) };
            }
        }
    } else {
        for (y, line) in square.iter_mut().enumerate() {
            for (x, vector) in line.iter_mut().enumerate() {
                *vector = read(simd, &from[places.of(y, x)..][..places.live], 0);
            }
        }
    }
    square
}

/// Writes the live lanes of the square.
#[inline(always)]
pub fn store<S: Simd, const N: usize>(
    simd: S,
    to: &mut [f32],
    places: Places,
    square: Square<S, N>,
) {
    if places.live >= S::LANES {
        assert!(places.of(N - 1, N - 1) + S::LANES <= to.len());
        for (y, line) in square.iter().enumerate() {
            for (x, vector) in line.iter().enumerate() {
                // SAFETY: the assert; the others lie before.
                unsafe { simd.store(to.as_mut_ptr().add(places.of(y, x)), *vector) };
            }
        }
    } else {
        for (y, line) in square.iter().enumerate() {
            for (x, vector) in line.iter().enumerate() {
                write(simd, &mut to[places.of(y, x)..][..places.live], 0, *vector);
            }
        }
    }
}

/// Adds the live lanes of the square to what is there.
#[inline(always)]
pub fn add<S: Simd, const N: usize>(simd: S, to: &mut [f32], places: Places, square: Square<S, N>) {
    let mut sums = load::<S, N>(simd, to, places);
    for (sums, line) in sums.iter_mut().zip(&square) {
        for (sum, vector) in sums.iter_mut().zip(line) {
            *sum = simd.add(*sum, *vector);
        }
    }
    store(simd, to, places, sums);
}
