//! `ablate slurm`: what the batch scripts ask for.

use crate::error::{Error, ExitCode, Result};
use crate::record::{self, Folder};
use crate::slurm::client::{self, JobId, sbatch_arguments};
use crate::slurm::follow::{self, Step};
use crate::slurm::submitted::{Kind, Ledger, Submitted};
use crate::sweep::Sweep;
use crate::train::step_of;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long `ablate submit` may take from sbatch to the record of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Arguments of `ablate slurm`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the folder of a sweep
    Folder {
        /// The sweep file
        file: PathBuf,
        /// Folder of all results
        #[arg(long)]
        results: PathBuf,
    },
    /// Send the next follow-up, from inside one
    FollowUp {
        /// The submission: …/submitted/<n>
        submitted: PathBuf,
    },
}

/// Runs `ablate slurm`.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Folder { file, results } => {
            let folder = results.join(Sweep::load(file)?.name);
            say!("{}", folder.display());
            Ok(ExitCode::Done)
        }
        Command::FollowUp { submitted } => follow_up(submitted),
    }
}

/// Sends the next follow-up, unless that is of no use.
fn follow_up(path: &Path) -> Result<ExitCode> {
    let own = own_job()?;
    let submitted = Submitted::existing(path);
    let mut ledger = recorded(&submitted, &own)?;
    let folder = path.parent().and_then(Path::parent).map(Folder::existing);
    let folder = folder.ok_or_else(|| Error::Usage {
        problem: format!("{} is no submission", path.display()),
        next: "name a folder submitted/<n> of a sweep".into(),
    })?;
    let got_to = record::done(&folder)?.len() + checkpointed_steps(&folder);
    let step = follow::begin(&mut ledger, &own.id, got_to);
    submitted.write(&ledger)?;
    match step {
        Step::Sent => Ok(ExitCode::Done),
        Step::Stop => Err(Error::Reported {
            message: format!(
                "two follow-ups in a row finished no trial and got none further: no further one is sent\n  next: see {}; then submit again, with more --time if trials were cut off",
                folder.logs().display()
            ),
            code: ExitCode::MoreToDo,
        }),
        Step::Send => {
            send(&submitted, &mut ledger, own);
            Ok(ExitCode::Done)
        }
    }
}

/// Steps in the checkpoints of all trials: a trial that is longer than a job finishes in none, but gets on in each.
fn checkpointed_steps(folder: &Folder) -> usize {
    let below = |path: PathBuf| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let step = |path: PathBuf| step_of(path.file_name()?.to_str()?);
    let trials = below(folder.all_checkpoints());
    let latest = |trial| below(trial).flat_map(below).filter_map(step).max();
    trials.filter_map(latest).map(|step| step as usize).sum()
}

/// Sends and records. Where it fails, this job trains all the same, and says so.
fn send(submitted: &Submitted, ledger: &mut Ledger, own: JobId) {
    let script = submitted.script(Kind::FollowUp);
    let arguments = sbatch_arguments(&script, std::slice::from_ref(&own), &ledger.options);
    let sent = client::sbatch(&arguments).and_then(|job| {
        say!("sent {} (the next follow-up)", job.id);
        ledger.add(job, Kind::FollowUp, Some(own.id));
        submitted.write(ledger)
    });
    if let Err(error) = sent {
        tell!(
            "warning: {error}\n  no follow-up goes on after this job: submit again when it has ended"
        );
    }
}

/// This very job, as Slurm names it.
fn own_job() -> Result<JobId> {
    let id = std::env::var("SLURM_JOB_ID").unwrap_or_default();
    let job = JobId { id, cluster: None };
    match job.is_plain() {
        true => Ok(job),
        false => Err(Error::Usage {
            problem: "SLURM_JOB_ID is missing or no job's number".into(),
            next: "this is for batch scripts; use ablate submit".into(),
        }),
    }
}

/// The record, with this job in it: a follow-up may begin before `ablate submit` has written that it was sent, and adds itself
/// when that died in between.
fn recorded(submitted: &Submitted, own: &JobId) -> Result<Ledger> {
    let began = Instant::now();
    loop {
        let mut ledger = submitted.ledger()?;
        if ledger.jobs.iter().any(|sent| sent.job.id == own.id) {
            return Ok(ledger);
        }
        if began.elapsed() > PATIENCE {
            ledger.add(own.clone(), Kind::FollowUp, None);
            return Ok(ledger);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
