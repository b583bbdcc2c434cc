//! Accuracy: how many images got their class.

use super::{Guess, Ratio};

/// 1 where the right class has the largest logit, the first of equals winning; NaN when a logit is. Counts as one image.
pub(super) fn measure(guess: &Guess) -> Ratio {
    let mut best = 0;
    for (class, logit) in guess.logits.iter().enumerate() {
        if *logit > guess.logits[best] {
            best = class;
        }
    }
    let found = f64::from(u8::from(best == guess.class));
    let broken = guess.logits.iter().any(|logit| logit.is_nan());
    Ratio {
        total: if broken { f64::NAN } else { found },
        count: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(logits: &[f32], class: usize) -> f64 {
        measure(&Guess { logits, class }).value()
    }

    #[test]
    fn the_largest_logit_is_the_guess_and_the_first_of_equals_wins() {
        assert_eq!(
            [0, 1, 2].map(|class| of(&[-3.0, 2.0, 1.0], class)),
            [0.0, 1.0, 0.0]
        );
        assert_eq!(
            [0, 1, 2].map(|class| of(&[-3.0, 2.0, 2.0], class)),
            [0.0, 1.0, 0.0]
        );
    }

    #[test]
    fn nan_is_no_guess() {
        for logits in [[f32::NAN, 1.0], [1.0, f32::NAN]] {
            assert!(of(&logits, 0).is_nan() && of(&logits, 1).is_nan());
        }
    }
}
