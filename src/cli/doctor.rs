//! `ablate doctor`.

use crate::doctor::{self, Expected, Finding};
use crate::error::{ExitCode, Result};
use crate::slurm::profile::Profile;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

const MORE: &str = "\
Each line says ok, note (sweeps run all the same) or problem, and how to mend it. What is tried in the results folder is
removed again. The exit code is 0 without problems, else that of the first one: 2 a variable is set wrong, 3 a data file is
damaged, 4 the file system of the results folder, 5 HDF5, 6 the machine.";

/// Arguments of `ablate doctor`.
#[derive(clap::Args)]
#[command(after_long_help = MORE)]
pub struct Args {
    /// Folder of all results, as for `ablate run`
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// The site whose limits Slurm should agree with: expanse, local, or the path of a profile
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// For programs: a JSON list of topic, verdict, found and mend
    #[arg(long)]
    json: bool,
    /// Say how many ranks MPI shows to this process (started by `ablate doctor` through mpirun)
    #[arg(long, hide = true)]
    rank: bool,
}

/// Looks at everything and says what it saw.
pub fn run(args: &Args) -> Result<ExitCode> {
    if args.rank {
        say!("{}", doctor::ranks()?);
        return Ok(ExitCode::Done);
    }
    let profile = args.profile.as_deref().map(Profile::find).transpose()?;
    let expected = profile.as_ref().map(expected);
    let findings = doctor::examine(&args.results, expected.as_deref());
    let text = if args.json {
        json(&findings)
    } else {
        lines(&findings)
    };
    // A reader that left early (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(doctor::exit_code(&findings))
}

/// What a profile says of each partition.
fn expected(profile: &Profile) -> Vec<Expected> {
    let partitions = profile.partitions.iter();
    let of = partitions.map(|(name, partition)| Expected {
        name: name.clone(),
        walltime: Duration::from_secs(partition.walltime.as_seconds()),
        nodes: partition.nodes,
    });
    of.collect()
}

fn lines(findings: &[Finding]) -> String {
    let widest = |of: fn(&Finding) -> usize| findings.iter().map(of).max().unwrap_or(0);
    let topic = widest(|finding| finding.topic.len());
    let verdict = widest(|finding| finding.verdict.name().len());
    let mut text = String::new();
    for finding in findings {
        let (name, found) = (finding.verdict.name(), one_line(&finding.found));
        let _ = writeln!(text, "{name:verdict$}  {:topic$}  {found}", finding.topic);
        if let Some(mend) = &finding.mend {
            let _ = writeln!(text, "{:verdict$}  {:topic$}  → {}", "", "", one_line(mend));
        }
    }
    text
}

/// What other programs said and how folders are called may hold anything: nothing of it moves the cursor.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn json(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|finding| {
        serde_json::json!({
            "topic": finding.topic,
            "verdict": finding.verdict.name(),
            "found": finding.found,
            "mend": finding.mend,
        })
    });
    format!("{:#}\n", serde_json::Value::from_iter(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn lines_are_aligned_and_nothing_in_them_moves_the_cursor() {
        let finding = |topic, verdict, mend: Option<&str>| Finding {
            topic,
            verdict,
            found: "a\n\u{1b}[2Jb".into(),
            mend: mend.map(str::to_owned),
        };
        let text = lines(&[
            finding("gpu", Verdict::Ok, None),
            finding("memory", Verdict::Problem(ExitCode::Machine), Some("buy")),
        ]);
        assert_eq!(
            text,
            "ok       gpu     a  [2Jb\nproblem  memory  a  [2Jb\n                 → buy\n"
        );
    }
}
