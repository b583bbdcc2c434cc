//! e^x and ln(1+x) in f32 from additions, multiplications and one division alone, so that they give the same bits on
//! every machine (the platform's libm does not) and vectorise.

/// e^x for x ≤ 0, relative error below 2·10⁻⁷. Below −87 it is 0; NaN stays NaN.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2; e^r by its Taylor polynomial of degree 7 (error r⁸/8! < 6·10⁻⁹), times 2^n.
#[inline(always)]
pub(super) fn exp_of_negative(x: f32) -> f32 {
    /// ln 2 in two parts; n times the first is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    /// 1.5·2²³: adding and subtracting it rounds to whole numbers, and leaves them in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut e = 1.0 / 5040.0;
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        e = e * r + coefficient;
    }
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127);
    let power = f32::from_bits(exponent << 23);
    if x < -87.0 { 0.0 } else { e * power }
}

/// ln(1 + x) for 0 ≤ x ≤ 1, relative error below 3·10⁻⁷.
///
/// ln(1+x) = 2 artanh(s) with s = x/(2+x) ≤ ⅓: 2(s + s³/3 + … + s¹⁵/15), the rest below 2·10⁻⁹ of it.
#[inline(always)]
pub(super) fn ln_1p_of_fraction(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let square = s * s;
    let mut sum = 1.0 / 15.0;
    for odd in [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ] {
        sum = sum * square + odd;
    }
    2.0 * s * sum
}

/// σ(x) = 1/(1+e^−x), from e^−|x| so that nothing overflows.
#[inline(always)]
pub(super) fn logistic(x: f32) -> f32 {
    let e = exp_of_negative(-x.abs());
    let above = 1.0 / (1.0 + e);
    if x < 0.0 { e * above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(
        f: impl Fn(f32) -> f32,
        oracle: impl Fn(f64) -> f64,
        points: impl Iterator<Item = f32>,
    ) -> f64 {
        let relative = |x: f32| {
            let right = oracle(f64::from(x));
            (f64::from(f(x)) - right).abs() / right.abs().max(1e-37)
        };
        points.map(relative).fold(0.0, f64::max)
    }

    /// Oracle: libm in f64.
    #[test]
    fn they_agree_with_libm() {
        let exp = worst(
            exp_of_negative,
            libm::exp,
            (0..=87_000).map(|i| -i as f32 / 1000.0),
        );
        assert!(exp < 2e-7, "exp: {exp}");
        let ln = worst(
            ln_1p_of_fraction,
            libm::log1p,
            (1..=100_000).map(|i| i as f32 / 1e5),
        );
        assert!(ln < 3e-7, "ln_1p: {ln}");
        let tiny = worst(
            ln_1p_of_fraction,
            libm::log1p,
            (1..=30).map(|i| 10f32.powi(-i)),
        );
        assert!(tiny < 3e-7, "ln_1p near 0: {tiny}");
        let sigma = worst(
            logistic,
            |x| 1.0 / (1.0 + libm::exp(-x)),
            (-80..=80).map(|i| i as f32),
        );
        assert!(sigma < 4e-7, "logistic: {sigma}");
    }

    #[test]
    fn the_far_ends_are_exact_and_nan_stays_nan() {
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert_eq!(exp_of_negative(f32::NEG_INFINITY), 0.0);
        assert_eq!(ln_1p_of_fraction(0.0), 0.0);
        assert_eq!(
            (logistic(f32::INFINITY), logistic(f32::NEG_INFINITY)),
            (1.0, 0.0)
        );
        assert!(logistic(f32::NAN).is_nan() && exp_of_negative(f32::NAN).is_nan());
    }
}
