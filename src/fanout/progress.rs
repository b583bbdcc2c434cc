//! What a run shows while it goes: bars on a terminal, plain lines elsewhere (one for every finished trial, and
//! a sign of life now and then, less often the longer it takes).

use super::curve::Curves;
use super::message::{Finished, Row};
use super::training::Training;
use crate::harmless::{harmless, harmless_lines};
use crate::plan::Trial;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::time::{Duration, Instant};

enum Screen {
    Bars {
        all: MultiProgress,
        total: ProgressBar,
    },
    Lines(Box<dyn Write>),
}

/// What is known of the sweep before it starts.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Paths of the axes.
    pub axes: Vec<String>,
    /// Planned trials, and the networks that they need trained first.
    pub trials: usize,
    /// Those that were done before.
    pub done: usize,
    /// The metric to show of finished trials.
    pub metric: String,
}

struct Running {
    training: Training,
    cost: f64,
    bar: Option<ProgressBar>,
}

/// The progress of one run.
pub struct Progress {
    screen: Screen,
    scope: Scope,
    /// By position in the plan.
    running: BTreeMap<usize, Running>,
    done: usize,
    /// What was done and what is left, in the unit of [`super::queue::Entry::cost`].
    done_cost: f64,
    cost_left: f64,
    started: Instant,
    next_line: Duration,
    next_sum: Duration,
}

impl Progress {
    /// Shows on standard error, in the way that suits it.
    pub fn on_stderr(scope: Scope) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::lines(scope, Box::new(std::io::stderr()));
        }
        let all = MultiProgress::new();
        let total = all.add(ProgressBar::new(scope.trials as u64));
        total.set_style(style("{bar:30} {pos}/{len} trials {msg}"));
        total.set_position(scope.done as u64);
        total.tick();
        Self::new(scope, Screen::Bars { all, total })
    }

    /// Writes plain lines.
    pub fn lines(scope: Scope, to: Box<dyn Write>) -> Self {
        Self::new(scope, Screen::Lines(to))
    }

    fn new(scope: Scope, screen: Screen) -> Self {
        Self {
            screen,
            done: scope.done,
            scope,
            running: BTreeMap::new(),
            done_cost: 0.0,
            cost_left: 0.0,
            started: Instant::now(),
            next_line: FIRST_LINE,
            next_sum: Duration::ZERO,
        }
    }

    /// A worker got this trial.
    pub fn started(&mut self, trial: &Trial, cost: f64) {
        let label = label(&self.scope.axes, trial);
        let bar = match &self.screen {
            Screen::Lines(_) => None,
            Screen::Bars { all, .. } => {
                let bar = all.add(ProgressBar::new(1000));
                bar.set_style(style("  {percent:>3} % {wide_msg}"));
                bar.set_message(harmless(&label));
                Some(bar)
            }
        };
        let running = Running {
            training: Training::new(label),
            cost,
            bar,
        };
        self.running.insert(trial.index, running);
    }

    /// A part (0 to 1) of a trial is done.
    pub fn moved(&mut self, trial: usize, part: f64) {
        if let Some(running) = self.running.get_mut(&trial) {
            running.training.moved(part);
            if let Some(bar) = &running.bar {
                bar.set_position((part * 1000.0) as u64);
            }
        }
    }

    /// A trial went on from a checkpoint.
    pub fn resumed(&mut self, trial: usize, curves: &Curves) {
        if let Some(running) = self.running.get_mut(&trial) {
            running.training.resumed(curves, &self.scope.metric);
        }
    }

    /// So many of so many epochs are done, and this was measured after the last one.
    pub fn measured(&mut self, trial: usize, epoch: u64, epochs: u64, row: &Row) {
        self.moved(trial, epoch as f64 / epochs.max(1) as f64);
        if let Some(running) = self.running.get_mut(&trial) {
            let metric = &self.scope.metric;
            running.training.measured(epoch, epochs, row, metric);
        }
    }

    /// A trial is committed; `cost` is what it is known to have cost by now.
    pub fn finished(&mut self, trial: usize, finished: &Finished, cost: f64) {
        let Some(running) = self.leave(trial) else {
            return;
        };
        self.done += 1;
        self.done_cost += cost;
        let value = finished.metrics.get(&self.scope.metric).copied().flatten();
        let result = match value {
            Some(value) if finished.outcome == "completed" => {
                format!("{} {value:.4}", self.scope.metric)
            }
            _ => finished.outcome.clone(),
        };
        let text = format!(
            "{}: {result} in {:.1} s",
            running.training.label, finished.seconds
        );
        self.say(&text);
    }

    /// A trial ended in another way.
    pub fn ended(&mut self, trial: usize, how: &str) {
        if let Some(running) = self.leave(trial) {
            self.say(&format!("{}: {how}", running.training.label));
        }
    }

    /// Shows one line, with the count of trials before it.
    pub fn say(&mut self, text: &str) {
        let line = format!(
            "[{}/{}] {}",
            self.done,
            self.scope.trials,
            harmless_lines(text)
        );
        match &mut self.screen {
            Screen::Bars { all, total } => {
                total.set_position(self.done as u64);
                // A terminal that cannot be written to is no reason to stop.
                let _ = all.println(line);
            }
            Screen::Lines(to) => drop(writeln!(to, "{line}")),
        }
    }

    /// Called often: refreshes what is shown when it is time. `work_left` sums the costs of all trials that are not done, which
    /// are learnt while the sweep runs; it is asked for once a second.
    pub fn tick(&mut self, work_left: impl FnOnce() -> f64) {
        let elapsed = self.started.elapsed();
        if elapsed >= self.next_sum {
            self.next_sum = elapsed + Duration::from_secs(1);
            self.cost_left = work_left();
        }
        let left = self.time_left(elapsed);
        match &self.screen {
            Screen::Bars { total, .. } => total.set_message(left),
            Screen::Lines(_) if elapsed < self.next_line => {}
            Screen::Lines(_) => {
                self.next_line = elapsed + (elapsed / 2).clamp(FIRST_LINE, 12 * FIRST_LINE);
                let parts = self.running.values().map(|running| &running.training);
                let parts: Vec<_> = parts
                    .map(|r| format!("{} {:.0} %", short(&r.label), 100.0 * r.part))
                    .collect();
                self.say(&format!("{left}; training {}", parts.join(", ")));
            }
        }
    }

    /// Trials in training, by position in the plan.
    pub fn running(&self) -> impl ExactSizeIterator<Item = (usize, &Training)> {
        let running = self.running.iter();
        running.map(|(trial, running)| (*trial, &running.training))
    }

    /// Trials that are done, as far as this run knows.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Takes the bars away.
    pub fn clear(&mut self) {
        self.running.clear();
        if let Screen::Bars { all, .. } = &self.screen {
            let _ = all.clear();
        }
    }

    fn leave(&mut self, trial: usize) -> Option<Running> {
        let running = self.running.remove(&trial)?;
        if let (Some(bar), Screen::Bars { all, .. }) = (&running.bar, &self.screen) {
            all.remove(bar);
        }
        Some(running)
    }

    fn time_left(&self, elapsed: Duration) -> String {
        let parts: f64 = self
            .running
            .values()
            .map(|r| r.cost * r.training.part)
            .sum();
        let total = self.done_cost + self.cost_left;
        match time_left(elapsed, self.done_cost + parts, total) {
            Some(left) => format!("about {} to go", words(left)),
            None => "starting".to_owned(),
        }
    }
}

