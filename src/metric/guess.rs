//! What can be measured of a guess at a class.

use super::{Due, Ratio, accuracy, cross_entropy};

/// A network's answer for one image beside its class.
#[derive(Clone, Copy, Debug)]
pub struct Guess<'a> {
    /// What the network said of each class, before the softmax.
    pub logits: &'a [f32],
    /// The right one.
    pub class: usize,
}

/// What can be measured of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuessMetric {
    /// Cross-entropy, nats an image.
    CrossEntropy,
    /// Share of images whose class was found.
    Accuracy,
}

impl GuessMetric {
    /// All of them, the loss first.
    pub const ALL: [Self; 2] = [Self::CrossEntropy, Self::Accuracy];

    /// Those that are due then: all are cheap enough for every evaluation.
    pub fn due(due: Due) -> Vec<Self> {
        match due {
            Due::Each | Due::All => Self::ALL.to_vec(),
            Due::Last => Vec::new(),
        }
    }

    /// The name in records, after "test." or "valid.".
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross_entropy",
            Self::Accuracy => "accuracy",
        }
    }

    /// Measures one image.
    pub fn measure(self, guess: &Guess) -> Ratio {
        match self {
            Self::CrossEntropy => cross_entropy::measure(guess),
            Self::Accuracy => accuracy::measure(guess),
        }
    }
}
