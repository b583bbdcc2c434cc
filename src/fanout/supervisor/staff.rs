//! Workers come and go: started, given trials, watched, told to stop, sent home.

use super::{Phase, Supervisor};
use crate::error::Result;
use crate::fanout::crew::{Assignment, Duty, Member, Stride};
use crate::fanout::desk::Word;
use crate::fanout::fate::{self, Circumstance};
use crate::fanout::message::{Hello, ToWorker};
use crate::fanout::process::Process;
use std::time::{Duration, Instant};

/// A supervisor that comes round this late was away.
const AWAY: Duration = Duration::from_secs(2);

impl Supervisor<'_> {
    /// Starts workers while trials wait for them.
    pub(super) fn hire(&mut self) -> Result<()> {
        let serving =
            |duty: fn(&Duty) -> bool| self.crew.values().filter(|m| duty(&m.duty)).count();
        let free = serving(|duty| matches!(duty, Duty::Idle | Duty::Starting));
        let wanted = self
            .desk
            .waiting()
            .min(self.most().saturating_sub(self.busy()));
        for _ in free..wanted {
            if !self.backoff.ready(self.began.elapsed()) {
                break;
            }
            self.started += 1;
            let logs = self.site.folder.logs();
            let ears = self.mouth.clone();
            let since = Instant::now();
            let gpu = self.seat();
            let mut process =
                Process::start(&self.site.launch, gpu.as_ref(), self.started, &logs, ears)?;
            process.send(&ToWorker::Hello(Hello::ours()));
            let member = Member {
                process,
                gpu: gpu.map(|gpu| gpu.number),
                sharing: 0,
                since,
                stride: Stride::NotYet,
                duty: Duty::Starting,
                heard: Instant::now(),
                circumstance: Circumstance::None,
                memory_kills: fate::memory_kills(),
            };
            self.crew.insert(self.started, member);
        }
        Ok(())
    }

    /// Gives every idle worker a trial, but for those that are too many.
    pub(super) fn hand_out(&mut self) {
        let idle = |member: &Member| matches!(member.duty, Duty::Idle);
        let idle: Vec<_> = self
            .crew
            .iter()
            .filter(|(_, m)| idle(m))
            .map(|(n, _)| *n)
            .collect();
        let room = self.most().saturating_sub(self.busy());
        for number in idle.into_iter().take(room) {
            let Some(trial) = self.desk.take() else {
                return;
            };
            self.desk.tell(Word::Started { trial });
            let cost = self.trials.cost(trial);
            let trial = self.trials.trial(trial);
            if let Some(member) = self.crew.get_mut(&number) {
                member.process.send(&ToWorker::Train {
                    trial: trial.to_json(),
                });
                member.heard = Instant::now();
                member.sharing = 0;
                member.duty = Duty::Busy(Box::new(Assignment {
                    trial,
                    since: Instant::now(),
                    cost,
                    part: None,
                    moved: false,
                }));
            }
        }
    }

    /// Kills workers that have been silent too long. When it was the supervisor that did not listen (it was
    /// stopped, or a disk was slow), everyone's time starts again.
    pub(super) fn watch(&mut self) {
        let away = self.listened.elapsed() > AWAY;
        self.listened = Instant::now();
        if away {
            self.crew
                .values_mut()
                .for_each(|m| m.heard = Instant::now());
        }
        let patience = self.site.hang_after;
        let mut killed = Vec::new();
        for (number, member) in &mut self.crew {
            let silent = member.heard.elapsed();
            if member.owes_a_word()
                && silent > patience
                && member.circumstance == Circumstance::None
            {
                member.circumstance = Circumstance::Hang;
                member.process.kill();
                let (pid, seconds) = (member.process.pid(), silent.as_secs());
                killed.push(format!(
                    "worker {number} (process {pid}) was silent for {seconds} s: killed (--hang-after)"
                ));
            }
        }
        killed.iter().for_each(|line| self.say(line));
    }

    /// Lets no more trials start, and asks the running ones to stop with a checkpoint. The first error stays.
    pub(super) fn stop(&mut self, phase: Phase) {
        if matches!(self.phase, Phase::Failing(_) | Phase::Retired) {
            return;
        }
        let told = !self.running();
        self.phase = phase;
        if told {
            return;
        }
        for member in self.crew.values_mut() {
            if matches!(member.duty, Duty::Busy(_)) {
                member.process.send(&ToWorker::Stop);
            } else {
                member.process.dismiss();
                member.duty = Duty::Leaving;
            }
        }
    }

    /// Sends everyone home and waits until they are gone.
    pub(super) fn dismiss_all(&mut self) -> Result<()> {
        for member in self.crew.values_mut() {
            member.process.dismiss();
        }
        while let Some((_, member)) = self.crew.pop_first() {
            member.process.bury()?;
        }
        Ok(())
    }
}
