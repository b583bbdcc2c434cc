//! The text of a batch script. It is the same program whatever it is for: load what the site needs, check what Slurm says, start
//! the ranks, hand on signals, and let the sweep's folder say how it went, because mpirun's exit code says nothing.

mod body;

use super::allowed::Allowed;
use super::profile::{Launcher, Mps, Profile, Requeue, in_scratch};
use super::split::Shape;
use crate::error::{Error, Result};
use body::{AGAIN, ANSWER, CHECKS, END_MPS, FOLLOW, LAUNCH, MPS, MPS_OF_SEVERAL, NAMED, ON_CORES};
use std::fmt::Write as _;
use std::path::Path;

/// One script.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// The job's name.
    pub name: &'a str,
    /// The account, when it is in the script.
    pub account: Option<&'a str>,
    /// The partition; none: Slurm's default.
    pub partition: Option<&'a str>,
    /// What it asks for.
    pub shape: Shape,
    /// Whether Slurm may start it again.
    pub requeue: Requeue,
    /// The site.
    pub profile: &'a Profile,
    /// What its trials are trained on.
    pub trains: Trains<'a>,
    /// What it runs.
    pub runs: Runs<'a>,
}

/// What trials are trained on.
#[derive(Clone, Copy, Debug)]
pub enum Trains<'a> {
    /// The job's cores.
    OnCores,
    /// Its GPUs.
    OnGpus {
        /// The program that does, an absolute path.
        program: &'a Path,
        /// Trials at a time on each; none: as measured.
        workers: Option<u16>,
        /// Whether several of them compute at the same time.
        mps: Mps,
    },
    /// Its GPUs where `ablate-cuda` stands beside the program, else its cores.
    OnEither,
}

impl Trains<'_> {
    fn mps(self, profile: &Profile) -> Mps {
        match self {
            Self::OnCores => Mps::Left,
            Self::OnGpus { mps, .. } => mps,
            Self::OnEither => profile.mps,
        }
    }
}

/// What a script runs.
#[derive(Clone, Copy, Debug)]
pub enum Runs<'a> {
    /// A sweep that `ablate submit` froze.
    Frozen(Frozen<'a>),
    /// The sweep named on sbatch's command line.
    Named {
        /// How to call it, for the first lines.
        usage: &'a str,
        /// The sweep when none is named.
        otherwise: Option<&'a str>,
    },
}

/// Absolute paths of a frozen sweep.
#[derive(Clone, Copy, Debug)]
pub struct Frozen<'a> {
    /// The program.
    pub ablate: &'a Path,
    /// The sweep file.
    pub yaml: &'a Path,
    /// The folder of all results.
    pub results: &'a Path,
    /// The sweep's folder.
    pub folder: &'a Path,
    /// What was submitted: for a follow-up, which queues the next one.
    pub follows: Option<&'a Path>,
}

/// The text.
///
/// # Errors
/// [`Error::Usage`] for a value that may not stand in a script.
pub fn text(script: &Script<'_>) -> Result<String> {
    let mut out = String::from("#!/bin/bash\n");
    match script.runs {
        Runs::Frozen(frozen) => {
            let what = if frozen.follows.is_some() {
                "Goes on with what its jobs leave of a sweep; ends at once when nothing is left."
            } else {
                "Drains a sweep together with the other jobs sent; sending it again goes on."
            };
            let _ = writeln!(out, "# Written by `ablate submit`. {what}");
        }
        Runs::Named { usage, .. } => {
            for line in usage.lines() {
                let _ = writeln!(out, "# {line}");
            }
        }
    }
    directives(script, &mut out)?;
    site(script, &mut out)?;
    let launcher = script.profile.launcher.name();
    let _ = write!(
        out,
        "\nset -u\nlauncher=${{ABLATE_LAUNCHER:-{launcher}}}\nthreads={}\n\n{CHECKS}\n",
        script.shape.threads
    );
    match script.runs {
        Runs::Frozen(frozen) => self::frozen(frozen, &mut out)?,
        Runs::Named { otherwise, .. } => named(script.profile, otherwise, &mut out)?,
    }
    trains(script.trains, &mut out)?;
    let mps = script.trains.mps(script.profile);
    let end_mps = match (mps, script.shape.nodes) {
        (Mps::Started, 1) => {
            start_mps(script.profile, &mut out)?;
            END_MPS
        }
        (Mps::Started, _) => {
            out += MPS_OF_SEVERAL;
            ""
        }
        (Mps::Left, _) => "",
    };
    out += LAUNCH;
    out += end_mps;
    out += ANSWER;
    if script.requeue == Requeue::Allowed {
        out += AGAIN;
    }
    out += "exit \"$code\"\n";
    Ok(out)
}

