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
    /// Leave it to them, once they were heard; what a runner left that is gone is still taken over.
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
    /// Blocks of others who were not heard yet: they may be gone.
    unheard: BTreeSet<usize>,
    /// Runners that were no more when the record was last read.
    settled: BTreeSet<String>,
    /// When blocks of others are looked at again.
    next_look: Instant,
    /// When the record may be read again to see what others finished.
    next_refresh: Instant,
    /// When trials were last asked for.
    asked: Instant,
}

/// How often blocks of others are looked at, so that their silence is noticed in time.
const LOOK: Duration = Duration::from_secs(1);

impl Supply {
    /// Claims trials of a plan of `points` arms times `seeds`, and of the artefacts behind them.
    pub fn claimed(
        claims: Claims,
        points: usize,
        seeds: usize,
        artefacts: usize,
        patience: Patience,
    ) -> Self {
        Self::Claimed(Box::new(Claiming {
            claims,
            blocks: Blocks::new(points * seeds + artefacts),
            points,
            seeds,
            patience,
            shared: false,
            unheard: BTreeSet::new(),
            settled: BTreeSet::new(),
            next_look: Instant::now(),
            next_refresh: Instant::now(),
            asked: Instant::now(),
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
                let to_others = match claiming.patience {
                    Patience::Wait => queue.held().next().is_none(),
                    Patience::Leave => claiming.unheard.is_empty(),
                };
                queue.first_unclaimed().is_none() && to_others
            }
        }
    }
}

impl Claiming {
    fn refill(&mut self, queue: &mut Queue, wanted: usize, work: &dyn Work) -> Result<()> {
        if self.asked.elapsed() > self.claims.lease() / 2 {
            self.look_for_losses(queue)?;
        }
        self.asked = Instant::now();
        // What trials wait for is claimed however many of them wait: it may be nobody's again.
        // What failed waits until every other had its turn.
        while let Some(trial) = queue.first_unclaimed()
            && (!queue.has_fresh(wanted) || (queue.ready() < wanted && self.is_artefact(trial)))
        {
            self.claim(self.block(queue, trial), queue, work)?;
        }
        if queue.ready() < wanted
            && queue.held().next().is_some()
            && self.next_look <= Instant::now()
        {
            self.look_again(queue, wanted, work)?;
            self.next_look = Instant::now() + LOOK;
        }
        Ok(())
    }

    /// After a pause in which others may have taken over what this runner had.
    fn look_for_losses(&mut self, queue: &mut Queue) -> Result<()> {
        for block in self.claims.mine() {
            if !self.claims.still_mine(block)? {
                self.shared = true;
                self.trials(block).for_each(|trial| queue.hold(trial));
            }
        }
        Ok(())
    }

    /// Sees what the others have finished, and takes over what runners left that are gone.
    fn look_again(&mut self, queue: &mut Queue, wanted: usize, work: &dyn Work) -> Result<()> {
        self.refresh(queue, work)?;
        self.unheard.clear();
        let held: BTreeSet<_> = queue.held().map(|trial| self.block(queue, trial)).collect();
        for block in held {
            if queue.ready() >= wanted {
                return Ok(());
            }
            self.claim(block, queue, work)?;
        }
        Ok(())
    }

    /// Reads the record, at most every second and for a tenth of the time: with many trials it takes its while.
    fn refresh(&mut self, queue: &mut Queue, work: &dyn Work) -> Result<()> {
        let now = Instant::now();
        if self.next_refresh <= now {
            work.refresh(queue)?;
            self.next_refresh = Instant::now() + (10 * now.elapsed()).max(LOOK);
        }
        Ok(())
    }

    fn claim(&mut self, block: usize, queue: &mut Queue, work: &dyn Work) -> Result<()> {
        match self.claims.claim(block)? {
            Claim::Mine => {}
            Claim::TakenOver(from) => {
                self.shared = true;
                // Its last owner, who is no more, may have finished or failed some of it. Once read, that stays true.
                if self.settled.insert(from) {
                    work.refresh(queue)?;
                }
            }
            Claim::Held { heard, .. } => {
                self.shared = true;
                if !heard {
                    self.unheard.insert(block);
                }
                self.trials(block).for_each(|trial| queue.hold(trial));
                return Ok(());
            }
        }
        self.unheard.remove(&block);
        self.trials(block).for_each(|trial| queue.open(trial));
        Ok(())
    }

    /// Trials are claimed seed by seed, as they are handed out.
    fn block(&self, queue: &Queue, trial: usize) -> usize {
        let position = match self.is_artefact(trial) {
            false => queue
                .entry(trial)
                .map_or(0, |entry| entry.round * self.points + entry.point),
            // As it stands in the plan.
            true => trial,
        };
        self.blocks.of(position)
    }

    fn is_artefact(&self, trial: usize) -> bool {
        trial >= self.points * self.seeds
    }

    fn trials(&self, block: usize) -> impl Iterator<Item = usize> + use<> {
        let (points, seeds) = (self.points, self.seeds);
        let trial = move |position| match position < points * seeds {
            true => (position % points) * seeds + position / points,
            false => position,
        };
        self.blocks.range(block).map(trial)
    }
}
