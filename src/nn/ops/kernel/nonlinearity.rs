//! What is done to every number, and its slope, on plain slices: the part of an operation that follows a sum.

use crate::nn::ops::exponential::logistic;

/// What follows a normalisation, in the same pass. (Convolutions have their own list: their gradient is had
/// from what they give, which SiLU's is not.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// Nothing.
    None,
    /// max(x, 0); NaN stays NaN, and the gradient at 0 is 0.
    Relu,
    /// x·σ(x).
    Silu,
}

impl Nonlinearity {
    /// Applies it to every number.
    #[inline(always)]
    pub fn apply(self, numbers: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Relu => {
                for x in numbers {
                    *x = if *x < 0.0 { 0.0 } else { *x };
                }
            }
            Self::Silu => {
                for x in numbers {
                    *x *= logistic(*x);
                }
            }
        }
    }

    /// The gradient before it, given the numbers that it was applied to, which it takes the place of, and the
    /// gradient after it.
    #[inline(always)]
    pub fn back(self, numbers: &mut [f32], gradient: &[f32]) {
        let both = numbers.iter_mut().zip(gradient);
        match self {
            Self::None => both.for_each(|(x, &g)| *x = g),
            Self::Relu => both.for_each(|(x, &g)| *x = if *x <= 0.0 { 0.0 } else { g }),
            // (x·σ)′ = σ + x·σ·(1 − σ).
            Self::Silu => both.for_each(|(x, &g)| {
                let s = logistic(*x);
                *x = g * s * (1.0 + *x * (1.0 - s));
            }),
        }
    }
}
