//! What `ablate submit` says before it sends anything.

use super::Submission;
use super::send;
use crate::cli::count;
use crate::cli::device::WorkersPerGpu;
use crate::error::{ExitCode, Result};
use crate::slurm::client::{JobId, sbatch_arguments};
use crate::slurm::script;
use crate::slurm::split::{Reach, Split};
use crate::slurm::submitted::{Kind, Submitted};

/// The jobs with their cost.
pub fn plan(submission: &Submission<'_>) {
    say!("{}", describe(submission).trim_end());
}

fn describe(submission: &Submission<'_>) -> String {
    let Submission {
        sweep,
        profile,
        partition,
        trials,
        work,
        asked,
        cuda,
        split,
        ..
    } = submission;
    let Split {
        jobs,
        shape,
        estimate,
        reach,
        expected_su,
        most_su,
        idle_su,
    } = split;
    let mut out = format!(
        "{}: {trials} trials, {} to do; about {} of one core (a guess)\n",
        sweep.name,
        work.trials,
        hours(work.core_seconds)
    );
    let gpus = match shape.gpus {
        0 => String::new(),
        1 => ", 1 GPU".to_owned(),
        n => format!(", {n} GPUs"),
    };
    out += &format!(
        "{} of {}: {}, each {}{gpus}, {} of {}, {} of memory a node, at most {}\n",
        partition,
        profile.name,
        count(*jobs, "Slurm job"),
        count(shape.nodes, "node"),
        count(shape.nodes * shape.tasks_per_node, "rank"),
        count(shape.cores, "core"),
        script::memory(shape.memory_mb),
        shape.time,
    );
    out += &match (cuda, shape.gpus) {
        (Some(cuda), gpus) => format!(
            "  each trains on {}, {} trials at a time on each, for some {} if a GPU is as fast as its cores (this version knows no GPU's speed)\n",
            count(gpus, "GPU"),
            match cuda.workers {
                WorkersPerGpu::Auto => "as many as measured".to_owned(),
                WorkersPerGpu::Number(number) => number.to_string(),
            },
            hours(*estimate)
        ),
        (None, gpus) => format!(
            "  each trains {} at a time, for about {}{}\n",
            count(shape.workers(), "trial"),
            hours(*estimate),
            match gpus {
                0 => "",
                _ =>
                    "; on the CPU cores that come with a GPU, not on the GPU (--device cuda does that)",
            }
        ),
    };
    if asked.is_some_and(|asked| asked > *jobs) {
        out += "  fewer than you asked for: further ones would find nothing to do\n";
    }
    if *reach == Reach::Leave {
        out += "  that will not be enough: follow-ups go on, one after the other, until nothing is left\n";
    }
    let total = f64::from(*jobs);
    out += &format!(
        "cost: about {} SU for the jobs (at most {}), and {} for a follow-up that finds nothing to do (at most {} for one that does)\n",
        su(total * expected_su),
        su(total * most_su),
        su(*idle_su),
        su(*most_su),
    );
    out
}

/// Scripts and commands, nothing sent or written.
///
/// # Errors
/// When a value may not stand in a script.
pub fn dry_run(submission: &Submission<'_>) -> Result<ExitCode> {
    let submitted = Submitted::next(&submission.folder);
    for kind in [Kind::Job, Kind::FollowUp] {
        say!("\n--- {}", submitted.script(kind).display());
        say!("{}", send::script(submission, &submitted, kind)?.trim_end());
    }
    say!("\n--- commands");
    let command = |kind: Kind, after: &[JobId]| {
        let arguments = sbatch_arguments(&submitted.script(kind), after, &submission.options);
        let words: Vec<_> = arguments.iter().map(|word| quoted(word)).collect();
        say!("sbatch {}", words.join(" "));
    };
    let mut ids = Vec::new();
    for number in 1..=submission.split.jobs {
        command(Kind::Job, &[]);
        ids.push(JobId {
            id: format!("ID{number}"),
            cluster: None,
        });
    }
    command(Kind::FollowUp, &ids);
    say!("\nnothing was sent or written (--dry-run)");
    Ok(ExitCode::Done)
}

/// A word of a command line to copy. The allow-lists know no single quote.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._:,=+@-".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{word}'"),
    }
}

fn hours(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{:.0} s", s.max(1.0)),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

fn su(amount: f64) -> String {
    match amount {
        small if small > 0.0 && small < 0.1 => "0.1".into(),
        other => format!("{other:.1}"),
    }
}
