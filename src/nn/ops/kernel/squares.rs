//! N×N vectors read from and written to slices at once. One check for all of them, and no branch between, so that they
//! stay in registers; only the last, partial vector of a row of channels takes the slow way.

use super::lanes::Simd;
use super::vectors::{read, write};

/// N×N vectors.
pub type Square<S, const N: usize> = [[<S as Simd>::Vector; N]; N];

/// The vectors at `at` of N×N rows of `length` numbers; zeros past their ends.
#[inline(always)]
pub fn load_rows<S: Simd, const N: usize>(
    simd: S,
    rows: &[[&[f32]; N]; N],
    length: usize,
    at: usize,
) -> Square<S, N> {
    let mut square = [[simd.splat(0.0); N]; N];
    assert!(rows.iter().flatten().all(|row| row.len() == length));
    if at + S::LANES <= length {
        for (line, rows) in square.iter_mut().zip(rows) {
            for (x, row) in line.iter_mut().zip(rows) {
                // SAFETY: the assert and the line after it.
                *x = unsafe { simd.load(row.as_ptr().add(at)) };
            }
        }
    } else {
        for (line, rows) in square.iter_mut().zip(rows) {
            for (x, row) in line.iter_mut().zip(rows) {
                *x = read(simd, row, at);
            }
        }
    }
    square
}

/// The vectors at `at`, `at + step`, `at + 2·step`, … of `from`.
#[inline(always)]
pub fn load_every<S: Simd, const N: usize>(
    simd: S,
    from: &[f32],
    at: usize,
    step: usize,
) -> Square<S, N> {
    let mut square = [[simd.splat(0.0); N]; N];
    assert!(at + (N * N - 1) * step + S::LANES <= from.len());
    for (y, line) in square.iter_mut().enumerate() {
        for (x, vector) in line.iter_mut().enumerate() {
            // SAFETY: the assert.
            *vector = unsafe { simd.load(from.as_ptr().add(at + (y * N + x) * step)) };
        }
    }
    square
}

/// Writes the vectors to `at`, `at + step`, `at + 2·step`, … of `to`.
#[inline(always)]
pub fn store_every<S: Simd, const N: usize>(
    simd: S,
    to: &mut [f32],
    at: usize,
    step: usize,
    square: Square<S, N>,
) {
    assert!(at + (N * N - 1) * step + S::LANES <= to.len());
    for (y, line) in square.iter().enumerate() {
        for (x, vector) in line.iter().enumerate() {
            // SAFETY: the assert.
            unsafe { simd.store(to.as_mut_ptr().add(at + (y * N + x) * step), *vector) };
        }
    }
}

/// Writes the first `live` lanes of the vectors to N×N places in `to`.
#[inline(always)]
pub fn store_at<S: Simd, const N: usize>(
    simd: S,
    to: &mut [f32],
    places: &[[usize; N]; N],
    shift: usize,
    live: usize,
    square: Square<S, N>,
) {
    assert!(
        places
            .iter()
            .flatten()
            .all(|place| place + shift + live <= to.len())
    );
    if live >= S::LANES {
        for (line, places) in square.iter().zip(places) {
            for (x, place) in line.iter().zip(places) {
                // SAFETY: the assert.
                unsafe { simd.store(to.as_mut_ptr().add(place + shift), *x) };
            }
        }
    } else {
        for (line, places) in square.iter().zip(places) {
            for (x, place) in line.iter().zip(places) {
                write(simd, &mut to[place + shift..][..live], 0, *x);
            }
        }
    }
}

/// Adds the first `live` lanes of the vectors to N×N places in `to`.
#[inline(always)]
pub fn add_at<S: Simd, const N: usize>(
    simd: S,
    to: &mut [f32],
    places: &[[usize; N]; N],
    shift: usize,
    live: usize,
    square: Square<S, N>,
) {
    assert!(
        places
            .iter()
            .flatten()
            .all(|place| place + shift + live <= to.len())
    );
    if live >= S::LANES {
        for (line, places) in square.iter().zip(places) {
            for (x, place) in line.iter().zip(places) {
                // SAFETY: the assert.
                unsafe {
                    let to = to.as_mut_ptr().add(place + shift);
                    simd.store(to, simd.add(simd.load(to), *x));
                }
            }
        }
    } else {
        for (line, places) in square.iter().zip(places) {
            for (x, place) in line.iter().zip(places) {
                let to = &mut to[place + shift..][..live];
                let sum = simd.add(read(simd, to, 0), *x);
                write(simd, to, 0, sum);
            }
        }
    }
}
