//! `ablate export`.

use super::report::{beside, find};
use crate::error::{Error, ExitCode, Result};
use crate::export::{mlflow, tensorboard};
use crate::record::SweepRecord;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// Arguments of `ablate export`.
#[derive(clap::Args)]
pub struct Args {
    /// Results folder of a sweep, or its sweep.h5
    path: PathBuf,
    /// The tool
    #[arg(long, value_enum)]
    to: Tool,
    /// Folder to write into; made where missing [default: tensorboard beside sweep.h5; for mlflow beside sweep.h5]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Tool {
    /// A folder of event files: curves, pictures, config, and every trial in the HParams tab. Exporting again replaces it
    Tensorboard,
    /// A Python script that logs the trials through MLflow's client to any tracking server or database: MLflow 3.13 and newer
    /// refuse folders of files (mlruns)
    Mlflow,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let file = find(&args.path)?;
    match args.to {
        Tool::Tensorboard => to_tensorboard(&file, args.out.as_deref()),
        Tool::Mlflow => to_mlflow(&file, args.out.as_deref()),
    }
}

fn to_tensorboard(file: &Path, out: Option<&Path>) -> Result<ExitCode> {
    let record = SweepRecord::open(file)?;
    let out = out.map_or_else(|| beside(file).join("tensorboard"), Path::to_owned);
    let bar = ProgressBar::new((record.trials.len() + record.evaluations.len()) as u64);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} runs, {eta} left") {
        bar.set_style(style);
    }
    let runs = tensorboard::write(&record, &out, &|written| bar.set_position(written as u64));
    bar.finish_and_clear();
    say!("{} runs: tensorboard --logdir {}", runs?, out.display());
    Ok(ExitCode::Done)
}

fn to_mlflow(file: &Path, out: Option<&Path>) -> Result<ExitCode> {
    let out = out.map_or_else(|| beside(file), Path::to_owned);
    std::fs::create_dir_all(&out).map_err(Error::io("make", &out))?;
    let script = out.join(mlflow::NAME);
    mlflow::write(&script)?;
    say!(
        "MLflow takes the trials through its own client:\n  pip install mlflow h5py pillow\n  python {} {} --uri sqlite:///mlflow.db",
        script.display(),
        file.display()
    );
    Ok(ExitCode::Done)
}
