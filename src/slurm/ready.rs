//! The scripts in `slurm/` that work as they stand: `sbatch -A abc123 slurm/expanse-gpu-shared.sbatch jobs/x.yaml`. They are written by
//! the same code as those of `ablate submit`, so that there is one text to test.

use super::profile::Profile;
use super::script::{Runs, Script, Trains, text};
use super::split::{Shape, Wishes, Work, split};
use super::time::Limit;
use crate::error::Result;

const HOUR: u64 = 3600;

/// What differs between the scripts.
struct Ready {
    file: &'static str,
    profile: &'static str,
    partition: &'static str,
    about: &'static str,
    gpus: Option<u32>,
    cores: Option<u32>,
    time: u64,
    /// The sweep when none is named.
    otherwise: Option<&'static str>,
}

const READY: [Ready; 6] = [
    Ready {
        file: "expanse-gpu-shared.sbatch",
        profile: "expanse",
        partition: "gpu-shared",
        about: "One GPU's share of a node (10 cores, 92 GB): 1 SU an hour.",
        gpus: Some(1),
        cores: None,
        time: 8 * HOUR,
        otherwise: None,
    },
    Ready {
        file: "expanse-gpu.sbatch",
        profile: "expanse",
        partition: "gpu",
        about: "A whole GPU node (4 GPUs, 40 cores): 4 SU an hour.",
        gpus: Some(4),
        cores: None,
        time: 8 * HOUR,
        otherwise: None,
    },
    Ready {
        file: "expanse-gpu-debug.sbatch",
        profile: "expanse",
        partition: "gpu-debug",
        about: "A smoke run of a minute: does everything work here? 1 SU.",
        gpus: Some(1),
        cores: None,
        time: 300,
        otherwise: Some("jobs/smoke.yaml"),
    },
    Ready {
        file: "expanse-gpu-preempt.sbatch",
        profile: "expanse",
        partition: "gpu-preempt",
        about: "One GPU's share for 0.8 SU an hour; may be stopped at any time, and then goes on by itself.",
        gpus: Some(1),
        cores: None,
        time: 24 * HOUR,
        otherwise: None,
    },
    Ready {
        file: "expanse-shared.sbatch",
        profile: "expanse",
        partition: "shared",
        about: "16 cores of a CPU node (AVX2): 16 SU (core-hours) an hour.",
        gpus: None,
        cores: Some(16),
        time: 8 * HOUR,
        otherwise: None,
    },
    Ready {
        file: "local.sbatch",
        profile: "local",
        partition: "",
        about: "Any cluster; change what it asks for on sbatch's command line: -N2 --ntasks-per-node=2 --cpus-per-task=4.",
        gpus: None,
        cores: Some(2),
        time: HOUR,
        otherwise: None,
    },
];

/// Name and text of every script in `slurm/`.
///
/// # Errors
/// When one asks for what its partition refuses: a defect.
pub fn scripts() -> Result<Vec<(&'static str, String)>> {
    READY
        .iter()
        .map(|ready| Ok((ready.file, ready.text()?)))
        .collect()
}

impl Ready {
    fn text(&self) -> Result<String> {
        let profile = Profile::find(self.profile)?;
        let account = if self.profile == "local" {
            ""
        } else {
            "-A ACCOUNT "
        };
        let sweep = if self.otherwise.is_some() {
            "[SWEEP.yaml]"
        } else {
            "SWEEP.yaml"
        };
        let usage = format!(
            "{}\n  sbatch {account}slurm/{} {sweep} [RESULTS]\nSent again, it goes on. RESULTS is {} unless named;\nABLATE names the program, else target/release/ablate here or ablate on the PATH.",
            self.about,
            self.file,
            profile.results.replace("{user}", "$USER"),
        );
        let partition = (!self.partition.is_empty()).then_some(self.partition);
        let requeue = match partition {
            Some(name) => profile.requeue(profile.partition(name)?),
            None => profile.requeue,
        };
        text(&Script {
            name: "ablate",
            account: None,
            partition,
            shape: self.shape(&profile)?,
            requeue,
            profile: &profile,
            trains: match self.gpus {
                Some(_) => Trains::OnEither,
                None => Trains::OnCores,
            },
            runs: Runs::Named {
                usage: &usage,
                otherwise: self.otherwise,
            },
        })
    }

    fn shape(&self, profile: &Profile) -> Result<Shape> {
        let time = Limit::seconds(self.time);
        if self.partition.is_empty() {
            let cores = self.cores.unwrap_or(1);
            return Ok(Shape {
                nodes: 1,
                tasks_per_node: 1,
                cores,
                memory_mb: 2048,
                gpus: 0,
                threads: 1,
                time,
            });
        }
        let wishes = Wishes {
            jobs: Some(1),
            time: Some(time),
            gpus: self.gpus,
            cores: self.cores,
            threads: 1,
            ..Wishes::default()
        };
        let work = Work {
            trials: 1,
            core_seconds: 1.0,
            longest: 1.0,
        };
        split(profile, self.partition, work, &wishes, 0).map(|split| split.shape)
    }
}
