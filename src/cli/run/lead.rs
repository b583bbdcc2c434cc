//! The first rank, or the only one: hands out trials, trains, and ends with record and report.

use super::answer;
use super::difference::difference;
use super::ranks::Ranks;
use super::share::{self, Share};
use super::sweeping::Sweeping;
use super::{Args, Asked};
use crate::cli::device;
use crate::cli::pack::{self, Beside};
use crate::durable;
use crate::error::{ExitCode, Result};
use crate::fanout::claims::Claims;
use crate::fanout::coordinator::{Coordinator, End, Others, Work as _};
use crate::fanout::desk::Departure;
use crate::fanout::lock::Lock;
use crate::fanout::progress::Progress;
use crate::fanout::queue::Queue;
use crate::fanout::ranks::message::{RankHello, ToRank};
use crate::fanout::status::{About, Reporter};
use crate::fanout::supervisor::supervise;
use crate::fanout::supply::{Patience, Supply};
use crate::fanout::walltime::Walltime;
use crate::record::{self, Folder};
use std::fs;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How long to wait while other runners of this machine merge and pack the same results.
const MERGING: Duration = Duration::from_secs(60);

pub fn lead(args: &Args) -> Result<ExitCode> {
    let asked = Asked::new(args)?;
    let (sweep, plan) = (&asked.sweep, &asked.plan);
    for warning in plan.warnings() {
        tell!("warning: {warning}");
    }
    let folder = Folder::create(&args.results, &sweep.name)?;
    keep_yaml(&folder, &sweep.text)?;
    record::remove_stale_temps(&folder)?;
    let sweeping = Sweeping::new(sweep, plan, &folder)?;
    if args.retry_quarantined {
        sweeping.forgive()?;
    }
    let mut queue = sweeping.queue()?;
    let (end, ranks) = match queue.left() {
        0 => {
            device::keep(&folder, plan.device())?;
            dismiss()?;
            (End::Drained, Ranks::Alone)
        }
        _ => train(args, &asked, &sweeping, &mut queue)?,
    };
    let code = ranks.or_abort(close(&asked, &sweeping, &queue, end));
    ranks.leave(Departure::Together, &code);
    code
}

/// Record, report and last words.
fn close(asked: &Asked, sweeping: &Sweeping<'_>, queue: &Queue, end: End) -> Result<ExitCode> {
    let (plan, folder) = (&asked.plan, sweeping.folder);
    let _merging = Lock::take(folder, MERGING)?;
    let Beside { done, packed } = pack::beside(folder, || {
        sweeping.merge(queue)?;
        match end {
            End::Stopped | End::OthersAtWork => Ok(None),
            End::Drained => answer::write(sweeping, queue).map(Some),
        }
    })?;
    let code = match (done, end) {
        (Some(table), _) => answer::tell(&table, plan, folder, queue),
        (None, End::OthersAtWork) => {
            tell!(
                "all that is left is in the hands of other runs of this sweep\n  next: `ablate status` shows them; run the same command again to see to the end"
            );
            ExitCode::MoreToDo
        }
        (None, _) => {
            tell!("stopped; everything is saved\n  next: run the same command again to go on");
            ExitCode::MoreToDo
        }
    };
    // Only now, because it hides no result.
    packed.map(|()| code)
}

/// Nothing is left to do: the other ranks of the job, when there are any, leave. They wait for rank 0 in MPI's start, and
/// `srun` does not end them when it leaves without them.
fn dismiss() -> Result<()> {
    let (calls, _nobody_listens) = channel();
    let ranks = super::ranks::join(&calls)?;
    if let Some(link) = ranks.link() {
        (1..link.ranks()).for_each(|rank| link.send(rank, &ToRank::Leave { error: None }));
    }
    ranks.leave(Departure::Together, &Ok(()));
    Ok(())
}

fn supply(args: &Args, asked: &Asked, claims: Claims) -> Supply {
    let patience = match args.no_wait {
        true => Patience::Leave,
        false => Patience::Wait,
    };
    let seeds = asked.sweep.seeds.len();
    Supply::claimed(
        claims,
        asked.plan.points(),
        seeds,
        asked.plan.artefacts().len(),
        patience,
    )
}

