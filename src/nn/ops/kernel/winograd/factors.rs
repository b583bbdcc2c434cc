//! Factors and products of some tiles.

use crate::nn::ops::kernel::lanes::Simd;
use crate::nn::ops::kernel::squares::{Places, Square, load, store};

/// [N·N, tiles, channels rounded up to registers]: a matrix for each of the N·N factors of a tile.
pub struct Factors {
    numbers: Vec<f32>,
    /// Numbers from one tile to the next.
    pub stride: usize,
}

impl Factors {
    /// Room for `tiles` tiles.
    pub fn new<S: Simd>(frequencies: usize, tiles: usize, channels: usize) -> Self {
        let stride = channels.next_multiple_of(S::LANES);
        Self {
            numbers: vec![0.0; frequencies * tiles * stride],
            stride,
        }
    }

    /// Those of one frequency, when there are `tiles` tiles.
    #[inline(always)]
    pub fn of(&self, frequency: usize, tiles: usize) -> &[f32] {
        &self.numbers[frequency * tiles * self.stride..][..tiles * self.stride]
    }

    /// As [`Factors::of`], to be written.
    #[inline(always)]
    pub fn of_mut(&mut self, frequency: usize, tiles: usize) -> &mut [f32] {
        &mut self.numbers[frequency * tiles * self.stride..][..tiles * self.stride]
    }

    /// Writes those of `LANES` channels of a tile; `tile` is its number and that of all tiles.
    #[inline(always)]
    pub fn store<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        tile: [usize; 2],
        channel: usize,
        factors: Square<S, N>,
    ) {
        let places = self.places::<S, N>(tile, channel);
        store(simd, &mut self.numbers, places, factors);
    }

    /// Reads them.
    #[inline(always)]
    pub fn load<S: Simd, const N: usize>(
        &self,
        simd: S,
        tile: [usize; 2],
        channel: usize,
    ) -> Square<S, N> {
        load(simd, &self.numbers, self.places::<S, N>(tile, channel))
    }

    #[inline(always)]
    fn places<S: Simd, const N: usize>(&self, tile: [usize; 2], channel: usize) -> Places {
        let [tile, tiles] = tile;
        Places {
            at: tile * self.stride + channel,
            row: N * tiles * self.stride,
            pixel: tiles * self.stride,
            live: S::LANES,
        }
    }
}
