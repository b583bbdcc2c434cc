//! A rank that is not the first: trains what rank 0 hands out.

use super::{Args, Asked, sweeping};
use crate::error::{Error, ExitCode, Result};
use crate::fanout::branch::Branch;
use crate::fanout::ranks::message::RankHello;
use crate::fanout::supervisor::{Trials, supervise};
use crate::plan::{Plan, Trial};
use crate::record::Folder;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Rank 0 meets the same errors in command line and sweep file, and it is the one that tells.
const RANK_0_TELLS: Duration = Duration::from_secs(2);

pub fn follow(args: &Args) -> Result<ExitCode> {
    let asked = match Asked::new(args) {
        Err(error @ (Error::Sweep(_) | Error::Usage { .. } | Error::Data { .. })) => {
            // And a launcher ends all ranks as soon as one fails.
            std::thread::sleep(RANK_0_TELLS);
            return Ok(error.exit_code());
        }
        other => other?,
    };
    let signals = super::listen()?;
    let folder = Folder::existing(args.results.join(&asked.sweep.name));
    let calls = channel();
    let ranks = super::ranks::join(&calls.0)?;
    let link = ranks.uplink().ok_or_else(|| {
        Error::Worker("MPI made this process its first rank, the launcher another one".into())
    });
    let link = ranks.or_abort(link)?;
    let hardware = &asked.hardware;
    let share = super::Share::of(args, hardware, ranks.local());
    let hang_after = Duration::from_secs_f64(args.hang_after);
    let greeted = Branch::greet(
        link,
        RankHello::ours(asked.digest, asked.plan.device(), share.first()),
        &signals,
        hang_after,
    );
    let (mut branch, walltime) = ranks.or_abort(greeted)?;
    let rank = ranks.rank();
    ranks.or_abort(share.check(&asked.plan))?;
    let site = super::site(args, hardware, &folder, rank, share, walltime, &signals);
    let site = ranks.or_abort(site)?;
    let departure = ranks.or_abort(supervise(&site, &Planned(&asked.plan), &mut branch, calls))?;
    let end = branch.end();
    ranks.leave(departure, &end);
    // Rank 0 tells what went wrong. Whoever ends with another code than 0 makes the launcher kill it before it has.
    match end {
        Ok(()) | Err(Error::Reported { .. }) => Ok(ExitCode::Done),
        Err(error) => Err(error),
    }
}

struct Planned<'a>(&'a Plan);

impl Trials for Planned<'_> {
    fn trial(&self, index: usize) -> Trial {
        self.0.trial(index)
    }

    fn points(&self) -> usize {
        self.0.points()
    }

    fn cost(&self, index: usize) -> f64 {
        sweeping::cost(self.0, index)
    }
}
