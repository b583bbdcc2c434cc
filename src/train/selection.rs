//! Which epoch was best, and when to give up: decided on validation images, never on test images.

use super::bits;
use serde::{Deserialize, Serialize};

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    /// Its number, from 1.
    pub(super) epoch: u64,
    /// Its validation loss.
    #[serde(with = "bits")]
    pub(super) loss: f64,
}

/// What validation has said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Selection {
    /// The epoch with the lowest loss; none while there was no number.
    pub(super) best: Option<Best>,
    /// The last epoch that was validated; 0 before the first.
    validated: u64,
}

/// What one validation means for the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The lowest loss so far: this epoch is the best now.
    Best,
    /// Not lower than before (equal losses keep the earlier epoch), or no number.
    NotBetter,
}

impl Selection {
    /// Takes the validation loss of an epoch.
    pub(super) fn judge(&mut self, epoch: u64, loss: f64) -> Verdict {
        self.validated = epoch;
        let better = match self.best {
            None => !loss.is_nan(),
            Some(best) => loss < best.loss,
        };
        if !better {
            return Verdict::NotBetter;
        }
        self.best = Some(Best { epoch, loss });
        Verdict::Best
    }

    /// Whether the last `patience` epochs brought no lower loss, as far as they were validated.
    pub(super) fn exhausted(&self, patience: Option<usize>) -> bool {
        let best = self.best.map_or(0, |best| best.epoch);
        patience.is_some_and(|patience| self.validated - best >= patience as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best epoch and the epoch after which training stops.
    fn follow(losses: &[f64], patience: Option<usize>) -> (Option<u64>, Option<usize>) {
        let mut selection = Selection::default();
        let stop = losses.iter().zip(1..).position(|(&loss, epoch)| {
            selection.judge(epoch, loss);
            selection.exhausted(patience)
        });
        (selection.best.map(|best| best.epoch), stop.map(|at| at + 1))
    }

    #[test]
    fn patience_counts_epochs_since_the_best() {
        let losses = [5.0, 4.0, 4.5, 3.0, 3.0, 3.5, 1.0];
        assert_eq!(follow(&losses, Some(2)), (Some(4), Some(6)));
        assert_eq!(follow(&losses, Some(3)), (Some(7), None));
        assert_eq!(follow(&losses, None), (Some(7), None));
    }

    #[test]
    fn nan_is_never_best() {
        assert_eq!(follow(&[f64::NAN, 2.0, f64::NAN], None), (Some(2), None));
        assert_eq!(follow(&[f64::NAN; 4], Some(3)), (None, Some(3)));
    }
}