fn directives(script: &Script<'_>, out: &mut String) -> Result<()> {
    let Shape {
        nodes,
        tasks_per_node,
        cores,
        memory_mb,
        gpus,
        time,
        ..
    } = script.shape;
    let mut directive = |option: std::fmt::Arguments<'_>| {
        let _ = writeln!(out, "#SBATCH --{option}");
    };
    directive(format_args!(
        "job-name={}",
        Allowed::JOB.check(script.name)?
    ));
    if let Some(account) = script.account {
        directive(format_args!("account={}", Allowed::ACCOUNT.check(account)?));
    }
    if let Some(partition) = script.partition {
        directive(format_args!(
            "partition={}",
            Allowed::PARTITION.check(partition)?
        ));
    }
    directive(format_args!("nodes={nodes}"));
    directive(format_args!("ntasks-per-node={tasks_per_node}"));
    directive(format_args!("cpus-per-task={cores}"));
    directive(format_args!("mem={}", memory(memory_mb)));
    if gpus > 0 {
        directive(format_args!("gpus={gpus}"));
    }
    directive(format_args!("time={time}"));
    directive(format_args!("signal=B:USR1@{}", time.warning()));
    directive(match script.requeue {
        Requeue::Allowed => format_args!("requeue"),
        Requeue::Refused => format_args!("no-requeue"),
    });
    directive(format_args!("open-mode=append"));
    match script.runs {
        Runs::Frozen(frozen) => {
            directive(format_args!(
                "output={}/logs/slurm-%j.out",
                path(frozen.folder)?
            ));
        }
        Runs::Named { .. } => directive(format_args!("output=slurm-%j.out")),
    }
    Ok(())
}

/// `92G`, or MiB where that is not whole.
pub fn memory(mb: u32) -> String {
    match mb % 1024 {
        0 => format!("{}G", mb / 1024),
        _ => format!("{mb}M"),
    }
}

/// The options of `ablate run` that say what it trains on.
fn trains(trains: Trains<'_>, out: &mut String) -> Result<()> {
    match trains {
        Trains::OnCores => out.push_str(ON_CORES),
        Trains::OnEither => out.push_str("train=(--device auto)\n"),
        Trains::OnGpus {
            program, workers, ..
        } => {
            let workers = workers.map_or("auto".to_owned(), |number| number.to_string());
            let _ = writeln!(
                out,
                "train=(--device cuda --ablate-cuda '{}' --workers-per-gpu {workers})",
                path(program)?
            );
        }
    }
    Ok(())
}

fn start_mps(profile: &Profile, out: &mut String) -> Result<()> {
    match &profile.scratch {
        Some(scratch) => {
            Allowed::PATH.check(&in_scratch(scratch, "user", "1"))?;
            if scratch.contains("{user}") {
                out.push_str(EXPECT_USER);
            }
            let scratch = in_scratch(scratch, "$USER", "$SLURM_JOB_ID");
            let _ = writeln!(out, "scratch=\"{scratch}\"");
        }
        None => out.push_str("scratch=''\n"),
    }
    out.push_str(MPS.trim_start_matches('\n'));
    Ok(())
}

const EXPECT_USER: &str = "expect USER '[A-Za-z0-9._-]{1,64}'\n";

/// Modules and environment. Module commands use variables that are not set, so this comes before `set -u`.
fn site(script: &Script<'_>, out: &mut String) -> Result<()> {
    let profile = script.profile;
    let (mut needed, cuda) = (checked(&profile.modules)?, checked(&profile.cuda_modules)?);
    // Who may train on cores as well can do without CUDA.
    let wanted = match script.trains {
        Trains::OnCores => Vec::new(),
        Trains::OnEither => cuda,
        Trains::OnGpus { .. } => {
            needed.extend(cuda);
            Vec::new()
        }
    };
    if !needed.is_empty() || !wanted.is_empty() || !profile.environment.is_empty() {
        out.push('\n');
    }
    if !needed.is_empty() || !wanted.is_empty() {
        out.push_str("module reset || exit 6\n");
    }
    if !needed.is_empty() {
        let _ = writeln!(out, "module load {} || exit 6", needed.join(" "));
    }
    if !wanted.is_empty() {
        let _ = writeln!(
            out,
            "module load {} || echo 'ablate: no CUDA module here: trials train on cores' >&2",
            wanted.join(" ")
        );
    }
    for (name, value) in &profile.environment {
        let (name, value) = (Allowed::VARIABLE.check(name)?, Allowed::VALUE.check(value)?);
        let _ = writeln!(out, "export {name}='{value}'");
    }
    Ok(())
}

