//! Numbers as tensor cores multiply them.

use ablate::config::Precision;

/// Rounded to that many significant bits. For f16 within its range only.
pub fn rounded(precision: Precision, x: f32) -> f32 {
    let bits = x.to_bits();
    let rounded = match precision {
        Precision::F32 => bits,
        // Ties away from zero (PTX: cvt.rna), the others to even.
        Precision::Tf32 => (bits + 0x1000) & !0x1fff,
        Precision::F16 => (bits + 0xfff + (bits >> 13 & 1)) & !0x1fff,
        Precision::Bf16 => (bits + 0x7fff + (bits >> 16 & 1)) & !0xffff,
    };
    f32::from_bits(rounded)
}

/// Oracle: by hand. 1 + 2^-11 lies between two numbers of 11 bits, 1 + 2^-8 between two of 8.
#[test]
fn ties_go_as_each_type_has_it() {
    let (between_11, between_8) = (1.0 + 2f32.powi(-11), 1.0 + 2f32.powi(-8));
    assert_eq!(rounded(Precision::F16, between_11), 1.0);
    assert_eq!(rounded(Precision::Tf32, between_11), 1.0 + 2f32.powi(-10));
    assert_eq!(rounded(Precision::Bf16, between_8), 1.0);
    let above = between_8 + 2f32.powi(-20);
    assert_eq!(rounded(Precision::Bf16, -above), -1.0 - 2f32.powi(-7));
    assert_eq!(rounded(Precision::F16, 65504.0), 65504.0);
}
