//! Freezes, sends, records: in this order, and every job before the next is sent.

use super::Submission;
use crate::cli::device::{self, WorkersPerGpu};
use crate::cli::run::keep_yaml;
use crate::durable;
use crate::error::{Error, ExitCode, Result};
use crate::record::Folder;
use crate::slurm::client::{self, JobId, sbatch_arguments};
use crate::slurm::script::{Frozen, Runs, Script, Trains, text};
use crate::slurm::submitted::{Kind, Ledger, Submitted};

/// The script of a kind of job.
///
/// # Errors
/// When a value may not stand in a script.
pub fn script(submission: &Submission<'_>, submitted: &Submitted, kind: Kind) -> Result<String> {
    let Submission {
        sweep,
        profile,
        partition,
        account,
        results,
        folder,
        program,
        cuda,
        split,
        ..
    } = submission;
    let cuda_place = cuda.as_ref().map(|cuda| cuda.program.place(folder));
    let trains = match (cuda, &cuda_place) {
        (Some(cuda), Some(program)) => Trains::OnGpus {
            program,
            workers: match cuda.workers {
                WorkersPerGpu::Auto => None,
                WorkersPerGpu::Number(number) => Some(number),
            },
            mps: cuda.mps,
        },
        _ => Trains::OnCores,
    };
    text(&Script {
        name: &format!("ablate-{}", sweep.name),
        account: *account,
        partition: Some(partition),
        shape: split.shape,
        requeue: profile.requeue(profile.partition(partition)?),
        profile,
        trains,
        runs: Runs::Frozen(Frozen {
            ablate: &program.place(folder),
            yaml: &submitted.sweep_yaml(),
            results,
            folder: folder.root(),
            follows: match kind {
                Kind::Job => None,
                Kind::FollowUp => Some(submitted.root()),
            },
        }),
    })
}

/// Sends the jobs and their follow-up.
///
/// # Errors
/// When a value may not stand in a script, the file system refuses, or sbatch does; then it says what was sent.
pub fn send(submission: &Submission<'_>) -> Result<ExitCode> {
    // Refuse before anything is made.
    script(
        submission,
        &Submitted::next(&submission.folder),
        Kind::FollowUp,
    )?;
    let folder = Folder::create(&submission.results, &submission.sweep.name)?;
    submission.program.freeze(&folder)?;
    if let Some(cuda) = &submission.cuda {
        cuda.program.freeze(&folder)?;
    }
    // What `ablate status` answers from until the first job begins.
    device::keep(&folder, submission.device())?;
    keep_yaml(&folder, &submission.sweep.text)?;
    let submitted = Submitted::create(&folder)?;
    durable::replace(&submitted.sweep_yaml(), submission.sweep.text.as_bytes())?;
    for kind in [Kind::Job, Kind::FollowUp] {
        let text = script(submission, &submitted, kind)?;
        durable::replace(&submitted.script(kind), text.as_bytes())?;
    }
    let mut ledger = Ledger {
        profile: submission.profile.name.clone(),
        partition: submission.partition.to_owned(),
        account: submission.account.map(str::to_owned),
        options: submission.options.clone(),
        cuda_program: submission.cuda.as_ref().map(|cuda| cuda.program.name()),
        ..Ledger::new(&submission.sweep.name, &submission.program)
    };
    submitted.write(&ledger)?;
    let kinds = (0..submission.split.jobs).map(|_| Kind::Job);
    for kind in kinds.chain([Kind::FollowUp]) {
        one(&submitted, &mut ledger, kind).map_err(|error| halfway(error, &ledger, &folder))?;
    }
    say!(
        "  next: ablate status {0}   (ablate cancel {0} ends them)",
        folder.root().display()
    );
    Ok(ExitCode::Done)
}

/// Sends one job and records it. A follow-up waits for all that were sent.
fn one(submitted: &Submitted, ledger: &mut Ledger, kind: Kind) -> Result<()> {
    let after: Vec<JobId> = match kind {
        Kind::Job => Vec::new(),
        Kind::FollowUp => ledger.jobs.iter().map(|sent| sent.job.clone()).collect(),
    };
    let job = client::sbatch(&sbatch_arguments(
        &submitted.script(kind),
        &after,
        &ledger.options,
    ))?;
    say!(
        "sent {}{}",
        job.id,
        match kind {
            Kind::Job => "",
            Kind::FollowUp => " (the follow-up)",
        }
    );
    ledger.add(job, kind, None);
    submitted.write(ledger)
}

/// An error after which some jobs are there.
fn halfway(error: Error, ledger: &Ledger, folder: &Folder) -> Error {
    let ids: Vec<_> = ledger
        .jobs
        .iter()
        .map(|sent| sent.job.id.as_str())
        .collect();
    if ids.is_empty() {
        return error;
    }
    Error::Reported {
        code: ExitCode::Machine,
        message: format!(
            "{error}\n  sent before that: {0}; they drain the sweep, but no follow-up goes on after them\n  next: end them with `ablate cancel {1}` (or scancel {0}), or leave them and submit again when they are done",
            ids.join(" "),
            folder.root().display()
        ),
    }
}
