//! The sweep that the user means by a path: its results folder, or its YAML.

use super::{device, recorded};
use crate::config::DataConfig;
use crate::data;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::record::Folder;
use crate::sweep::Sweep;
use std::path::Path;

/// A sweep as it was run, or as it would be.
pub struct Target {
    /// The sweep.
    pub sweep: Sweep,
    /// Its trials.
    pub plan: Plan,
    /// Its results; the folder may not be there yet.
    pub folder: Folder,
}

impl Target {
    /// Finds the sweep. What was frozen in its folder counts, not what became of the YAML since.
    ///
    /// # Errors
    /// When there is no such sweep, or its file or data is wrong.
    pub fn find(path: &Path, results: &Path) -> Result<Self> {
        let (folder, asked) = if path.is_dir() {
            (Folder::existing(path), None)
        } else {
            let sweep = Sweep::load(path)?;
            (Folder::existing(results.join(&sweep.name)), Some(sweep))
        };
        let frozen = folder.sweep_yaml();
        let sweep = match asked {
            _ if frozen.is_file() => Sweep::load(&frozen)?,
            Some(asked) => asked,
            None => {
                return Err(Error::Usage {
                    problem: format!("{}: no sweep was run here", path.display()),
                    next: "give the results folder of a sweep (results/<name>) or its YAML".into(),
                });
            }
        };
        // Who ran it has allowed that many.
        let recorded = recorded::dataset(&folder);
        let facts = |config: &DataConfig| data::facts_as_recorded(config, recorded);
        let device = device::begun_or_due(&folder, &sweep)?;
        let plan = Plan::build_on(device, &sweep, usize::MAX, &facts)?;
        Ok(Self {
            sweep,
            plan,
            folder,
        })
    }

    /// What people call an arm: `model.skip.at=[14] model.depth=2`, with paths as `shown`.
    pub fn arm(&self, point: usize, shown: impl Fn(&str) -> &str) -> String {
        let trial = self.plan.trial(point * self.sweep.seeds.len());
        let axes = self.plan.axes().iter().zip(&trial.axes);
        let axes = axes.map(|(path, value)| format!("{}={value}", shown(path)));
        let axes: Vec<_> = axes.collect();
        match axes.is_empty() {
            true => "the only arm".to_owned(),
            false => axes.join(" "),
        }
    }

    /// What people call a trial: `model.skip.at=[14] seed 3`.
    pub fn label(&self, index: usize) -> String {
        let trial = self.plan.trial(index);
        let axes = self.plan.axes().iter().zip(&trial.axes);
        let axes: String = axes
            .map(|(path, value)| format!("{path}={value} "))
            .collect();
        format!("{axes}seed {}", trial.seed)
    }
}
