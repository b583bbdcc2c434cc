//! What follows when a trial ends, well or badly, and when a worker dies.

use super::{Blamed, Phase, Supervisor};
use crate::error::{Error, ExitCode};
use crate::fanout::attempts::{self, Attempt};
use crate::fanout::crew::{Assignment, Duty, Member};
use crate::fanout::desk::Word;
use crate::fanout::fate::{self, Circumstance};
use crate::fanout::fault;
use crate::fanout::log::LastWords;
use crate::fanout::machine;
use crate::fanout::message::{Blame, Failure, Finished, Then};

/// Workers that end before they got to a trial, in a row, before the run ends.
const FAILED_STARTS: u32 = 3;
/// How much of a worker's last words an attempt keeps.
const QUOTED: usize = 2000;

/// Why an attempt failed.
struct Cause {
    class: String,
    last_words: LastWords,
    pid: u32,
}

impl Supervisor<'_> {
    /// A trial is committed.
    pub(super) fn finished(&mut self, number: u64, finished: Finished) {
        if let Some(mut assignment) = self.take_assignment(number, Duty::Idle) {
            let trial = assignment.trial.index;
            self.done += assignment.advance(1.0);
            fault::inject_into_rank(self.site.rank);
            self.desk.tell(Word::Finished { trial, finished });
            self.machine_works();
        }
    }

    /// A worker met an error that it could tell.
    pub(super) fn failed(&mut self, number: u64, failure: Failure) {
        let pid = self.crew.get(&number).map_or(0, |m| m.process.pid());
        let next = match failure.then {
            Then::Stays => Duty::Idle,
            Then::Leaves => Duty::Leaving,
        };
        let Some(assignment) = self.take_assignment(number, next) else {
            return;
        };
        match failure.blame {
            Blame::Trial
                if fate::is_out_of_gpu_memory(&failure.message) && self.shares_too_much() =>
            {
                let why = "too many workers shared its GPU's memory: given back unblamed";
                self.give_back(&assignment, why.into());
            }
            Blame::Trial => {
                let class = fate::class_of_error(&failure.message).into();
                let last_words = LastWords {
                    text: failure.message,
                    path: None,
                };
                let cause = Cause {
                    class,
                    last_words,
                    pid,
                };
                self.count(&assignment, cause);
            }
            Blame::Run => {
                self.give_back(&assignment, "given back unblamed".into());
                self.stop(Phase::Failing(Error::Reported {
                    message: failure.message,
                    code: ExitCode::from_number(failure.code),
                }));
            }
        }
    }

    /// A worker said its last.
    pub(super) fn death(&mut self, number: u64) {
        let Some(member) = self.crew.remove(&number) else {
            return;
        };
        let Member {
            process,
            duty,
            mut circumstance,
            memory_kills,
            ..
        } = member;
        let pid = process.pid();
        let death = match process.bury() {
            Ok(death) => death,
            Err(error) => return self.stop(Phase::Failing(error)),
        };
        if circumstance == Circumstance::None && fate::memory_kills() > memory_kills {
            circumstance = Circumstance::OutOfMemory;
        }
        let class = fate::class(death.status, &circumstance, &death.last_words.text);
        self.backoff.death(self.began.elapsed());
        match duty {
            Duty::Leaving => {}
            Duty::Busy(assignment) if self.running() => {
                let last_words = death.last_words;
                let cause = Cause {
                    class,
                    last_words,
                    pid,
                };
                self.count(&assignment, cause);
            }
            Duty::Busy(assignment) => {
                let why = format!(
                    "its worker ended while stopping ({class}); its last checkpoint stands"
                );
                self.give_back(&assignment, why);
            }
            Duty::Starting | Duty::Idle => {
                self.failed_starts += 1;
                if self.failed_starts >= FAILED_STARTS {
                    let said = quote(&death.last_words.text);
                    self.stop(Phase::Failing(Error::Worker(format!(
                        "{FAILED_STARTS} workers in a row ended before they trained anything; the last one ({class}) said:\n{said}\n  next: mend what it says and run the same command again"
                    ))));
                }
            }
        }
    }

    /// Records a failed attempt.
    fn count(&mut self, assignment: &Assignment, cause: Cause) {
        let trial = &assignment.trial;
        let said = quote(&cause.last_words.text);
        let log = cause.last_words.path;
        let attempt = Attempt {
            id: trial.id.to_string(),
            class: cause.class.clone(),
            message: said.clone(),
            log: log.clone(),
            host: machine::host(),
            pid: cause.pid,
            time: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        };
        match attempts::record(self.site.folder, &attempt) {
            Ok(number) => self.blamed.push(Blamed {
                trial: trial.index,
                id: attempt.id,
                number,
            }),
            Err(error) => {
                self.give_back(assignment, "its failure could not be recorded".into());
                return self.stop(Phase::Failing(error));
            }
        }
        self.desk.tell(Word::Failed {
            trial: trial.index,
            class: cause.class.clone(),
            log: log.map_or_else(String::new, |log| log.display().to_string()),
        });
        if self
            .breaker
            .failed(trial.index, trial.point, assignment.lasted())
        {
            self.machine_is_bad(&cause.class, &said);
        }
    }

    /// Some trial got on: whatever fails now is the fault of what fails.
    pub(super) fn machine_works(&mut self) {
        self.breaker.progress();
        self.backoff.progress();
        self.blamed.clear();
    }

    /// Everything fails at once: ends the run and takes the blame off the trials.
    fn machine_is_bad(&mut self, class: &str, said: &str) {
        for Blamed { trial, id, number } in std::mem::take(&mut self.blamed) {
            if let Err(error) = attempts::forgive(self.site.folder, &id, number) {
                return self.stop(Phase::Failing(error));
            }
            self.desk.tell(Word::Forgiven { trial });
        }
        self.stop(Phase::Failing(Error::Worker(format!(
            "different trials fail within moments of their start and none gets on, so this machine or this build is to blame, not they; the last one ({class}) said:\n{said}\n  next: mend what it says and run the same command again; these attempts do not count"
        ))));
    }

    /// Takes the trial out of a worker's hands.
    pub(super) fn take_assignment(&mut self, number: u64, next: Duty) -> Option<Box<Assignment>> {
        let member = self.crew.get_mut(&number)?;
        match std::mem::replace(&mut member.duty, next) {
            Duty::Busy(assignment) => Some(assignment),
            other => {
                member.duty = other;
                None
            }
        }
    }
}

/// The end of a worker's last words.
fn quote(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(QUOTED);
    let end: String = text.chars().skip(skip).collect();
    match end.trim() {
        "" => {
            "(nothing; the kernel kills without a word where memory runs out: try fewer --workers)"
                .into()
        }
        said => said.to_owned(),
    }
}