/// Works the queue off, with the workers of all ranks. Gives the ranks that are still there: after a stop they wait until the
/// last word is said, because whoever sent the signal may kill soon.
fn train(
    args: &Args,
    asked: &Asked,
    sweeping: &Sweeping<'_>,
    queue: &mut Queue,
) -> Result<(End, Ranks)> {
    asked.hardware.choice.check()?;
    let signals = super::listen()?;
    let lease = Duration::from_secs_f64(args.lease);
    let claims = Claims::join(sweeping.folder, &asked.digest, lease)?;
    let runner = claims.runner().to_owned();
    let supply = supply(args, asked, claims);
    let walltime = Walltime::of_slurm_job();
    let calls = channel();
    let ranks = super::ranks::join(&calls.0)?;
    let hardware = &asked.hardware;
    let share = Share::of(args, hardware, ranks.local());
    let workers = share.first();
    tell!(
        "{}\n{}",
        sweeping.announcement(queue, workers.min(queue.left())),
        share::announcement(hardware, &share)
    );
    let folder = sweeping.folder;
    ranks.or_abort(share.check(&asked.plan))?;
    let site = super::site(args, hardware, folder, 0, share, walltime, &signals);
    let site = ranks.or_abort(site)?;
    // Only now: a sweep that could not be begun on a GPU was not begun on one.
    ranks.or_abort(device::keep(folder, asked.plan.device()))?;
    let mut progress = Progress::on_stderr(sweeping.scope());
    let others = ranks.link().map(|link| Others {
        link,
        ours: RankHello::ours(asked.digest.clone(), asked.plan.device(), workers),
        hang_after: site.hang_after,
        walltime,
    });
    let trials = asked.plan.len();
    let about = About::this(&runner, &asked.digest, ranks.count(), workers, trials);
    let reporter = Some(ranks.or_abort(Reporter::new(sweeping.folder, about))?);
    let mut coordinator = Coordinator::new(
        queue,
        supply,
        sweeping,
        &mut progress,
        &signals,
        reporter,
        others,
    );
    let departure = ranks.or_abort(supervise(&site, sweeping, &mut coordinator, calls))?;
    let shared = coordinator.is_shared();
    let end = coordinator.end();
    let ranks = match (&end, departure) {
        (Ok(End::Stopped), Departure::Together) => ranks,
        _ => {
            ranks.leave(departure, &end);
            Ranks::Alone
        }
    };
    if shared {
        ranks.or_abort(sweeping.refresh(queue))?;
    }
    Ok((end?, ranks))
}

/// Keeps what was asked, replaced whole and only when it differs; says what changed.
pub fn keep_yaml(folder: &Folder, text: &str) -> Result<()> {
    let path = folder.sweep_yaml();
    if let Ok(old) = fs::read(&path)
        && old != text.as_bytes()
    {
        let kept = folder.replaced_yaml(&old);
        durable::update(&kept, &old)?;
        tell!(
            "note: the sweep file differs from the last run's, which is kept as {}; the report now answers the new one\n{}",
            kept.display(),
            difference(&String::from_utf8_lossy(&old), text).trim_end_matches('\n')
        );
    }
    durable::update(&path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_sweep_file_is_not_written_again() {
        let results = tempfile::tempdir().expect("a folder");
        let folder = Folder::create(results.path(), "x").expect("made");
        let written = || {
            fs::metadata(folder.sweep_yaml())
                .expect("there")
                .modified()
                .ok()
        };
        keep_yaml(&folder, "name: x").expect("kept");
        let first = written();
        keep_yaml(&folder, "name: x").expect("kept");
        assert_eq!(written(), first);
        keep_yaml(&folder, "name: x # edited").expect("kept");
        assert_eq!(
            fs::read(folder.sweep_yaml()).expect("there"),
            b"name: x # edited"
        );
    }
}
