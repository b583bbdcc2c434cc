//! How runs are started and end: by hand, by mpirun, by Slurm.

use crate::cluster::{Cluster, LAUNCHERS, TWO_BY_TWO};
use crate::common;
use crate::launch::{have_mpirun, mpirun};
use crate::scene::{HANG, Running, Scene};
use ablate::seed::Stream;
use rustix::process::Signal;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where the runs of a storm happen.
pub enum Place {
    /// One supervisor with its workers, or several on one folder.
    Alone,
    /// Ranks under mpirun.
    Ranks,
    /// Jobs of two nodes, under srun or mpirun.
    Slurm(Cluster),
}

impl Place {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Alone => "by hand",
            Self::Ranks => "under mpirun",
            Self::Slurm(_) => "in Slurm",
        }
    }

    /// mpirun, where it is installed.
    pub fn ranks() -> Option<Self> {
        let found = have_mpirun();
        if !found {
            common::skip("a storm over ranks", "mpirun is not installed");
        }
        found.then_some(Self::Ranks)
    }

    /// The commands of one run, not started; none in Slurm, whose script has its own.
    pub fn commands(&self, scene: &Scene, dice: &mut Stream) -> Vec<Command> {
        match self {
            Self::Alone if dice.below(4) == 0 => vec![by_hand(scene, dice), by_hand(scene, dice)],
            Self::Alone => vec![by_hand(scene, dice)],
            Self::Ranks => vec![by_mpirun(scene, dice)],
            Self::Slurm(_) => Vec::new(),
        }
    }

    /// Starts a run.
    pub fn start<'a>(
        &'a self,
        scene: &Scene,
        commands: &mut [Command],
        dice: &mut Stream,
    ) -> Started<'a> {
        match self {
            Self::Alone | Self::Ranks => {
                Started::Processes(commands.iter_mut().map(start).collect())
            }
            Self::Slurm(cluster) => {
                let launcher = LAUNCHERS[dice.below(2) as usize];
                Started::Job(cluster, cluster.drain(scene, launcher, &TWO_BY_TWO))
            }
        }
    }
}

/// `ablate run` with options that must not matter.
fn by_hand(scene: &Scene, dice: &mut Stream) -> Command {
    let [workers, threads] = [0; 2].map(|_| (1 + dice.below(2)).to_string());
    scene.command(&[
        "--workers",
        &workers,
        "--threads",
        &threads,
        "--checkpoint-every",
        "0.01",
        "--retry-quarantined",
        // Nobody can tell whose a damaged claim is: its owner has to be silent for so long.
        "--lease",
        "2",
    ])
}

fn by_mpirun(scene: &Scene, dice: &mut Stream) -> Command {
    let run = by_hand(scene, dice);
    mpirun(1 + dice.below(4), &run)
}

/// What it says goes to a file: a pipe that nobody reads would hold it up.
fn start(command: &mut Command) -> (Running, File) {
    let log = tempfile::tempfile().expect("a file");
    let also = || log.try_clone().expect("the file");
    command.stdout(also()).stderr(also()).process_group(0);
    (Running::new(command), log)
}

/// A run that goes on.
pub enum Started<'a> {
    /// Processes that we started, and what they say.
    Processes(Vec<(Running, File)>),
    /// A job by its number.
    Job(&'a Cluster, u32),
}

/// How a run ended.
pub struct End {
    /// Exit codes, or Slurm's word.
    pub how: String,
    /// All that it said.
    pub said: String,
}

impl Started<'_> {
    /// Whether some of it has not ended.
    pub fn is_alive(&mut self) -> bool {
        match self {
            Self::Processes(running) => running.iter_mut().any(|(run, _)| run.is_alive()),
            Self::Job(cluster, job) => !cluster.is_over(*job),
        }
    }

    /// Sends a signal to what started it; Slurm tells its script.
    pub fn signal(&mut self, signal: Signal) {
        match self {
            Self::Processes(running) => running.iter_mut().for_each(|(run, _)| run.signal(signal)),
            Self::Job(cluster, job) if signal == Signal::USR1 => {
                cluster.says("scancel", &["--batch", "--signal=USR1", &job.to_string()]);
            }
            Self::Job(cluster, job) if signal == Signal::KILL => {
                cluster.says("scancel", &["--full", "--signal=KILL", &job.to_string()]);
            }
            Self::Job(cluster, job) => {
                cluster.says("scancel", &[&job.to_string()]);
            }
        }
    }

    /// Waits for the end; `Err` when there is none.
    pub fn end(mut self, scene: &Scene) -> Result<End, String> {
        let began = Instant::now();
        while self.is_alive() {
            if began.elapsed() > HANG {
                return Err("it does not end".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(match self {
            Self::Processes(running) => {
                let ends = running.into_iter().map(end);
                let (hows, saids): (Vec<_>, Vec<_>) = ends.unzip();
                End {
                    how: hows.join(" and "),
                    said: saids.concat(),
                }
            }
            Self::Job(cluster, job) => {
                let log = scene.folder().join(format!("logs/slurm-{job}.out"));
                let log = std::fs::read(log).unwrap_or_default();
                End {
                    how: cluster.wait(job).state,
                    said: cluster.output(job) + &String::from_utf8_lossy(&log),
                }
            }
        })
    }
}

fn end((run, mut log): (Running, File)) -> (String, String) {
    let status = run.end().status;
    let mut said = Vec::new();
    log.rewind().expect("the start");
    log.read_to_end(&mut said).expect("readable");
    let how = match status.code() {
        Some(code) => code.to_string(),
        None => "killed".to_owned(),
    };
    (how, String::from_utf8_lossy(&said).into_owned())
}
