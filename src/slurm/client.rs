//! Slurm's own programs. Arguments are lists, never text for a shell; what they print is read strictly where it names a job, and kept
//! as it is where it only informs.

use crate::error::{Error, ExitCode, Result};
use crate::harmless::harmless;
use crate::slurm::allowed::Allowed;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

/// A job that Slurm took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobId {
    /// Its number.
    pub id: String,
    /// Its cluster, where Slurm names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

impl JobId {
    /// Reads what `sbatch --parsable` prints: `id[;cluster]`, and nothing else.
    pub fn parse(printed: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(printed).ok()?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let (id, cluster) = match line.split_once(';') {
            Some((id, cluster)) => (id, Some(cluster)),
            None => (line, None),
        };
        let job = Self {
            id: id.to_owned(),
            cluster: cluster.map(str::to_owned),
        };
        job.is_plain().then_some(job)
    }

    /// Whether it is a number and a name, wherever it was read.
    pub fn is_plain(&self) -> bool {
        let digits =
            (1..=19).contains(&self.id.len()) && self.id.bytes().all(|b| b.is_ascii_digit());
        let cluster = self.cluster.as_deref();
        digits && cluster.is_none_or(|name| Allowed::CLUSTER.check(name).is_ok())
    }
}

/// Arguments of sbatch for a script: what it waits for, then the user's own options.
pub fn sbatch_arguments(script: &Path, after: &[JobId], options: &[String]) -> Vec<String> {
    let mut arguments = vec!["--parsable".to_owned()];
    if !after.is_empty() {
        let ids: Vec<_> = after.iter().map(|job| job.id.as_str()).collect();
        arguments.push(format!("--dependency=afterany:{}", ids.join(":")));
    }
    arguments.extend_from_slice(options);
    arguments.push(script.display().to_string());
    arguments
}

/// Sends a job.
///
/// # Errors
/// When there is no sbatch, it refuses, or what it says names no job.
pub fn sbatch(arguments: &[String]) -> Result<JobId> {
    let output = run("sbatch", arguments)?;
    if !output.status.success() {
        return Err(Error::Reported {
            message: format!(
                "sbatch refused: {}\n  next: mend what it says (where Slurm itself does not answer: do this on a login node) and run the same command again; this job was not sent",
                said(&output.stderr)
            ),
            code: ExitCode::BadInput,
        });
    }
    JobId::parse(&output.stdout).ok_or_else(|| Error::Reported {
        message: format!(
            "sbatch says {:?}, which names no job\n  next: a job may have been sent: look with squeue --me, and end it with scancel",
            said(&output.stdout)
        ),
        code: ExitCode::Machine,
    })
}

/// A job that squeue knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub id: String,
    /// Its state as Slurm says it, for example `PENDING`; any other word is kept, too.
    pub state: String,
}

/// How many jobs of a user are in a partition; `None` where that cannot be known, for example because this is no cluster.
pub fn queued(user: &str, partition: &str) -> Option<u32> {
    let arguments = ["-h", "-u", user, "-p", partition, "-o", "%i"].map(str::to_owned);
    let output = run("squeue", &arguments).ok()?;
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let jobs = lines.filter(|line| !line.trim_ascii().is_empty()).count();
    output
        .status
        .success()
        .then(|| u32::try_from(jobs).unwrap_or(u32::MAX))
}

/// All jobs of a user on a cluster (none: this one).
///
/// # Errors
/// When there is no squeue, or it fails.
pub fn jobs_of(user: &str, cluster: Option<&str>) -> Result<Vec<Known>> {
    let mut arguments = on(cluster);
    arguments.extend(["-h", "-u", user, "-o", "%i %T"].map(str::to_owned));
    let output = run("squeue", &arguments)?;
    if !output.status.success() {
        return Err(Error::Reported {
            message: format!(
                "squeue failed: {}\n  next: try again; nothing was changed",
                said(&output.stderr)
            ),
            code: ExitCode::Machine,
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let jobs = text.lines().filter_map(|line| {
        let (id, state) = line.trim().split_once(' ')?;
        Some(Known {
            id: id.to_owned(),
            state: harmless(state.trim()),
        })
    });
    Ok(jobs.collect())
}

/// Cancels a job. That it has ended meanwhile is no error.
///
/// # Errors
/// When there is no scancel.
pub fn scancel(job: &JobId) -> Result<()> {
    let mut arguments = on(job.cluster.as_deref());
    arguments.push(job.id.clone());
    let output = run("scancel", &arguments)?;
    if !output.status.success() {
        tracing::warn!("scancel {}: {}", job.id, said(&output.stderr));
    }
    Ok(())
}

/// The user's name, as squeue wants it.
///
/// # Errors
/// When neither the environment nor the system tells, or what they tell is no name.
pub fn user() -> Result<String> {
    let told = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let name = match told {
        Some(name) => name,
        None => {
            let output = run("id", &["-un".to_owned()])?;
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
    };
    Allowed::USER.check(&name).map(str::to_owned)
}

fn on(cluster: Option<&str>) -> Vec<String> {
    cluster.map_or(Vec::new(), |name| vec!["-M".to_owned(), name.to_owned()])
}

/// Variables that would change what sbatch, squeue and scancel do, or that a surrounding job left: the plan alone decides.
const HIDDEN: [&str; 4] = ["SBATCH_", "SQUEUE_", "SCANCEL_", "SLURM_"];

fn run(program: &str, arguments: &[String]) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::null());
    for (name, _) in std::env::vars_os() {
        let hidden = name.to_str().is_some_and(|name| {
            name != "SLURM_CONF" && HIDDEN.iter().any(|prefix| name.starts_with(prefix))
        });
        if hidden {
            command.env_remove(name);
        }
    }
    command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::Usage {
            problem: format!("there is no {program} here"),
            next: "do this on a login node of the cluster (some need `module load slurm`); --dry-run of submit shows what would be sent".into(),
        },
        _ => Error::io("start", program.as_ref())(error),
    })
}

/// The last words of a program, harmless.
fn said(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.trim().lines().map(harmless).collect();
    match lines.is_empty() {
        true => "(nothing)".into(),
        false => lines.join("\n  "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sbatch_prints_is_read_strictly() {
        let parsed = |text: &str| JobId::parse(text.as_bytes()).map(|job| (job.id, job.cluster));
        assert_eq!(parsed("123\n"), Some(("123".into(), None)));
        assert_eq!(parsed("123"), Some(("123".into(), None)));
        assert_eq!(
            parsed("7;expanse\n"),
            Some(("7".into(), Some("expanse".into())))
        );
        for text in [
            "",
            "\n",
            "-1",
            "1 2",
            "12\n13\n",
            "Submitted batch job 12",
            "1;",
            "1;a b",
            "1;$(x)",
            "1;-x",
            &"1".repeat(20),
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_follow_up_waits_for_all() {
        let jobs = ["1", "2"].map(|id| JobId {
            id: id.into(),
            cluster: None,
        });
        let arguments = sbatch_arguments(Path::new("/f.sbatch"), &jobs, &["--qos=x".into()]);
        assert_eq!(
            arguments,
            [
                "--parsable",
                "--dependency=afterany:1:2",
                "--qos=x",
                "/f.sbatch"
            ]
        );
    }
}
