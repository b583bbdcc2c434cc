//! The transforms of F(2×2, 3×3) (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", §4.1),
//! along one dimension, each with its adjoint, which carries gradients the other way.
//!
//! Two outputs y of a kernel g of three taps over inputs d are y = outputs(weights(g) ⊙ values(d)), with four products
//! instead of six. Where d is an upsampled map, d = (a, b, b, c), the third product is b − b = 0 and left out: `N` is
//! 4 for a map of full size, and 3 for one of half the size, given as (a, b, c). In two dimensions that is 16 or 9
//! products instead of 36.

use crate::nn::ops::kernel::lanes::Simd;

/// Applies `f` along the first and then along the second dimension.
#[inline(always)]
pub fn both<S: Simd, const A: usize, const B: usize>(
    simd: S,
    x: [[S::Vector; A]; A],
    f: impl Fn(S, [S::Vector; A]) -> [S::Vector; B],
) -> [[S::Vector; B]; B] {
    let zero = simd.splat(0.0);
    let mut half = [[zero; A]; B];
    for column in 0..A {
        let mut from = [zero; A];
        for row in 0..A {
            from[row] = x[row][column];
        }
        let to = f(simd, from);
        for row in 0..B {
            half[row][column] = to[row];
        }
    }
    let mut out = [[zero; B]; B];
    for row in 0..B {
        out[row] = f(simd, half[row]);
    }
    out
}

/// Inputs to factors: (d0−d2, d1+d2, d2−d1, d1−d3), or (a−b, b, b−c).
#[inline(always)]
pub fn values<S: Simd, const N: usize>(simd: S, d: [S::Vector; N]) -> [S::Vector; N] {
    let mut v = d;
    if N == 4 {
        v[0] = simd.sub(d[0], d[2]);
        v[1] = simd.add(d[1], d[2]);
        v[2] = simd.sub(d[2], d[1]);
        v[3] = simd.sub(d[1], d[3]);
    } else {
        v[0] = simd.sub(d[0], d[1]);
        v[2] = simd.sub(d[1], d[2]);
    }
    v
}

/// The adjoint of [`values`].
#[inline(always)]
pub fn values_adjoint<S: Simd, const N: usize>(simd: S, v: [S::Vector; N]) -> [S::Vector; N] {
    let mut d = v;
    let zero = simd.splat(0.0);
    if N == 4 {
        d[1] = simd.add(simd.sub(v[1], v[2]), v[3]);
        d[2] = simd.sub(simd.add(v[1], v[2]), v[0]);
        d[3] = simd.sub(zero, v[3]);
    } else {
        d[1] = simd.add(simd.sub(v[1], v[0]), v[2]);
        d[2] = simd.sub(zero, v[2]);
    }
    d
}

/// Taps to factors: (g0, (g0+g1+g2)/2, (g0−g1+g2)/2, g2), or (g0, g0+g1+g2, g2), which holds the 2 of b + b.
#[inline(always)]
pub fn weights<S: Simd, const N: usize>(simd: S, g: [S::Vector; 3]) -> [S::Vector; N] {
    let outer = simd.add(g[0], g[2]);
    let mut u = [g[0]; N];
    u[N - 1] = g[2];
    if N == 4 {
        let half = simd.splat(0.5);
        u[1] = simd.mul(half, simd.add(outer, g[1]));
        u[2] = simd.mul(half, simd.sub(outer, g[1]));
    } else {
        u[1] = simd.add(outer, g[1]);
    }
    u
}

/// The adjoint of [`weights`].
#[inline(always)]
pub fn weights_adjoint<S: Simd, const N: usize>(simd: S, u: [S::Vector; N]) -> [S::Vector; 3] {
    if N == 4 {
        let half = simd.splat(0.5);
        let outer = simd.mul(half, simd.add(u[1], u[2]));
        let inner = simd.mul(half, simd.sub(u[1], u[2]));
        [simd.add(u[0], outer), inner, simd.add(u[3], outer)]
    } else {
        [simd.add(u[0], u[1]), u[1], simd.add(u[2], u[1])]
    }
}

