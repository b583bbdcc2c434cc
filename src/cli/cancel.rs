//! `ablate cancel`: ends the Slurm jobs of a sweep.

use crate::error::{Error, ExitCode, Result};
use crate::record::Folder;
use crate::slurm::client::{self, Known};
use crate::slurm::submitted::{Kind, Sent, Submitted};
use std::path::{Path, PathBuf};

/// How often is looked again: a follow-up may have sent another while it was ended.
const ROUNDS: usize = 5;

/// Arguments of `ablate cancel`.
#[derive(clap::Args)]
pub struct Args {
    /// The sweep's folder (results/NAME), or one submission of it (results/NAME/submitted/1)
    path: PathBuf,
}

/// Ends every recorded job that Slurm still knows.
pub fn run(args: &Args) -> Result<ExitCode> {
    let user = client::user()?;
    let mut cancelled = 0;
    for round in 0..ROUNDS {
        if round > 0 {
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let mut waiting = alive(&args.path, &user)?;
        // Follow-ups first: the end of the others would start them.
        waiting.sort_by_key(|sent| sent.kind == Kind::Job);
        if waiting.is_empty() {
            match cancelled {
                0 => say!("no Slurm job of {} is left", args.path.display()),
                n => say!("cancelled {n}; what is saved stays, and `ablate submit` goes on"),
            }
            return Ok(ExitCode::Done);
        }
        for sent in waiting {
            client::scancel(&sent.job)?;
            say!("cancelled {}", sent.job.id);
            cancelled += 1;
        }
    }
    Err(Error::Reported {
        message: format!(
            "Slurm still knows jobs of {}\n  next: look with squeue --me, and try again",
            args.path.display()
        ),
        code: ExitCode::Machine,
    })
}

/// Recorded jobs that Slurm knows and that are not ending already.
///
/// # Errors
/// When the records cannot be read, or Slurm does not answer.
pub(super) fn alive(path: &Path, user: &str) -> Result<Vec<Sent>> {
    let mut recorded = Vec::new();
    for submitted in submissions(path)? {
        recorded.extend(submitted.ledger()?.jobs);
    }
    let mut clusters: Vec<_> = recorded
        .iter()
        .map(|sent| sent.job.cluster.clone())
        .collect();
    clusters.sort();
    clusters.dedup();
    let mut out = Vec::new();
    for cluster in clusters {
        let known = client::jobs_of(user, cluster.as_deref())?;
        let here = recorded.iter().filter(|sent| sent.job.cluster == cluster);
        out.extend(
            here.filter(|sent| known.iter().any(|job| is(job, sent)))
                .cloned(),
        );
    }
    Ok(out)
}

fn is(known: &Known, sent: &Sent) -> bool {
    let ending = ["COMPLETING", "CANCELLED", "COMPLETED"];
    known.id == sent.job.id && !ending.contains(&known.state.as_str())
}

/// The submissions below a path.
fn submissions(path: &Path) -> Result<Vec<Submitted>> {
    if path.join("jobs.json").is_file() {
        return Ok(vec![Submitted::existing(path)]);
    }
    if !path.is_dir() {
        return Err(Error::Usage {
            problem: format!("there is no folder {}", path.display()),
            next: "name the sweep's folder, for example results/skip_vs_noskip".into(),
        });
    }
    Ok(Submitted::all(&Folder::existing(path)))
}
