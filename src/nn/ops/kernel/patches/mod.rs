//! 3×3 convolutions with few channels on one side, by patches: for every pixel, what it sees of the thin map becomes
//! a row of numbers, and the rest is one matrix product. Images of one channel going in, logits coming out.
//!
//! Seen from a pixel of an upsampled map, the output is 4×4 pixels, whose weights are sums of the nine: nearest
//! upsampling and a 3×3 convolution are one 4×4 convolution of stride 2, transposed. The upsampled map is not built.

pub mod thin_input;
pub mod thin_output;

use super::conv::Scale;

/// The patches of a thin map around the pixels of a map of the same or half the size.
#[derive(Clone, Copy)]
pub struct Patches {
    /// Height and width of the thin map.
    pub size: [usize; 2],
    /// Its channels.
    pub channels: usize,
    /// Whether the patches are around its pixels, or around those of a map that is upsampled to its size.
    pub scale: Scale,
}

impl Patches {
    /// Pixels on each side of a patch.
    fn side(self) -> usize {
        match self.scale {
            Scale::Full => 3,
            Scale::Upsampled => 4,
        }
    }

    /// Numbers of a patch.
    pub fn length(self) -> usize {
        self.side() * self.side() * self.channels
    }

    /// Patches of one image.
    pub fn count(self) -> usize {
        self.size[0] * self.size[1] / self.step() / self.step()
    }

    fn step(self) -> usize {
        match self.scale {
            Scale::Full => 1,
            Scale::Upsampled => 2,
        }
    }

    /// Calls `f(place in an image, place in all its patches)` for every number of every patch that lies in it.
    #[inline(always)]
    fn each(self, f: impl FnMut(usize, usize)) {
        match (self.scale, self.channels) {
            (Scale::Full, 1) => self.each_of::<3, 1>(1, f),
            (Scale::Full, channels) => self.each_of::<3, 1>(channels, f),
            (Scale::Upsampled, 1) => self.each_of::<4, 2>(1, f),
            (Scale::Upsampled, channels) => self.each_of::<4, 2>(channels, f),
        }
    }

    #[inline(always)]
    fn each_of<const SIDE: usize, const STEP: usize>(
        self,
        channels: usize,
        mut f: impl FnMut(usize, usize),
    ) {
        let [height, width] = self.size;
        // Patch number p along a side sees at tap t the pixel STEP·p + t − 1: those p for which it lies in the map.
        let inside = |tap: usize, end: usize| {
            let last = (end + STEP - tap) / STEP;
            usize::from(tap == 0)..last.min(end / STEP)
        };
        for tap in 0..SIDE * SIDE {
            let (row, column) = (tap / SIDE, tap % SIDE);
            for y in inside(row, height) {
                let line = (STEP * y + row - 1) * width;
                let patches = y * (width / STEP);
                for x in inside(column, width) {
                    let pixel = (line + STEP * x + column - 1) * channels;
                    let patch = ((patches + x) * SIDE * SIDE + tap) * channels;
                    for channel in 0..channels {
                        f(pixel + channel, patch + channel);
                    }
                }
            }
        }
    }

    /// All patches of an image; what lies outside of it is left alone.
    #[inline(always)]
    pub fn gather(self, image: &[f32], patches: &mut [f32]) {
        self.each(|pixel, patch| patches[patch] = image[pixel]);
    }

    /// Adds all patches to an image.
    #[inline(always)]
    pub fn scatter(self, patches: &[f32], image: &mut [f32]) {
        self.each(|pixel, patch| image[pixel] += patches[patch]);
    }
}
