//! Vectors read from and written to slices, with the part of a vector that is left at an end.

use super::lanes::Simd;

/// Most lanes that any [`Simd`] has.
pub const MOST_LANES: usize = 16;

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
