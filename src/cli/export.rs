//! `ablate export`.

use super::report::{beside, find};
use crate::error::{Error, ExitCode, Result};
use crate::export::{mlflow, tensorboard};
use crate::harmless::harmless;
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
    /// A folder of event files: curves, pictures, config, and every trial in the HParams tab. Exporting again replaces it.
    /// TensorBoard keeps 24 bits of a number, so that counts above 16,777,216 (MACs) are rounded there
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
    let runs = runs?;
    if runs == 0 {
        tell!("no trial has finished: nothing to show yet");
    }
    say!("{runs} runs: tensorboard --logdir {}", quoted(&out));
    Ok(ExitCode::Done)
}

fn to_mlflow(file: &Path, out: Option<&Path>) -> Result<ExitCode> {
    // A script beside a record that no script could read helps nobody.
    SweepRecord::open(file)?;
    let out = out.map_or_else(|| beside(file), Path::to_owned);
    std::fs::create_dir_all(&out).map_err(Error::io("make", &out))?;
    let script = out.join(mlflow::NAME);
    mlflow::write(&script)?;
    say!(
        "MLflow takes the trials through its own client:\n  pip install mlflow h5py pillow\n  python {} {} --uri sqlite:///mlflow.db",
        quoted(&script),
        quoted(file)
    );
    Ok(ExitCode::Done)
}

/// A path as one word of a shell's command line, to copy; nothing in it drives a terminal.
fn quoted(path: &Path) -> String {
    let text = harmless(&path.to_string_lossy());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._:,=+@%-".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: POSIX, 2.2.2: nothing is special between single quotes, and they hold no single quote.
    #[test]
    fn a_path_is_one_word_of_a_command_line() {
        let words = ["/a/b-1.h5", "/a b/$(x)", "it's", ""].map(|path| quoted(Path::new(path)));
        assert_eq!(words, ["/a/b-1.h5", "'/a b/$(x)'", r"'it'\''s'", "''"]);
    }
}
