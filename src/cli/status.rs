//! `ablate status`: from the files of a sweep, with Slurm's view beside it. Slurm is a hint; the folder is the truth.

mod arms;
mod chart;
mod curves;
mod forecast;
mod hands;
mod presence;
mod projection;
mod screen;
mod show;
mod slurm;
mod survey;
mod tally;
mod view;

use super::run::seconds;
use super::target::Target;
use crate::error::{ExitCode, Result};
use crate::fanout::claims::BEAT;
use chrono::{DateTime, Local, SecondsFormat, TimeDelta};
use screen::Screen;
use show::Page;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};
use survey::{Show, Survey};
use view::View;

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
  slurm             jobs that are in the queue: id, state, time, left, reason
  projection        state, and what goes with it:
                      finished
                      projected    seconds, at (RFC 3339), workers
                      out_of_time  seconds, workers, seconds_left until Slurm ends them, queued
                      unknown      runners live, but nothing is measured yet
                      unheard      runners were not heard yet
                      stopping     the runners were asked to stop
                      queued       no runner lives, queued jobs wait; worker_seconds (or null)
                      nobody       no runner lives; worker_seconds (or null)
  running           trials that living runners train: runner, index, id, label, rank,
                    part (0 to 1), from (the part that was done when it began here), seconds
                    (since then), epoch, epochs, and curves: by name (train_loss, the compared
                    metric) a list of at most 60 [epoch, value], the newest last";

/// Arguments of `ablate status`.
#[derive(clap::Args)]
#[command(after_long_help = DETAILS)]
pub struct Args {
    /// Results folder of a sweep, or its YAML
    path: PathBuf,
    /// Folder of all results, when a YAML is given
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Go on showing it until the sweep is finished, every 2 seconds or as given (`--watch=10`)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = seconds)]
    watch: Option<f64>,
    /// Tell by the exit code whether the sweep is finished
    #[arg(long)]
    exit_code: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

impl Args {
    /// Whether it goes on.
    pub fn is_watch(&self) -> bool {
        self.watch.is_some()
    }
}

/// Within which a runner on another machine is heard if it lives.
const HEARING: Duration = BEAT.saturating_mul(2);

/// Curves of committed trials that are read at most, for the only view and for each of many: one takes about a millisecond,
/// ten on a slow file system.
const CURVES_AT_ONCE: usize = 512;
const CURVES_A_FRAME: usize = 64;

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
    let page = Page {
        rows: None,
        ..screen::page()
    };
    let show = match args.json {
        true => Show::default(),
        false => Show {
            arms: show::room(page),
            curves: CURVES_AT_ONCE,
        },
    };
    let mut view = survey.look(show)?;
    while view.awaits_a_beat() && began.elapsed() < HEARING {
        sleep(HEARING / 24);
        view = survey.look(show)?;
    }
    let text = match args.json {
        true => view.json(rfc_3339),
        false => show::text(&view, page, clock),
    };
    // A reader that left early (`| head`) has seen enough.
    let _ = writeln!(stdout(), "{}", text.trim_end());
    Ok(view)
}

/// Draws anew on a terminal; elsewhere writes a line when there is something new.
fn watch(survey: &mut Survey, every: Duration) -> Result<View> {
    match screen::is_there() {
        true => draw(survey, every),
        false => tell(survey, every),
    }
}

fn draw(survey: &mut Survey, every: Duration) -> Result<View> {
    let screen = Screen::take()?;
    loop {
        let page = screen::page();
        let view = survey.look(Show {
            arms: show::room(page),
            curves: CURVES_A_FRAME,
        })?;
        let drawn = screen.draw(&show::text(&view, page, clock));
        if view.tally.is_finished() || drawn.is_err() {
            return Ok(view);
        }
        screen.wait(every);
    }
}

fn tell(survey: &mut Survey, every: Duration) -> Result<View> {
    let mut last = None;
    loop {
        let view = survey.look(Show::default())?;
        let headline = show::headline(&view.tally);
        let told = last.replace((headline.clone(), view.projection.kind()));
        let written = match told == last {
            true => Ok(()),
            false => {
                let end = view.projection.words(clock);
                let parts = [headline, end].into_iter().filter(|part| !part.is_empty());
                writeln!(stdout(), "{}", parts.collect::<Vec<_>>().join("; "))
            }
        };
        if view.tally.is_finished() || written.is_err() {
            return Ok(view);
        }
        sleep(every);
    }
}

/// The time in so many seconds; `None` beyond the calendar.
fn later(seconds: f64) -> Option<DateTime<Local>> {
    let from_now = TimeDelta::from_std(Duration::try_from_secs_f64(seconds).ok()?).ok()?;
    Local::now().checked_add_signed(from_now)
}

/// "03:25", or on another day "Tue 24 Nov, 03:25".
fn clock(seconds: f64) -> String {
    let Some(then) = later(seconds) else {
        return "no time that a calendar knows".to_owned();
    };
    let form = match then.date_naive() == Local::now().date_naive() {
        true => "%H:%M",
        false => "%a %-d %b, %H:%M",
    };
    then.format(form).to_string()
}

fn rfc_3339(seconds: f64) -> String {
    let then = later(seconds).map(|then| then.to_utc());
    then.map_or_else(String::new, |then| {
        then.to_rfc3339_opts(SecondsFormat::Secs, true)
    })
}