/// Products to outputs: (m0+m1+m2, m1−m2−m3), where m2 may be left out.
#[inline(always)]
pub fn outputs<S: Simd, const N: usize>(simd: S, m: [S::Vector; N]) -> [S::Vector; 2] {
    if N == 4 {
        [
            simd.add(simd.add(m[0], m[1]), m[2]),
            simd.sub(simd.sub(m[1], m[2]), m[3]),
        ]
    } else {
        [simd.add(m[0], m[1]), simd.sub(m[1], m[2])]
    }
}

/// The adjoint of [`outputs`].
#[inline(always)]
pub fn outputs_adjoint<S: Simd, const N: usize>(simd: S, y: [S::Vector; 2]) -> [S::Vector; N] {
    let mut m = [y[0]; N];
    m[1] = simd.add(y[0], y[1]);
    m[N - 1] = simd.sub(simd.splat(0.0), y[1]);
    if N == 4 {
        m[2] = simd.sub(y[0], y[1]);
    }
    m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ops::kernel::lanes::Portable;

    type V = [f32; 4];

    fn vector<const N: usize>(phase: f32) -> [V; N] {
        std::array::from_fn(|at| std::array::from_fn(|lane| ((4 * at + lane) as f32 + phase).sin()))
    }

    fn dot<const N: usize>(a: [V; N], b: [V; N]) -> f32 {
        a.iter()
            .flatten()
            .zip(b.iter().flatten())
            .map(|(a, b)| a * b)
            .sum()
    }

    /// ⟨f(x), y⟩ = ⟨x, f*(y)⟩ for one pair of sizes.
    fn check<const A: usize, const B: usize>(
        f: impl Fn(Portable, [V; A]) -> [V; B],
        adjoint: impl Fn(Portable, [V; B]) -> [V; A],
    ) {
        let (x, y) = (vector(0.3), vector(1.9));
        let (left, right) = (dot(f(Portable, x), y), dot(x, adjoint(Portable, y)));
        assert!((left - right).abs() < 1e-5, "{left} {right}");
    }

    #[test]
    fn every_adjoint_is_one() {
        check(values::<_, 4>, values_adjoint::<_, 4>);
        check(values::<_, 3>, values_adjoint::<_, 3>);
        check(weights::<_, 4>, weights_adjoint::<_, 4>);
        check(weights::<_, 3>, weights_adjoint::<_, 3>);
        check(outputs::<_, 4>, outputs_adjoint::<_, 4>);
        check(outputs::<_, 3>, outputs_adjoint::<_, 3>);
    }

    /// Oracle: the definition of a convolution with three taps.
    #[test]
    fn products_of_factors_give_the_convolution() {
        let (g, d) = (vector::<3>(0.1), vector::<4>(0.7));
        let product = |a: V, b: V| Portable.mul(a, b);
        let (u, v) = (weights::<_, 4>(Portable, g), values(Portable, d));
        let m = std::array::from_fn::<_, 4, _>(|at| product(u[at], v[at]));
        let small = [d[0], d[1], d[2]];
        let (u, v) = (weights::<_, 3>(Portable, g), values(Portable, small));
        let m_up = std::array::from_fn::<_, 3, _>(|at| product(u[at], v[at]));
        let up = [small[0], small[1], small[1], small[2]];
        for (y, d) in [(outputs(Portable, m), d), (outputs(Portable, m_up), up)] {
            for (at, y) in y.iter().enumerate() {
                for (lane, y) in y.iter().enumerate() {
                    let right: f32 = (0..3).map(|tap| g[tap][lane] * d[at + tap][lane]).sum();
                    assert!((y - right).abs() < 1e-5, "{y} {right}");
                }
            }
        }
    }
}
