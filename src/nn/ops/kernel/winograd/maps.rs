//! Between maps and factors: 2×2 blocks of outputs ("tiles") and the inputs that they look at.

use super::transform::{both, outputs, outputs_adjoint, values, values_adjoint};
use crate::nn::ops::kernel::conv::Activation;
use crate::nn::ops::kernel::lanes::Simd;
use crate::nn::ops::kernel::squares::{
    Square, add_at, load_every, load_rows, store_at, store_every,
};
use crate::nn::ops::kernel::vectors::read;
use std::ops::Range;

/// The tiles of a batch of maps, image by image and row by row. Those of odd maps hang over the edge.
#[derive(Clone, Copy)]
pub struct Tiles {
    /// Height and width of the output.
    pub size: [usize; 2],
    /// Images.
    pub n: usize,
}

impl Tiles {
    /// Tiles from top to bottom and from left to right.
    fn counts(self) -> [usize; 2] {
        self.size.map(|side| side.div_ceil(2))
    }

    /// Of all images.
    pub fn total(self) -> usize {
        let [down, across] = self.counts();
        self.n * down * across
    }

    /// (image, row, column) of a tile.
    #[inline(always)]
    fn place(self, tile: usize) -> (usize, usize, usize) {
        let [down, across] = self.counts();
        (tile / (down * across), tile / across % down, tile % across)
    }

    /// Where the outputs of a tile begin in a map with so many channels; `None` where there are none.
    #[inline(always)]
    fn outputs(self, tile: usize, channels: usize) -> [[Option<usize>; 2]; 2] {
        let (image, row, column) = self.place(tile);
        let mut offsets = [[None; 2]; 2];
        for (y, offsets) in offsets.iter_mut().enumerate() {
            for (x, offset) in offsets.iter_mut().enumerate() {
                let (y, x) = (2 * row + y, 2 * column + x);
                if y < self.size[0] && x < self.size[1] {
                    *offset = Some(((image * self.size[0] + y) * self.size[1] + x) * channels);
                }
            }
        }
        offsets
    }

    /// Where the inputs of a tile begin: 4×4 of a map of full size, 3×3 of one of half the size.
    #[inline(always)]
    fn inputs<const N: usize>(self, tile: usize, channels: usize) -> [[Option<usize>; N]; N] {
        let (image, row, column) = self.place(tile);
        let (step, [height, width]) = match N {
            4 => (2, self.size),
            _ => (1, self.size.map(|side| side / 2)),
        };
        let mut offsets = [[None; N]; N];
        for (y, offsets) in offsets.iter_mut().enumerate() {
            for (x, offset) in offsets.iter_mut().enumerate() {
                // One less, because of the border: what lies before the map wraps to a huge number.
                let y = (step * row + y).wrapping_sub(1);
                let x = (step * column + x).wrapping_sub(1);
                if y < height && x < width {
                    *offset = Some(((image * height + y) * width + x) * channels);
                }
            }
        }
        offsets
    }
}

/// A map with its channels.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    /// [n, height, width, channels].
    pub numbers: &'a [f32],
    /// Channels.
    pub channels: usize,
}

impl<'a> Map<'a> {
    #[inline(always)]
    fn pixel(self, at: Option<usize>, zeros: &'a [f32]) -> &'a [f32] {
        match at {
            Some(at) => &self.numbers[at..at + self.channels],
            None => &zeros[..self.channels],
        }
    }
}

/// Factors of some tiles: [N·N, tiles, channels rounded up to registers].
pub struct Factors {
    /// The numbers of all frequencies.
    pub numbers: Vec<f32>,
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

    #[inline(always)]
    fn store<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        [tile, tiles]: [usize; 2],
        channel: usize,
        factors: Square<S, N>,
    ) {
        let at = tile * self.stride + channel;
        store_every(simd, &mut self.numbers, at, tiles * self.stride, factors);
    }

