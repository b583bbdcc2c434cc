//! A view as text. Pure.

mod board;
mod page;

pub use board::room;
pub use page::{Ink, Page};

use super::presence::Presence;
use super::slurm::JobState;
use super::tally::Tally;
use super::view::{Runner, View};
use crate::fanout::status::State;
use comfy_table::{Table, presets};
use page::{cut, fit, lines, wrap};

/// Trials of one runner that are shown.
const SHOWN: usize = 6;

/// The whole view; `at` writes the time of the clock in so many seconds.
pub fn text(view: &View, page: Page, at: impl Fn(f64) -> String) -> String {
    let crew = lines(&crew(view), |line| cut(line, page.edge()));
    let head = lines(&head(view, at), |line| wrap(line, page.edge()));
    let parts = [head, board::text(&view.board, page), crew];
    let parts = parts.iter().map(|part| part.trim_matches('\n'));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    fit(&parts.join("\n\n"), page.rows)
}

/// How it stands and when it ends.
fn head(view: &View, at: impl Fn(f64) -> String) -> String {
    let mut out = format!("{}: {}\n", view.name, headline(&view.tally));
    match view.projection.words(at) {
        words if words.is_empty() => {}
        words => out += &(words + "\n"),
    }
    out + &notes(&view.tally)
}

/// Who works on it.
fn crew(view: &View) -> String {
    let mut out = String::new();
    let (ended, there): (Vec<_>, Vec<_>) = view
        .runners
        .iter()
        .partition(|runner| runner.presence.has_ended());
    if !there.is_empty() {
        out += &format!("\n{}\n", table(&there, &view.slurm));
    }
    for job in unclaimed(view) {
        out += &format!("Slurm job {}\n", slurm_words(job));
    }
    let last = ended
        .last()
        .filter(|_| there.is_empty() && !view.tally.is_finished());
    if let Some(runner) = last {
        out += &format!(
            "nobody works on it; the last to do so, {}, {}\n",
            runner.status.about.runner,
            end(runner)
        );
        out += "  next: run the same command again to go on\n";
    }
    out
}

/// One line.
pub fn headline(tally: &Tally) -> String {
    let Tally {
        planned,
        diverged,
        quarantined,
        running,
        waiting,
        ..
    } = tally;
    let mut line = format!("{} of {planned} trials done", tally.done());
    if *diverged > 0 {
        line += &format!(" ({diverged} diverged)");
    }
    for (count, what) in [
        (running, "running"),
        (waiting, "waiting"),
        (quarantined, "given up"),
    ] {
        if *count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    line
}

/// What deserves attention.
fn notes(tally: &Tally) -> String {
    let mut out = String::new();
    if tally.failed_attempts > 0 {
        out += &format!(
            "{} failed attempts; `ablate logs TRIAL` says why\n",
            tally.failed_attempts
        );
    }
    if tally.quarantined > 0 {
        out += "trials given up are tried again by `ablate run --retry-quarantined`\n";
    }
    if tally.others > 0 {
        out += &format!(
            "{} more committed trials here are of another version of this sweep, or of other data than is found here\n",
            tally.others
        );
    }
    out
}

/// The runners that may still be there.
fn table(runners: &[&Runner], slurm: &[JobState]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "runner",
        "Slurm job",
        "ranks",
        "workers",
        "finished",
        "training",
    ]);
    for runner in runners {
        let (about, now) = (&runner.status.about, &runner.status.now);
        table.add_row([
            about.host.clone(),
            slurm_job(runner, slurm),
            about.ranks.to_string(),
            about.workers.to_string(),
            now.finished.to_string(),
            training(runner),
        ]);
    }
    table
}

/// "3fa9c1d2 45 %, 77aa00bc 3 %"
fn training(runner: &Runner) -> String {
    let how = match (runner.presence, &runner.status.now.state) {
        (Presence::Silent(seconds), _) => format!("not heard for {seconds} s; "),
        (_, State::Stopping) => "stopping; ".to_owned(),
        _ => String::new(),
    };
    let running = &runner.status.now.running;
    let short = |id: &str| id.chars().take(8).collect::<String>();
    let shown = running.iter().take(SHOWN);
    let mut parts: Vec<_> = shown
        .map(|trial| format!("{} {:.0} %", short(&trial.id), 100.0 * trial.part))
        .collect();
    if running.len() > SHOWN {
        parts.push(format!("and {} more", running.len() - SHOWN));
    }
    how + &parts.join(", ")
}

/// "123 (start 2): RUNNING, 1:02:03 left, exp-1-23"
fn slurm_job(runner: &Runner, slurm: &[JobState]) -> String {
    let about = &runner.status.about;
    let Some(id) = &about.slurm_job_id else {
        return "-".to_owned();
    };
    let restarts = match about.restart_count.unwrap_or(0) {
        0 => String::new(),
        count => format!(", restarted {count} times"),
    };
    let job = slurm.iter().find(|job| job.id == *id);
    job.map_or_else(|| id.clone(), slurm_words) + &restarts
}

fn slurm_words(job: &JobState) -> String {
    let mut words = format!("{}: {}", job.id, job.state);
    if !job.left.is_empty() && job.state == "RUNNING" {
        words += &format!(", {} left", job.left);
    }
    // Nodes are shown beside the runner; reasons are in parentheses.
    if job.reason.starts_with('(') {
        words += &format!(" {}", job.reason);
    }
    words
}

/// Jobs in the queue that no runner says it is.
fn unclaimed(view: &View) -> impl Iterator<Item = &JobState> {
    let claimed = |job: &JobState| {
        let is = |runner: &Runner| {
            !runner.presence.has_ended()
                && runner.status.about.slurm_job_id.as_ref() == Some(&job.id)
        };
        view.runners.iter().any(is)
    };
    view.slurm.iter().filter(move |job| !claimed(job))
}

fn end(runner: &Runner) -> String {
    match (&runner.status.now.state, runner.presence) {
        (State::Failed(message), _) => format!("failed: {message}"),
        (_, Presence::Gone) => "was killed".to_owned(),
        _ => "left".to_owned(),
    }
}

#[cfg(test)]
mod tests;
