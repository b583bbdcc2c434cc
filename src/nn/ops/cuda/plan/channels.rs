//! Sums over pixels, one for each image and channel.

use crate::nn::ops::cuda::program::{Element, Program, Slot, arguments};

/// Channels of a block.
const LANES: usize = 32;
/// Pixels that a block sums, at least.
const SHARE: usize = 128;
/// Parts of an image at most.
const PARTS: usize = 64;

/// Maps [images, pixels, channels].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Images.
    pub images: usize,
    /// Pixels of each.
    pub pixels: usize,
    /// Channels of a pixel.
    pub channels: usize,
}

impl Pixels {
    /// Parts that an image's pixels are summed in: by sizes alone, because the order of sums decides their last bits.
    pub fn parts(self) -> usize {
        self.pixels.div_ceil(SHARE).min(PARTS)
    }

    /// The grid of the kernels in channels.cu.
    pub fn grid(self) -> [usize; 3] {
        [self.channels.div_ceil(LANES), self.parts(), self.images]
    }

    /// A buffer for the sums of all parts, two numbers a channel.
    pub fn sums(self, program: &mut Program) -> Slot {
        let count = self.images * self.parts() * self.channels * 2;
        program.made(Element::F64, count)
    }
}

/// The sums of x and x², by parts.
pub fn partial(program: &mut Program, x: Slot, of: Pixels) -> Slot {
    let sums = of.sums(program);
    program.launch(
        "channel_sums",
        of.grid(),
        arguments![x, sums, of.pixels, of.channels],
    );
    sums
}

/// The sums of x, [images, channels], into `to`.
pub fn sums(program: &mut Program, x: Slot, of: Pixels, to: Slot) {
    let parts = partial(program, x, of);
    let count = of.images * of.channels;
    program.each(
        "finish_channel_sums",
        count,
        arguments![parts, to, count, of.channels, of.parts()],
    );
}
