//! The results folder of one sweep: every path is named here, once.

use crate::durable;
use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// `results/<sweep>/`.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder of sweep `name` below `results`, made with its subfolders where missing.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn create(results: &Path, name: &str) -> Result<Self> {
        let folder = Self {
            root: results.join(name),
        };
        if let Some(file) = folder.root.ancestors().find(|path| path.is_file()) {
            return Err(Error::Usage {
                problem: format!("{} is a file, and results need a folder", file.display()),
                next: "choose another --results folder, or move the file away".into(),
            });
        }
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let missing: Vec<_> = folder.root.ancestors().take_while(is_missing).collect();
        for sub in ["trials", "shards", "checkpoints", "attempts", "logs"] {
            let path = folder.root.join(sub);
            std::fs::create_dir_all(&path).map_err(Error::io("make", &path))?;
        }
        // A folder whose name a loss of power takes is gone with all that was committed below it.
        for made in missing {
            durable::sync_parent(made)?;
        }
        durable::sync_folder(&folder.root)?;
        Ok(folder)
    }

    /// An existing folder (`ablate report results/x`); nothing is made.
    pub fn existing(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Committed trials that are not yet in a shard.
    pub fn trials(&self) -> PathBuf {
        self.root.join("trials")
    }

    /// The file of one committed trial.
    pub fn trial(&self, id: &str) -> PathBuf {
        self.trials().join(format!("{id}.h5"))
    }

    /// Shards.
    pub fn shards(&self) -> PathBuf {
        self.root.join("shards")
    }

    /// Checkpoints of all trials, a folder for every trial below.
    pub fn all_checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// One shard; its name is a digest of what it holds.
    pub fn shard(&self, digest: &str) -> PathBuf {
        self.shards().join(format!("{digest}.h5"))
    }

    /// Checkpoints of one trial, a folder for every attempt below.
    pub fn checkpoints(&self, id: &str) -> PathBuf {
        self.all_checkpoints().join(id)
    }

    /// Records of attempts that failed.
    pub fn attempts(&self) -> PathBuf {
        self.root.join("attempts")
    }

    /// What workers wrote to standard error.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Which runner has which trials of the plan with this digest.
    pub fn claims(&self, plan: &str) -> PathBuf {
        self.root.join("claims").join(plan)
    }

    /// What runners say of themselves while they run.
    pub fn status(&self) -> PathBuf {
        self.root.join("status")
    }

    /// What was sent to Slurm, a numbered folder for every `ablate submit`.
    pub fn submitted(&self) -> PathBuf {
        self.root.join("submitted")
    }

    /// Frozen programs that Slurm jobs run.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Locked by the run that is at work here.
    pub fn lock(&self) -> PathBuf {
        self.root.join(".lock")
    }

    /// The one file for people.
    pub fn sweep_h5(&self) -> PathBuf {
        self.root.join("sweep.h5")
    }

    /// A `sweep.h5` that was not replaced because it holds what no other file does, by number from 1.
    pub fn kept_sweep_h5(&self, number: u32) -> PathBuf {
        self.root.join(format!("sweep.kept-{number}.h5"))
    }

    /// The sweep file as last run.
    pub fn sweep_yaml(&self) -> PathBuf {
        self.root.join("sweep.yaml")
    }

    /// The class of device that the sweep was last run on; there once it was on a GPU.
    pub fn device(&self) -> PathBuf {
        self.root.join("device")
    }

    /// A sweep file that was run here before and replaced since: named by its content.
    pub fn replaced_yaml(&self, text: &[u8]) -> PathBuf {
        let digest = Sha256::digest(text);
        let short: String = digest[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.root.join(format!("sweep.{short}.yaml"))
    }

    /// A file of the report: `report.html`, `figures/effects.svg`.
    pub fn report(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}
