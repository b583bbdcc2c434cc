//! The tables as text, shared by the terminal and Markdown, so that they never disagree.

use super::Across;
use super::judged;
use super::pair::PointPair;
use super::size::Written;
use super::versus::Versus;
use super::words::name;
use crate::report::label;
use crate::report::number::{self, Digits};
use crate::report::stats::{Paired, Summary, Test};

/// A table: the first columns are names, the others numbers.
pub struct Grid {
    /// What it shows.
    pub title: String,
    /// Headings.
    pub headings: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// Number of columns that hold names.
    pub names: usize,
}

impl Grid {
    /// Without the columns that have nothing to say in any row.
    fn filled(mut self) -> Self {
        let says = |column: usize| self.rows.iter().any(|row| !row[column].is_empty());
        let keep: Vec<bool> = (0..self.headings.len()).map(says).collect();
        let lines = std::iter::once(&mut self.headings).chain(&mut self.rows);
        for cells in lines {
            let mut keep = keep.iter();
            cells.retain(|_| *keep.next().unwrap_or(&true));
        }
        self
    }
}

/// Every table that has something to say.
pub fn of(across: &Across, versus: &Versus) -> Vec<Grid> {
    let all = [
        points(across, versus),
        effects(across, versus),
        differences(across, versus),
    ];
    all.into_iter()
        .filter(|grid| !grid.rows.is_empty())
        .map(Grid::filled)
        .collect()
}

fn points(across: &Across, versus: &Versus) -> Grid {
    let written = Written::of(versus);
    let some_equal = versus.equal() > 0;
    let row = |point: &PointPair| {
        let n = point.paired.summary.n;
        let share = |count: usize| match n {
            0 => String::new(),
            n => format!("{count}/{n}"),
        };
        let differs = |text: String| match point.equal == n {
            true => String::new(),
            false => text,
        };
        let [reference, other] = &point.summaries;
        vec![
            point.label.clone(),
            number::of(n, point.trials.len()),
            written.means.measured(reference),
            written.means.measured(other),
            match n {
                0 => "no pair".into(),
                n if point.equal == n => "equal".into(),
                _ => signed(&point.paired, written.differences),
            },
            differs(p_value(&point.paired, point.p_holm)),
            differs(share(across.better.count(&point.paired))),
            match some_equal {
                true => share(point.equal),
                false => String::new(),
            },
            ratio(point),
        ]
    };
    Grid {
        title: format!("{} at the points in common", label::visible(across.metric)),
        headings: [
            "point",
            "n",
            &short(&across.reference().name),
            &short(versus.name),
            "difference",
            "p",
            across.better.name(),
            "equal",
            "time",
        ]
        .map(String::from)
        .into(),
        rows: versus.points.iter().map(row).collect(),
        names: 1,
    }
}

/// The reference's own comparisons in both sweeps; nothing where all are exactly the same.
fn effects(across: &Across, versus: &Versus) -> Grid {
    let spread = |paired: &Paired| paired.summary.interval.map(|i| i.half_width());
    let all = || {
        versus
            .effects
            .iter()
            .flat_map(|e| [&e.reference, &e.other, &e.change])
    };
    let digits = Digits::of(
        all().filter_map(spread),
        all().filter_map(|paired| paired.summary.mean),
    );
    let told = versus
        .effects
        .iter()
        .filter(|effect| effect.change.summary.n > 0);
    let rows: Vec<Vec<String>> = told
        .clone()
        .map(|effect| {
            vec![
                effect.label.clone(),
                effect.baseline.clone(),
                effect.verdicts.map_or_else(String::new, judged::words),
                effect.change.summary.n.to_string(),
                signed(&effect.reference, digits),
                signed(&effect.other, digits),
                signed(&effect.change, digits),
                p_value(&effect.change, effect.p_holm),
            ]
        })
        .collect();
    let changed = told
        .clone()
        .any(|effect| effect.change.lower + effect.change.higher > 0);
    Grid {
        title: "What each arm is worth against its baseline, in both".into(),
        headings: [
            "arm",
            "baseline",
            "verdict",
            "n",
            &short(&across.reference().name),
            &short(versus.name),
            "change",
            "p",
        ]
        .map(String::from)
        .into(),
        rows: if changed { rows } else { Vec::new() },
        names: 3,
    }
}

fn differences(across: &Across, versus: &Versus) -> Grid {
    let row = |difference: &super::differs::Difference| {
        let share = difference.share;
        vec![
            difference.place.name().into(),
            difference.what.clone(),
            difference.from.clone(),
            difference.to.clone(),
            share.map_or_else(String::new, |(n, of)| format!("{n} of {of}")),
        ]
    };
    Grid {
        title: "What differs".into(),
        headings: [
            "where",
            "what",
            &short(&across.reference().name),
            &short(versus.name),
            "points",
        ]
        .map(String::from)
        .into(),
        rows: versus.differences.iter().map(row).collect(),
        names: 5, // nothing in it is a number to line up
    }
}

/// A name that leaves room for numbers below it.
fn short(of: &str) -> String {
    const LONGEST: usize = 20;
    let shown = name(of);
    match shown.chars().count() {
        n if n > LONGEST => {
            let tail: String = shown.chars().skip(n + 1 - LONGEST).collect();
            format!("…{tail}")
        }
        _ => shown,
    }
}

/// `−0.0123 [−0.0151, −0.0102]`.
fn signed(paired: &Paired, digits: Digits) -> String {
    let summary = &paired.summary;
    match (summary.mean, summary.interval) {
        (None, _) => String::new(),
        (Some(mean), None) => digits.signed(mean),
        (Some(mean), Some(interval)) => {
            format!("{} {}", digits.signed(mean), digits.interval(interval))
        }
    }
}

fn p_value(paired: &Paired, p: Option<f64>) -> String {
    let shown = p.map_or_else(String::new, number::p_value);
    match paired.p {
        Some((_, Test::StudentT)) if !shown.is_empty() => format!("{shown} (t)"),
        _ => shown,
    }
}

/// Geometric mean of the wall-time ratios.
fn ratio(point: &PointPair) -> String {
    let logs = point.trials.iter().filter_map(|pair| pair.wall_ratio);
    let logs: Vec<f64> = logs.map(f64::ln).collect();
    let mean = Summary::of(&logs).mean;
    mean.map_or_else(String::new, |mean| {
        format!("{}×", Digits::Fixed(2).show(mean.exp()))
    })
}
