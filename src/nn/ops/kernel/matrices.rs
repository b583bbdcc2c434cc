//! Products of whole matrices, rows one after the other.

use super::lanes::Simd;
use super::multiply::{Multiply, Start};
use super::panels::{Panels, pack};
use super::tile::Rows;

/// left [rows, depth] · right [depth, columns].
#[inline(always)]
pub fn product<S: Simd>(
    simd: S,
    left: &[f32],
    depth: usize,
    right: &[f32],
    columns: usize,
) -> Vec<f32> {
    let rows = left.len() / depth;
    let mut out = vec![0.0; rows * columns];
    simd.run(Multiply {
        left: Rows {
            numbers: left,
            stride: depth,
        },
        rows,
        right: Panels {
            numbers: &pack(simd, right, columns),
            depth,
            columns,
        },
        start: Start::Zero,
        stride: columns,
        out: &mut out,
    });
    out
}
