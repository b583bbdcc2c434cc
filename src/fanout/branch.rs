//! The desk of a rank that is not the first: a small stock of trials from rank 0, and words on their way to it.

use super::desk::{Desk, Order, Retired, Signals, Word, left_alone};
use super::ranks::Uplink;
use super::ranks::message::{FromRank, RankHello, ToRank, Trouble};
use super::walltime::Walltime;
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// See the module.
pub struct Branch<'a> {
    link: &'a dyn Uplink,
    signals: &'a Signals,
    /// A rank 0 that is silent longer is taken for hung.
    hang_after: Duration,
    stock: VecDeque<usize>,
    received: u64,
    words: Vec<Word>,
    told_room: usize,
    ahead: Ahead,
    order: Order,
    /// When rank 0 said something last.
    heard: Instant,
    state: State,
    error: Option<Error>,
    walltime: Option<Walltime>,
    began: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Working,
    Retired,
}

impl<'a> Branch<'a> {
    /// Greets rank 0 and waits until it knows what it is to do. Gives the walltime that rank 0 knows of, too.
    ///
    /// # Errors
    /// When what comes is no message of this build.
    pub fn greet(
        link: &'a dyn Uplink,
        ours: RankHello,
        signals: &'a Signals,
        hang_after: Duration,
    ) -> Result<(Self, Walltime)> {
        link.send(&FromRank::Hello(ours));
        let mut branch = Self::new(link, signals, hang_after);
        while branch.walltime.is_none() && branch.order != Order::Leave {
            // Without a hang guard of its own: a launcher ends all ranks when rank 0 is gone.
            std::thread::sleep(Duration::from_millis(5));
            branch.receive()?;
        }
        let walltime = branch.walltime.unwrap_or_default();
        Ok((branch, walltime))
    }

    fn new(link: &'a dyn Uplink, signals: &'a Signals, hang_after: Duration) -> Self {
        Self {
            link,
            signals,
            hang_after,
            stock: VecDeque::new(),
            received: 0,
            words: Vec::new(),
            told_room: 0,
            ahead: Ahead::default(),
            order: Order::GoOn,
            heard: Instant::now(),
            state: State::Working,
            error: None,
            walltime: None,
            began: Instant::now(),
        }
    }

    /// How the run ended for this rank. To be asked when the supervisor is done.
    ///
    /// # Errors
    /// What rank 0 said.
    pub fn end(self) -> Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    fn receive(&mut self) -> Result<()> {
        while let Some(message) = self.link.receive()? {
            self.heard = Instant::now();
            match message {
                ToRank::Alive => {}
                ToRank::Welcome { seconds_left } => {
                    self.walltime = Some(Walltime::from_seconds_left(seconds_left));
                }
                ToRank::Train { trials } => {
                    self.received += trials.len() as u64;
                    self.stock.extend(trials);
                }
                ToRank::Stop => self.order = Order::Stop,
                ToRank::Leave { error } => {
                    self.order = Order::Leave;
                    self.error = error.map(Error::from);
                }
            }
        }
        Ok(())
    }

    /// What to do when rank 0 hangs or is gone: stop, and then leave alone.
    fn without_rank_0(&mut self) -> Option<Order> {
        let patience = self.signals.patience(self.hang_after);
        let silent = self.heard.elapsed();
        if self.order == Order::Leave || silent <= patience {
            return None;
        }
        match self.state {
            State::Working => Some(Order::Stop),
            State::Retired => {
                self.error = Some(left_alone("rank 0", silent));
                Some(Order::Abandon)
            }
        }
    }

    fn give_back_stock(&mut self) {
        for trial in std::mem::take(&mut self.stock) {
            let why = "not begun".to_owned();
            self.words.push(Word::GivenBack { trial, why });
        }
    }

    fn report(&mut self, room: usize) {
        if self.words.is_empty() && room == self.told_room {
            return;
        }
        self.told_room = room;
        self.link.send(&FromRank::Report {
            words: std::mem::take(&mut self.words),
            room,
            received: self.received,
        });
    }
}

impl Desk for Branch<'_> {
    fn waiting(&self) -> usize {
        self.stock.len()
    }

    fn take(&mut self) -> Option<usize> {
        self.stock.pop_front()
    }

    fn tell(&mut self, word: Word) {
        if matches!(word, Word::Finished { .. }) {
            self.ahead.finished(self.began.elapsed());
        }
        self.words.push(word);
    }

    fn tend(&mut self, idle: usize) -> Order {
        if let Err(error) = self.receive() {
            // Nothing that comes after it can be trusted, and rank 0 cannot be told why: the job ends.
            (self.order, self.error) = (Order::Abandon, Some(error));
        }
        let room = match self.order {
            Order::GoOn => {
                let wanted = idle + self.ahead.trials(self.began.elapsed());
                wanted.saturating_sub(self.stock.len())
            }
            _ => {
                self.give_back_stock();
                0
            }
        };
        self.report(room);
        self.without_rank_0().unwrap_or(self.order)
    }

    fn retire(&mut self, how: Retired) {
        self.state = State::Retired;
        if self.order == Order::GoOn {
            self.order = Order::Stop;
        }
        self.give_back_stock();
        self.report(0);
        let error = match how {
            Retired::Stopped => None,
            Retired::Failed(error) => Some(Trouble::from(&error)),
        };
        self.link.send(&FromRank::Retired { error });
    }
}

/// How many trials a rank keeps ready beyond those that its workers can begin: as many as it finished lately, so that short
/// trials do not wait for messages and long ones are not hoarded.
#[derive(Clone, Debug, Default)]
struct Ahead {
    window: Duration,
    counted: usize,
    before: usize,
}

impl Ahead {
    const WINDOW: Duration = Duration::from_millis(100);
    const MOST: usize = 1024;

    fn roll(&mut self, now: Duration) {
        let windows = (now.saturating_sub(self.window).as_nanos() / Self::WINDOW.as_nanos()) as u32;
        if windows > 0 {
            self.before = match windows {
                1 => self.counted,
                _ => 0,
            };
            self.counted = 0;
            self.window += windows * Self::WINDOW;
        }
    }

    fn finished(&mut self, now: Duration) {
        self.roll(now);
        self.counted += 1;
    }

    fn trials(&mut self, now: Duration) -> usize {
        self.roll(now);
        // A trial or two in a window are not short: their worker can wait for a message.
        match self.before.max(self.counted) {
            0..=2 => 0,
            many => (2 * many).min(Self::MOST),
        }
    }
}

#[cfg(test)]
mod tests;