const FIRST_LINE: Duration = Duration::from_secs(5);

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// `3fa9c1d2 model.skip.at=[14] seed 3`
fn label(axes: &[String], trial: &Trial) -> String {
    let mut text = trial.id.short()[..8].to_owned();
    for (path, value) in axes.iter().zip(&trial.axes) {
        text.push_str(&format!(" {path}={value}"));
    }
    text.push_str(&format!(" seed {}", trial.seed));
    text
}

fn short(label: &str) -> &str {
    label.split(' ').next().unwrap_or(label)
}

/// Time left when `done` of `total` work took `elapsed`; unknown until a hundredth is done.
fn time_left(elapsed: Duration, done: f64, total: f64) -> Option<Duration> {
    let known = done.is_finite() && total.is_finite() && done > 0.01 * total;
    let ratio = ((total - done) / done).clamp(0.0, 1e6);
    known.then(|| elapsed.mul_f64(ratio))
}

/// "40 s", "3 min", "2 h 5 min".
pub fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_the_work_done() {
        let minute = Duration::from_secs(60);
        assert_eq!(time_left(minute, 25.0, 100.0), Some(3 * minute));
        assert_eq!(time_left(minute, 0.0, 100.0), None);
        assert_eq!(time_left(minute, 100.0, 100.0), Some(Duration::ZERO));
        assert_eq!(time_left(minute, 1.0, f64::INFINITY), None);
    }

    #[test]
    fn times_read_like_speech() {
        let read = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(
            [read(40), read(200), read(7500)],
            ["40 s", "3 min", "2 h 5 min"]
        );
    }
}
