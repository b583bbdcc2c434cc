//! What ranks say, rank 0 itself among them, and what follows from it.

use super::{Coordinator, Rank};
use crate::error::{ExitCode, Result};
use crate::fanout::coordinator::peers::Event;
use crate::fanout::desk::{Retired, Word};
use crate::fanout::queue::{ATTEMPTS, Verdict};

impl Coordinator<'_> {
    /// A rank trains no more. Where others go on, a bad machine costs only itself.
    pub(super) fn rank_retired(&mut self, who: &str, how: Retired) {
        let Retired::Failed(error) = how else { return };
        let others = match (self.here, &self.peers) {
            (Rank::Working, _) => true,
            (Rank::Retired, Some(peers)) => peers.working() > 0,
            (Rank::Retired, None) => false,
        };
        if error.exit_code() == ExitCode::Machine && others && self.running() {
            self.progress
                .say(&format!("{who} is retired; the others go on: {error}"));
        } else {
            self.fail(error);
        }
    }

    /// What came from the other ranks.
    pub(super) fn receive(&mut self) -> Result<()> {
        let Some(mut peers) = self.peers.take() else {
            return Ok(());
        };
        let heard = peers.receive();
        self.peers = Some(peers);
        for (rank, event) in heard? {
            match event {
                Event::Word(Word::Say { text }) => {
                    self.progress.say(&format!("rank {rank}: {text}"));
                }
                Event::Word(word) => self.word(rank, word),
                Event::Retired(how) => self.rank_retired(&format!("rank {rank}"), how),
                Event::Refused(error) => self.fail(error),
            }
        }
        Ok(())
    }

    /// What became of a trial on a rank.
    pub(super) fn word(&mut self, rank: usize, word: Word) {
        match word {
            Word::Started { trial } => {
                let planned = self.work.trial(trial);
                self.progress.started(&planned, self.queue.cost(trial));
            }
            Word::Moved { trial, part } => self.progress.moved(trial, part),
            Word::Resumed { trial, curves } => self.progress.resumed(trial, &curves),
            Word::Epoch {
                trial,
                epoch,
                epochs,
                row,
            } => self.progress.measured(trial, epoch, epochs, &row),
            Word::Finished { trial, finished } => {
                self.finished += 1;
                self.queue.finish(trial, finished.seconds);
                self.progress
                    .finished(trial, &finished, self.queue.cost(trial));
            }
            Word::Failed { trial, class, log } => {
                self.failed_on.insert(trial, rank);
                let next = match self.queue.fail(trial) {
                    Verdict::Again => "it will be tried again".to_owned(),
                    Verdict::Quarantined => format!(
                        "given up after {ATTEMPTS} attempts (--retry-quarantined tries again)"
                    ),
                };
                let log = match log.as_str() {
                    "" => String::new(),
                    log => format!("; log: {log}"),
                };
                self.progress
                    .ended(trial, &format!("failed ({class}): {next}{log}"));
            }
            Word::GivenBack { trial, why } => {
                self.queue.give_back(trial);
                self.progress.ended(trial, &why);
            }
            Word::Forgiven { trial } => self.queue.forgive(trial),
            Word::Say { text } => self.progress.say(&text),
        }
    }
}
