//! Where a coordinator's trials come from: all at once, or block by block as they are claimed beside other runners.

use super::claims::{Blocks, Claim, Claims};
use super::coordinator::Work;
use super::queue::Queue;
use crate::error::Result;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What to do when all that is left is in the hands of other runners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait, and take over what a runner that dies leaves.
    Wait,
    /// Leave it to them.
    Leave,
}

/// See the module.
pub enum Supply {
    /// Every trial of the queue is open from the start.
    Everything,
    /// Trials are claimed.
    Claimed(Box<Claiming>),
}

/// Claims, and what they hang on.
pub struct Claiming {
    claims: Claims,
    blocks: Blocks,
    points: usize,
    seeds: usize,
    patience: Patience,
    shared: bool,
    /// When blocks of others are looked at again.
    next_look: Instant,
    /// When the record is read again to see what others finished.
    next_refresh: Instant,
}

/// How often blocks of others are looked at, so that their silence is noticed in time.
const LOOK: Duration = Duration::from_secs(1);

impl Supply {
    /// Claims trials of a plan of `points` arms times `seeds`.
    pub fn claimed(claims: Claims, points: usize, seeds: usize, patience: Patience) -> Self {
        Self::Claimed(Box::new(Claiming {
            claims,
            blocks: Blocks::new(points * seeds),
            points,
            seeds,
            patience,
            shared: false,
            next_look: Instant::now(),
            next_refresh: Instant::now(),
        }))
    }

    /// Opens trials until `wanted` wait or nothing is free.
    ///
    /// # Errors
    /// When claims cannot be made or the record cannot be read.
    pub fn refill(&mut self, queue: &mut Queue, wanted: usize, work: &dyn Work) -> Result<()> {
        match self {
            Self::Everything => Ok(()),
            Self::Claimed(claiming) => claiming.refill(queue, wanted, work),
        }
    }

    /// Whether other runners have had some of the trials.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Claimed(claiming) if claiming.shared)
    }

    /// Whether nothing more will come.
    pub fn exhausted(&self, queue: &Queue) -> bool {
        match self {
            Self::Everything => true,
            Self::Claimed(claiming) => {
                queue.first_unclaimed().is_none()
                    && (claiming.patience == Patience::Leave || queue.held().next().is_none())
            }
        }
    }
}

impl Claiming {
    fn refill(&mut self, queue: &mut Queue, wanted: usize, work: &dyn Work) -> Result<()> {
        while queue.waiting() < wanted
            && let Some(trial) = queue.first_unclaimed()
        {
            self.claim(self.block(queue, trial), queue, work)?;
        }
        if queue.waiting() < wanted
            && queue.held().next().is_some()
            && self.next_look <= Instant::now()
        {
            self.next_look = Instant::now() + LOOK;
            self.look_again(queue, wanted, work)?;
        }
        Ok(())
    }

    /// Takes over what runners left that are gone, and sees what the others have finished.
    fn look_again(&mut self, queue: &mut Queue, wanted: usize, work: &dyn Work) -> Result<()> {
        let held: BTreeSet<_> = queue.held().map(|trial| self.block(queue, trial)).collect();
        for block in held {
            if queue.waiting() >= wanted {
                return Ok(());
            }
            self.claim(block, queue, work)?;
        }
        let now = Instant::now();
        if self.next_refresh <= now {
            work.refresh(queue)?;
            // A fiftieth of the time, as for all that is only looked at.
            self.next_refresh = Instant::now() + (50 * now.elapsed()).max(LOOK);
        }
        Ok(())
    }

    fn claim(&mut self, block: usize, queue: &mut Queue, work: &dyn Work) -> Result<()> {
        let trials: Vec<_> = self
            .blocks
            .range(block)
            .map(|position| self.trial(position))
            .collect();
        match self.claims.claim(block)? {
            Claim::Mine => {}
            // Its last owner may have finished or failed some of it.
            Claim::TakenOver(_) => {
                self.shared = true;
                work.refresh(queue)?;
            }
            Claim::Held { .. } => {
                self.shared = true;
                trials.into_iter().for_each(|trial| queue.hold(trial));
                return Ok(());
            }
        }
        trials.into_iter().for_each(|trial| queue.open(trial));
        Ok(())
    }

    /// Trials are claimed seed by seed, as they are handed out.
    fn block(&self, queue: &Queue, trial: usize) -> usize {
        let position = queue
            .entry(trial)
            .map_or(0, |entry| entry.round * self.points + entry.point);
        self.blocks.of(position)
    }

    fn trial(&self, position: usize) -> usize {
        let (round, point) = (position / self.points, position % self.points);
        point * self.seeds + round
    }
}
