//! What follows a normalisation in the same pass, number by number, and its gradient, on plain slices.

use crate::nn::ops::exponential::logistic;

/// What becomes of a normalised number. (Convolutions have a list of their own: their gradient is had from what they
/// give, which that of SiLU is not.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalised {
    /// It stays.
    Plain,
    /// max(x, 0); NaN stays NaN, and the gradient at 0 is 0.
    Relu,
    /// x·σ(x).
    Silu,
}

impl Normalised {
    /// Applies it to every number.
    #[inline(always)]
    pub fn apply(self, numbers: &mut [f32]) {
        match self {
            Self::Plain => {}
            Self::Relu => {
                for x in numbers {
                    *x = if *x < 0.0 { 0.0 } else { *x };
                }
            }
            Self::Silu => silu(numbers),
        }
    }

    /// Turns the numbers that it was applied to into the gradient before it, given that after it.
    #[inline(always)]
    pub fn back(self, numbers: &mut [f32], gradient: &[f32]) {
        match self {
            Self::Plain => numbers.copy_from_slice(gradient),
            Self::Relu => {
                for (x, &g) in numbers.iter_mut().zip(gradient) {
                    *x = if *x <= 0.0 { 0.0 } else { g };
                }
            }
            Self::Silu => silu_back(numbers, gradient),
        }
    }
}

/// x·σ(x) in the place of every x.
#[inline(always)]
pub fn silu(numbers: &mut [f32]) {
    for x in numbers {
        *x *= logistic(*x);
    }
}

/// The gradient before, g·(x·σ)′ = g·σ·(1 + x·(1 − σ)), in the place of every x.
#[inline(always)]
pub fn silu_back(numbers: &mut [f32], gradient: &[f32]) {
    for (x, &g) in numbers.iter_mut().zip(gradient) {
        let s = logistic(*x);
        *x = g * s * (1.0 + *x * (1.0 - s));
    }
}