    #[inline(always)]
    fn load<S: Simd, const N: usize>(
        &self,
        simd: S,
        [tile, tiles]: [usize; 2],
        channel: usize,
    ) -> Square<S, N> {
        let at = tile * self.stride + channel;
        load_every(simd, &self.numbers, at, tiles * self.stride)
    }
}

/// The factors of a source's map.
#[inline(always)]
pub fn from_input<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    map: Map,
    factors: &mut Factors,
) {
    let zeros = vec![0.0; map.channels];
    let count = range.len();
    for (at, tile) in range.enumerate() {
        let offsets = tiles.inputs::<N>(tile, map.channels);
        let pixels = offsets.map(|line| line.map(|at| map.pixel(at, &zeros)));
        for channel in (0..map.channels).step_by(S::LANES) {
            let d = load_rows(simd, &pixels, map.channels, channel);
            factors.store(simd, [at, count], channel, both(simd, d, values::<S, N>));
        }
    }
}

/// Places of pixels; those outside of the map share the spare pixel after its end.
#[inline(always)]
fn or_spare<const N: usize>(places: [[Option<usize>; N]; N], spare: usize) -> [[usize; N]; N] {
    places.map(|line| line.map(|place| place.unwrap_or(spare)))
}

/// Adds what gradients of factors mean for the source's map to its gradient `to`, which has a spare pixel at its end.
#[inline(always)]
pub fn to_input<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    factors: &Factors,
    channels: usize,
    to: &mut [f32],
) {
    let count = range.len();
    for (at, tile) in range.enumerate() {
        let places = or_spare(tiles.inputs::<N>(tile, channels), to.len() - channels);
        for channel in (0..channels).step_by(S::LANES) {
            let factors = factors.load::<S, N>(simd, [at, count], channel);
            let d = both(simd, factors, values_adjoint::<S, N>);
            add_at(simd, to, &places, channel, channels - channel, d);
        }
    }
}

/// Outputs from products: bias and activation last. `out` has a spare pixel at its end.
#[inline(always)]
pub fn to_output<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    products: &Factors,
    bias: &[f32],
    activation: Activation,
    channels: usize,
    out: &mut [f32],
) {
    let count = range.len();
    for (at, tile) in range.enumerate() {
        let places = or_spare(tiles.outputs(tile, channels), out.len() - channels);
        for channel in (0..channels).step_by(S::LANES) {
            let products = products.load::<S, N>(simd, [at, count], channel);
            let mut y = both(simd, products, outputs::<S, N>);
            let bias = read(simd, bias, channel);
            for y in y.iter_mut().flatten() {
                *y = simd.add(*y, bias);
                if activation == Activation::Relu {
                    *y = simd.relu(*y);
                }
            }
            store_at(simd, out, &places, channel, channels - channel, y);
        }
    }
}

/// The gradients of products, given that of the output and, for its activation, the output.
#[inline(always)]
pub fn from_output<S: Simd, const N: usize>(
    simd: S,
    tiles: Tiles,
    range: Range<usize>,
    gradient: Map,
    out: &[f32],
    activation: Activation,
    products: &mut Factors,
) {
    let zeros = vec![0.0; gradient.channels];
    let out = Map {
        numbers: out,
        ..gradient
    };
    let count = range.len();
    for (at, tile) in range.enumerate() {
        let offsets = tiles.outputs(tile, gradient.channels);
        let gradients = offsets.map(|line| line.map(|at| gradient.pixel(at, &zeros)));
        let outs = offsets.map(|line| line.map(|at| out.pixel(at, &zeros)));
        for channel in (0..gradient.channels).step_by(S::LANES) {
            let mut y = load_rows(simd, &gradients, gradient.channels, channel);
            if activation == Activation::Relu {
                let outs = load_rows(simd, &outs, gradient.channels, channel);
                for (y, out) in y.iter_mut().flatten().zip(outs.iter().flatten()) {
                    *y = simd.relu_gradient(*y, *out);
                }
            }
            let m = both(simd, y, outputs_adjoint::<S, N>);
            products.store(simd, [at, count], channel, m);
        }
    }
}
