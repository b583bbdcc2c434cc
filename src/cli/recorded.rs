//! Which images the trials of a folder were trained with: what `data.dataset: auto` stood for when they were.

use crate::config::Dataset;
use crate::record::{Folder, SweepRecord};
use crate::report::evidence::left_details;
use serde_json::{Map, Value};

/// The data set of a trial in `sweep.h5`; nothing where there is none, or none that can be read.
pub fn dataset(folder: &Folder) -> Option<Dataset> {
    let record = SweepRecord::open(&folder.sweep_h5()).ok()?;
    let trial = record.trials.iter().find(|row| left_details(row))?;
    let detail = record.details().ok()?.read(&trial.id).ok()?;
    let config: Map<String, Value> = serde_json::from_str(&detail.config).ok()?;
    match config.get("data.dataset")?.as_str()? {
        "mnist" => Some(Dataset::Mnist),
        "digits" => Some(Dataset::Digits),
        _ => None,
    }
}
