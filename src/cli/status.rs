//! `ablate status`: from the files of a sweep, with Slurm's view beside it. Slurm is a hint; the folder is the truth.

mod show;
mod slurm;
mod survey;
mod tally;

use super::run::seconds;
use super::target::Target;
use crate::error::{ExitCode, Result};
use crate::fanout::claims::BEAT;
use std::io::{IsTerminal as _, Write, stdout};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};
use survey::{Survey, View};

/// What scripts may rely on.
const DETAILS: &str = "\
--exit-code ends with
  0    every trial is done
  1    every trial is done or was given up after three failed attempts
  75   there is more to do
and with another code where there is no answer (see `ablate --help`).

--json prints one object:
  format            raised when a key changes its meaning or goes away
  name, question    as in the sweep file
  finished          whether nothing is left to do
  trials            planned = completed + diverged + quarantined + running + waiting;
                    retried (failed, and to be tried again: among running and waiting),
                    failed_attempts, others (committed here, but of another version of the sweep)
  runners           every `ablate run` that ever was: what it last said of itself, and presence:
                    alive, silent (seconds), gone, left or failed
  slurm             jobs that are in the queue: id, state, time, left, reason";

/// Arguments of `ablate status`.
#[derive(clap::Args)]
#[command(after_long_help = DETAILS)]
pub struct Args {
    /// Results folder of a sweep, or its YAML
    path: PathBuf,
    /// Folder of all results, when a YAML is given
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Go on showing it until the sweep is finished
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = seconds)]
    watch: Option<f64>,
    /// Tell by the exit code whether the sweep is finished
    #[arg(long)]
    exit_code: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

/// Within which a runner on another machine is heard if it lives.
const HEARING: Duration = BEAT.saturating_mul(2);

/// Shows how a sweep stands.
///
/// # Errors
/// When there is no such sweep, or its folder cannot be read.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut survey = Survey::new(Target::find(&args.path, &args.results)?);
    let view = match args.watch {
        None => once(&mut survey, args)?,
        Some(every) => watch(&mut survey, Duration::from_secs_f64(every.max(0.2)))?,
    };
    Ok(match args.exit_code {
        true => view.tally.standing().exit_code(),
        false => ExitCode::Done,
    })
}

fn once(survey: &mut Survey, args: &Args) -> Result<View> {
    let began = Instant::now();
    let mut view = survey.look()?;
    while view.awaits_a_beat() && began.elapsed() < HEARING {
        sleep(HEARING / 24);
        view = survey.look()?;
    }
    let text = match args.json {
        true => view.json(),
        false => show::text(&view),
    };
    // A reader that left early (`| head`) has seen enough.
    let _ = writeln!(stdout(), "{}", text.trim_end());
    Ok(view)
}

/// Draws anew on a terminal; elsewhere writes a line when there is something new.
fn watch(survey: &mut Survey, every: Duration) -> Result<View> {
    let mut last = String::new();
    loop {
        let view = survey.look()?;
        let shown = if stdout().is_terminal() {
            redraw(&show::text(&view))
        } else {
            let line = show::headline(&view.tally);
            let said = match line == last {
                true => Ok(()),
                false => writeln!(stdout(), "{line}"),
            };
            last = line;
            said
        };
        if view.tally.is_finished() || shown.is_err() {
            return Ok(view);
        }
        sleep(every);
    }
}

/// From the top of the screen, line by line over what is there, so that nothing flickers.
fn redraw(text: &str) -> std::io::Result<()> {
    let lines: String = text.lines().map(|line| format!("{line}\x1b[K\n")).collect();
    let mut out = stdout().lock();
    write!(out, "\x1b[H{lines}\x1b[J")?;
    out.flush()
}
