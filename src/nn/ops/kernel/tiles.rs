//! The innermost loops: small blocks of sums that stay in registers while their terms stream by.
//!
//! In a channels-last map the k pixels below one row of a k×k kernel lie side by side. So a convolution is k
//! matrix products whose left rows overlap: row p begins one pixel after row p−1 and is k·channels long. All three
//! tiles here read maps that way, and know nothing of padding or images.

use super::lanes::Simd;

/// Most lanes that any [`Simd`] has.
const MOST_LANES: usize = 16;

/// The pixels that a tile reads: `rows` rows of a kernel, each `length` numbers long, for pixels `pixel` apart.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    /// From the first number of the first pixel's first row.
    pub map: &'a [f32],
    /// Rows of the kernel.
    pub rows: usize,
    /// Numbers from one row to the next.
    pub row: usize,
    /// Numbers that a row of the kernel covers: kernel width times channels.
    pub length: usize,
    /// Numbers from one pixel to the next: channels.
    pub pixel: usize,
}

impl Window<'_> {
    /// One past the last number that `pixels` pixels read, when rows are read `length` numbers long.
    fn end(&self, pixels: usize, length: usize) -> usize {
        (self.rows - 1) * self.row + (pixels - 1) * self.pixel + length
    }
}

/// Output channels of `P` pixels side by side: bias + Σ window·weight, in `P`×`V` registers.
/// `weights` is [rows, length, V·LANES], `bias` [V·LANES]; `live` channels are written to `out`, `channels` apart.
#[inline(always)]
pub fn pixels_by_channels<S: Simd, const P: usize, const V: usize>(
    simd: S,
    window: Window,
    weights: &[f32],
    bias: &[f32],
    out: &mut [f32],
    channels: usize,
    live: usize,
) {
    let width = V * S::LANES;
    assert!(window.end(P, window.length) <= window.map.len());
    assert!(window.rows * window.length * width <= weights.len() && width <= bias.len());
    assert!(live <= width && (P - 1) * channels + live <= out.len());
    // SAFETY: the asserts bound every read of the window, the weights and the bias.
    let sums = unsafe {
        let mut sums = [[simd.splat(0.0); V]; P];
        for v in 0..V {
            let start = simd.load(bias.as_ptr().add(v * S::LANES));
            for pixel in &mut sums {
                pixel[v] = start;
            }
        }
        let mut weight = weights.as_ptr();
        for row in 0..window.rows {
            let map = window.map.as_ptr().add(row * window.row);
            for at in 0..window.length {
                let mut columns = [simd.splat(0.0); V];
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = simd.load(weight.add(v * S::LANES));
                }
                weight = weight.add(width);
                for (p, pixel) in sums.iter_mut().enumerate() {
                    let x = simd.splat(*map.add(p * window.pixel + at));
                    for (sum, column) in pixel.iter_mut().zip(columns) {
                        *sum = simd.mul_add(column, x, *sum);
                    }
                }
            }
        }
        sums
    };
    for (p, pixel) in sums.iter().enumerate() {
        let out = &mut out[p * channels..p * channels + live];
        for (v, sum) in pixel.iter().enumerate() {
            write_part(simd, *sum, &mut out[(v * S::LANES).min(live)..]);
        }
    }
}

/// One output channel of `P` pixels side by side: bias + Σ window·weight, lanes along the window. For maps with few
/// output channels, whose registers the other tile would leave almost empty. `weights` is [rows, length rounded up to
/// LANES], the rest zero; the window is read up to the rounded length. Results are `channels` apart.
#[inline(always)]
pub fn pixels_by_one<S: Simd, const P: usize>(
    simd: S,
    window: Window,
    weights: &[f32],
    bias: f32,
    out: &mut [f32],
    channels: usize,
) {
    let length = window.length.next_multiple_of(S::LANES);
    assert!(window.end(P, length) <= window.map.len());
    assert!(window.rows * length <= weights.len());
    let mut sums = [simd.splat(0.0); P];
    // SAFETY: the asserts bound every read of the window and the weights.
    unsafe {
        for row in 0..window.rows {
            let map = window.map.as_ptr().add(row * window.row);
            let weight = weights.as_ptr().add(row * length);
            for at in (0..length).step_by(S::LANES) {
                let column = simd.load(weight.add(at));
                for (p, sum) in sums.iter_mut().enumerate() {
                    let x = simd.load(map.add(p * window.pixel + at));
                    *sum = simd.mul_add(column, x, *sum);
                }
            }
        }
    }
    for (p, sum) in sums.iter().enumerate() {
        out[p * channels] = bias + total(simd, *sum);
    }
}