fn checked(modules: &[String]) -> Result<Vec<&str>> {
    let modules = modules.iter();
    modules
        .map(|module| Allowed::MODULE.check(module))
        .collect()
}

fn path(path: &Path) -> Result<&str> {
    let text = path.to_str().ok_or_else(|| Error::Usage {
        problem: format!("{} is not UTF-8", path.display()),
        next: "choose a --results folder with a plain path".into(),
    })?;
    Allowed::PATH.check(text)
}

fn frozen(frozen: Frozen<'_>, out: &mut String) -> Result<()> {
    let Frozen {
        ablate,
        yaml,
        results,
        folder,
        follows,
    } = frozen;
    for (name, value) in [
        ("ablate", ablate),
        ("yaml", yaml),
        ("results", results),
        ("folder", folder),
    ] {
        let _ = writeln!(out, "{name}='{}'", path(value)?);
    }
    if let Some(submitted) = follows {
        let _ = write!(out, "submitted='{}'\n\n{FOLLOW}", path(submitted)?);
    }
    out.push('\n');
    Ok(())
}

fn named(profile: &Profile, otherwise: Option<&str>, out: &mut String) -> Result<()> {
    let base = profile.results.replace("{user}", "$USER");
    Allowed::RESULTS.check(&profile.results.replace("{user}", "user"))?;
    match otherwise {
        Some(yaml) => {
            let _ = writeln!(out, "yaml=${{1:-{yaml}}}");
        }
        None => out.push_str(
            "if (($# < 1)); then\n    echo 'ablate: name a sweep file after the script' >&2\n    exit 2\nfi\nyaml=$1\n",
        ),
    }
    if base.contains("$USER") {
        out.push_str(EXPECT_USER);
    }
    let _ = write!(out, "results=${{2:-\"{base}\"}}\n{NAMED}\n");
    Ok(())
}

impl Launcher {
    /// All of them, as `ABLATE_LAUNCHER` names them.
    pub const ALL: [Self; 3] = [Self::Mpirun, Self::Srun, Self::None];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::time::Limit;

    #[test]
    fn every_launcher_has_its_arm() {
        for launcher in Launcher::ALL {
            assert!(LAUNCH.contains(&format!("\n{}) launch=", launcher.name())));
        }
    }

    #[test]
    fn memory_is_whole_gigabytes_where_it_can_be() {
        assert_eq!(memory(94_208), "92G");
        assert_eq!(memory(1900), "1900M");
    }

    #[test]
    fn no_value_can_leave_its_place() {
        let profile = Profile::find("local").expect("built in");
        let shape = Shape {
            nodes: 1,
            tasks_per_node: 1,
            cores: 1,
            memory_mb: 1024,
            gpus: 0,
            threads: 1,
            time: Limit::seconds(600),
        };
        let write = |name: &str, account: &str, partition: &str, folder: &str| {
            let folder = Path::new(folder);
            text(&Script {
                name,
                account: Some(account),
                partition: Some(partition),
                shape,
                requeue: Requeue::Refused,
                profile: &profile,
                trains: Trains::OnGpus {
                    program: folder,
                    workers: None,
                    mps: Mps::Started,
                },
                runs: Runs::Frozen(Frozen {
                    ablate: folder,
                    yaml: folder,
                    results: folder,
                    folder,
                    follows: Some(folder),
                }),
            })
        };
        assert!(write("x", "a", "p", "/r").is_ok());
        for bad in [
            "a\n#SBATCH --wrap=x",
            "$(touch CANARY)",
            "`x`",
            "'; x; '",
            "a b",
            "%j",
        ] {
            assert!(write(bad, "a", "p", "/r").is_err(), "{bad:?}");
            assert!(write("x", bad, "p", "/r").is_err(), "{bad:?}");
            assert!(write("x", "a", bad, "/r").is_err(), "{bad:?}");
            assert!(write("x", "a", "p", &format!("/{bad}")).is_err(), "{bad:?}");
        }
        assert!(write("x", "a", "p", "relative").is_err());
    }
}
