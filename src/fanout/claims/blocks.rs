//! How the positions of a plan are cut into blocks: the same for everyone who has the same plan.

use std::ops::Range;

/// Blocks that a plan is cut into, as far as [`LARGEST`] allows: a claim is a file, and a folder of some hundred files
/// is no burden anywhere.
const BLOCKS: usize = 512;

/// Trials in a block, at most: what a runner that dies keeps from the others until its lease is over.
const LARGEST: usize = 256;

/// The blocks of a plan: runs of consecutive positions, all of one size but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    trials: usize,
    size: usize,
}

impl Blocks {
    /// The blocks of a plan with so many trials.
    pub fn new(trials: usize) -> Self {
        let size = trials.div_ceil(BLOCKS).clamp(1, LARGEST);
        Self { trials, size }
    }

    /// Number of blocks.
    pub fn count(self) -> usize {
        self.trials.div_ceil(self.size)
    }

    /// The positions in a block; none in one that is not there.
    pub fn range(self, block: usize) -> Range<usize> {
        let end = |blocks: usize| blocks.saturating_mul(self.size).min(self.trials);
        end(block)..end(block.saturating_add(1))
    }

    /// The block that a position is in.
    pub fn of(self, position: usize) -> usize {
        position / self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_in_exactly_one_block() {
        for trials in [
            0,
            1,
            2,
            200,
            511,
            512,
            513,
            1024,
            1025,
            99_999,
            100_000,
            131_073,
            1 << 20,
        ] {
            let blocks = Blocks::new(trials);
            let mut next = 0;
            for block in 0..blocks.count() {
                let range = blocks.range(block);
                assert!(range.start == next && !range.is_empty() && range.len() <= LARGEST);
                assert_eq!(
                    [blocks.of(range.start), blocks.of(range.end - 1)],
                    [block; 2]
                );
                next = range.end;
            }
            assert_eq!(next, trials);
            assert!(blocks.range(blocks.count()).is_empty());
            assert!(blocks.range(usize::MAX).is_empty());
            if trials <= BLOCKS * LARGEST {
                assert!(blocks.count() <= BLOCKS, "{trials}");
            }
        }
    }
}