/// A map as the outer-product tile walks it: `row` numbers from one row of pixels to the next, `pixel` between pixels.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// From the first number that is read.
    pub map: &'a [f32],
    /// Numbers from one row of pixels to the next.
    pub row: usize,
    /// Numbers from one pixel to the next.
    pub pixel: usize,
}

impl Walk<'_> {
    /// One past the last number read when each of height×width pixels is read `length` numbers long.
    fn end(&self, [height, width]: [usize; 2], length: usize) -> usize {
        (height - 1) * self.row + (width - 1) * self.pixel + length
    }
}

/// Adds Σ over pixels of (`M` numbers of `left`) ⊗ (`V` registers of `right`) to `out`, whose rows are `stride` apart;
/// `live` numbers of each row are touched. `size` is the height and width in pixels.
#[inline(always)]
pub fn outer_product<S: Simd, const M: usize, const V: usize>(
    simd: S,
    size: [usize; 2],
    left: Walk,
    right: Walk,
    out: &mut [f32],
    stride: usize,
    live: usize,
) {
    let width = V * S::LANES;
    assert!(left.end(size, M) <= left.map.len() && right.end(size, width) <= right.map.len());
    assert!(live <= width && (M - 1) * stride + live <= out.len());
    let mut sums = [[simd.splat(0.0); V]; M];
    for y in 0..size[0] {
        for x in 0..size[1] {
            // SAFETY: the asserts bound every read of both maps.
            unsafe {
                let left_at = left.map.as_ptr().add(y * left.row + x * left.pixel);
                let right_at = right.map.as_ptr().add(y * right.row + x * right.pixel);
                let mut columns = [simd.splat(0.0); V];
                for (v, column) in columns.iter_mut().enumerate() {
                    *column = simd.load(right_at.add(v * S::LANES));
                }
                for (m, row) in sums.iter_mut().enumerate() {
                    let scalar = simd.splat(*left_at.add(m));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = simd.mul_add(column, scalar, *sum);
                    }
                }
            }
        }
    }
    for (m, row) in sums.iter().enumerate() {
        let out = &mut out[m * stride..m * stride + live];
        for (v, sum) in row.iter().enumerate() {
            add_part(simd, *sum, &mut out[(v * S::LANES).min(live)..]);
        }
    }
}

/// Writes the lanes that `out` has room for.
#[inline(always)]
fn write_part<S: Simd>(simd: S, x: S::Vector, out: &mut [f32]) {
    if out.len() >= S::LANES {
        // SAFETY: there is room for all lanes.
        unsafe { simd.store(out.as_mut_ptr(), x) }
    } else {
        let length = out.len();
        out.copy_from_slice(&lanes(simd, x)[..length]);
    }
}

/// Adds the lanes that `out` has room for.
#[inline(always)]
fn add_part<S: Simd>(simd: S, x: S::Vector, out: &mut [f32]) {
    for (out, x) in out.iter_mut().zip(&lanes(simd, x)[..S::LANES]) {
        *out += x;
    }
}

/// The sum of all lanes, by halves.
#[inline(always)]
fn total<S: Simd>(simd: S, x: S::Vector) -> f32 {
    let mut lanes = lanes(simd, x);
    let mut half = S::LANES / 2;
    while half > 0 {
        for at in 0..half {
            lanes[at] += lanes[at + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The lanes as numbers, the unused ones zero.
#[inline(always)]
fn lanes<S: Simd>(simd: S, x: S::Vector) -> [f32; MOST_LANES] {
    const { assert!(S::LANES <= MOST_LANES) };
    let mut lanes = [0.0; MOST_LANES];
    // SAFETY: no vector has more than MOST_LANES lanes, as the line above checks.
    unsafe { simd.store(lanes.as_mut_ptr(), x) };
    lanes
}
