//! `ablate plan`.

mod controls;

use super::device::DeviceArgs;
use crate::error::{Error, ExitCode, Result};
use crate::harmless::harmless_lines;
use crate::plan::{ArmSummary, Device, Plan, Summary};
use crate::record::Folder;
use crate::sweep::Sweep;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::num::NonZero;
use std::path::PathBuf;

/// The structure that scripts may rely on.
const JSON_KEYS: &str = "\
--json prints one object:
  format            raised when a key changes its meaning or goes away
  name, question    as in the sweep file
  trials, points    how many; a point (arm) has one trial for each seed
  seeds, axes       the seeds, and the paths of the fields that differ between points
  excluded          one entry a rule: line, rule, points (how many), first (the first three)
  collapsed_points  how many points are the same trials as an earlier one
  collapsed         the first twenty: point, into (the arm), reason
  uncontrolled_arms how often an arm has no control of a kind that was asked for
  uncontrolled      the first twenty: control, arm, reason
  comparisons       arms that are compared with the baseline
  estimate          seconds, workers, gflops_per_worker (assumed)
  warnings          sentences
  device            cpu or cuda: what the ids are for
  arms              one entry a point: arm, axes (null: has no effect), baseline, params, macs, ids (by seed);
                    of a control also control: of (the arm), set (what it has otherwise), counted (params or macs),
                    excess (0.01: 1 % more of them), nearest (true: no width comes within 2 %)";

/// Arguments of `ablate plan`.
#[derive(clap::Args)]
#[command(after_long_help = JSON_KEYS)]
pub struct Args {
    /// The sweep file
    file: PathBuf,
    #[command(flatten)]
    form: super::QuickForm,
    #[command(flatten)]
    device: DeviceArgs,
    /// Folder of all results: a sweep that was begun there stays on its class of device
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
    /// Explain what became of the points with these values, for example model.depth=2,model.skip.at=[14]
    #[arg(long, value_name = "FIELD=VALUE,…", conflicts_with = "json")]
    why: Option<String>,
    /// Refuse sweeps of more trials than this; 10,000,000 is the ceiling
    #[arg(long, value_name = "N", default_value_t = Plan::MAX_TRIALS)]
    max_trials: usize,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let sweep = Sweep::load_form(&args.file, args.form.form())?;
    let folder = Folder::existing(args.results.join(&sweep.name));
    let device = args.device.class(&folder)?;
    let plan = Plan::build_on(device, &sweep, args.max_trials, &crate::data::facts)?;
    if let Some(question) = &args.why {
        return print(&plan.why(question)?.join("\n"));
    }
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let summary = plan.summary(workers);
    if args.json {
        return print_json(&summary);
    }
    print(&describe(&plan, &summary))
}

/// Prints arm by arm: a large plan is never text in memory.
fn print_json(summary: &Summary<'_>) -> Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut out, summary)
        .map_err(std::io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    printed(written)
}

/// Prints text, in which questions and paths are the user's own words.
fn print(text: &str) -> Result<ExitCode> {
    let text = harmless_lines(text) + "\n";
    printed(std::io::stdout().lock().write_all(text.as_bytes()))
}

/// Takes a closed pipe (`ablate plan … | head`) for a reader who has seen enough.
fn printed(written: std::io::Result<()>) -> Result<ExitCode> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", "standard output".as_ref())(error))
        }
        _ => Ok(ExitCode::Done),
    }
}

/// Rows of the arms' table that are shown.
const ROWS: usize = 40;

/// The plan for people.
fn describe(plan: &Plan, summary: &Summary<'_>) -> String {
    let Summary {
        name,
        question,
        trials,
        points,
        seeds,
        ..
    } = summary;
    let mut out = format!("{name}\n");
    if !question.is_empty() {
        out += &format!("{}\n", question.trim_end());
    }
    out += &format!(
        "\n{} × {} = {}\n",
        count(*points, "point"),
        count(seeds.len(), "seed"),
        count(*trials, "trial")
    );
    if plan.device() == Device::Cuda {
        out += "trained on NVIDIA GPUs (device: cuda)\n";
    }
    for first in plan.artefacts() {
        out += &format!(
            "trained first, once for all: {}\n",
            first.role.description()
        );
    }
    let looked_at = (0..plan.len()).step_by(seeds.len().max(1)).take(ROWS);
    let uses = looked_at.map(|first| plan.evaluations(first).len()).max();
    if let Some(uses) = uses.filter(|uses| *uses > 0) {
        out += &format!("evaluate: {} of each trained network\n", count(uses, "use"));
    }
    for rule in summary.excluded.iter().filter(|rule| rule.points > 0) {
        let rule_text = Value::Object(rule.rule.clone());
        out += &format!(
            "excluded: {} by the rule on line {}: {rule_text}\n",
            count(rule.points, "point"),
            rule.line
        );
    }
    if summary.collapsed_points > 0 {
        out += &format!("collapsed: {}\n", count(summary.collapsed_points, "point"));
    }
    for collapsed in &summary.collapsed {
        let point = Value::Object(collapsed.point.clone());
        out += &format!(
            "  {point} is arm {}: {}\n",
            collapsed.into, collapsed.reason
        );
    }
    if summary.collapsed_points > summary.collapsed.len() {
        let more = summary.collapsed_points - summary.collapsed.len();
        out += &format!("  … and {more} more\n");
    }
    let shown = (*points).min(ROWS);
    out += &format!("\n{}\n", table(plan, shown));
    if shown < *points {
        out += &format!(
            "… and {} more arms (all of them with --json)\n",
            points - shown
        );
    }
    out += &controls::text(plan, summary);
    let estimate = summary.estimate;
    out += &format!(
        "\nestimate: about {} on {} ({} GFLOP/s each is a guess; the run itself will know better)\n",
        duration(estimate.seconds),
        count(estimate.workers, "worker"),
        estimate.gflops_per_worker
    );
    for warning in &summary.warnings {
        out += &format!("warning: {warning}\n");
    }
    out
}

fn table(plan: &Plan, rows: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let axes = plan.axes().iter().map(String::as_str);
    table.set_header(
        ["arm"]
            .into_iter()
            .chain(axes)
            .chain(["parameters", "MACs", ""]),
    );
    for point in 0..rows {
        let ArmSummary {
            arm,
            axes,
            baseline,
            params,
            macs,
            ..
        } = plan.arm(point);
        let mut row = vec![arm.to_string()];
        row.extend(plan.axes().iter().map(|path| shown(&axes[path])));
        row.extend([
            grouped(params),
            grouped(macs),
            if baseline { "baseline" } else { "" }.into(),
        ]);
        table.add_row(row);
    }
    let numbers = plan.axes().len() + 1;
    for index in [0, numbers, numbers + 1] {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// An axis value as the YAML writes it; a dash where the field does not matter.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `1 point`, `2 points`.
fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n as u64))
}

/// Digits in groups of three: 1,234,567.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time that is only an estimate, in its largest unit.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".into(),
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 100.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_are_rounded() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.1, 61.0, 600.0, 7200.0, 1e6].map(duration),
            ["a second", "61 s", "10 min", "2.0 h", "11.6 days"]
        );
    }
}
