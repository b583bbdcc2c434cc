//! `ablate compare`.

use crate::durable;
use crate::error::{Error, ExitCode, Result};
use crate::record::SweepRecord;
use crate::report::across::metric::{self, Unknown};
use crate::report::across::side::{self, Side};
use crate::report::across::{self, Across, Unit, json, page, sheet, terminal};
use crate::sweep::nearest;
use std::path::{Path, PathBuf};

/// What scripts may rely on.
const DETAILS: &str = "\
Points are matched by the axes of both sweeps, trials of a point by seed. Where only one sweep
varies a field, the other's value is that of its resolved configs. What has no partner is listed
and counted, not dropped.

Exit codes: 0 compared, whatever came out; 2 fewer than two sweeps, an unknown metric, or no point
in common with any of them; 5 a record is damaged (others: `ablate --help`).

--json prints one object:
  format          raised when a key changes its meaning or goes away
  unit            trial; use with --uses
  metric, better  what is compared; whether lower or higher is better
  sweeps          name, sweep, path, trials by outcome; the reference first
  comparisons     one for each other sweep:
    answer, notes     in words; the answer begins with settings and data that are not the same
    matched_by        axes with equal values; free_axes: those that could not be matched
    pairs             planned in both, valued, equal (values); same_parameters and identical:
                      bit for bit
    overall           the difference averaged over points, across seeds
    wall_ratio        wall time over the reference's
    points            reference, here, difference, p_holm, trials
    effects           the reference's comparisons with its baseline, in both, and their change;
                      verdicts: of what it expected, in both, over the seeds that all four arms
                      have; null for controls and where nothing was expected
    differences       where, what, reference, here; points: null when it holds for all
    only_in_reference, only_here    points without a partner
Differences are this sweep less the reference; interval: 95%, Student's t; p: exact sign-flip, or t
above 20 pairs; null: cannot be said";

/// Arguments of `ablate compare`.
#[derive(clap::Args)]
#[command(after_long_help = DETAILS)]
pub struct Args {
    /// Results folders of sweeps, or their sweep.h5; the first is the reference
    #[arg(required = true, num_args = 2.., value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What to compare, of those that all have [default: what the reference compares]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Compare the uses of trained networks (`evaluate`) instead of the trials
    #[arg(long)]
    uses: bool,
    /// Write compare.md and compare.csv into this folder; made where missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Puts sweeps beside each other.
///
/// # Errors
/// When a path is no sweep, a record is damaged, the metric is not known, or no point is in common.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut sides = load(&args.paths)?;
    let unit = match args.uses {
        true => Unit::Use,
        false => Unit::Trial,
    };
    if unit == Unit::Use {
        sides = sides.into_iter().map(uses).collect::<Result<_>>()?;
    }
    let records: Vec<&SweepRecord> = sides.iter().map(|side| &side.record).collect();
    let metric = metric::choose(&records, args.metric.as_deref()).map_err(unknown)?;
    let arms: Vec<_> = sides.iter().map(|side| side.arms(&metric)).collect();
    let across =
        Across::of(unit, &sides, &arms).ok_or_else(|| Error::Internal("no side".into()))?;
    let files = match &args.out {
        Some(out) => write(&across, out)?,
        None => Vec::new(),
    };
    match args.json {
        true => say!("{}", json::text(&across)),
        false => {
            say!("{}", terminal::text(&across, None).trim_end());
            files.iter().for_each(|file| say!("{}", file.display()));
        }
    }
    match across.versus.iter().all(|versus| versus.points.is_empty()) {
        true => Err(Error::Usage {
            problem: "the sweeps have no point in common".into(),
            next: "compare sweeps that share values of their axes; the text above says what keeps these apart".into(),
        }),
        false => Ok(ExitCode::Done),
    }
}

fn load(paths: &[PathBuf]) -> Result<Vec<Side>> {
    let open = |path: &PathBuf| SweepRecord::open(&super::report::find(path)?);
    let records: Vec<SweepRecord> = paths.iter().map(open).collect::<Result<_>>()?;
    // Where a path leads tells more than `.` does.
    let whole = |record: &SweepRecord| {
        let path = &record.path;
        path.canonicalize().unwrap_or_else(|_| path.clone())
    };
    let places: Vec<PathBuf> = records.iter().map(whole).collect();
    let called = records.iter().zip(&places);
    let called: Vec<(&str, &Path)> = called
        .map(|(record, place)| (record.name.as_str(), place.as_path()))
        .collect();
    let names = side::names(&called);
    let sides = names.into_iter().zip(records);
    sides
        .map(|(name, record)| Side::load(name, record))
        .collect()
}

fn uses(side: Side) -> Result<Side> {
    match side.record.evaluations.is_empty() {
        false => Ok(side.uses()),
        true => Err(Error::Usage {
            problem: format!("{}: has no uses", side.record.path.display()),
            next: "leave out --uses, or compare sweeps with `evaluate`".into(),
        }),
    }
}

fn unknown(Unknown { wanted, known }: Unknown) -> Error {
    let near = nearest(&wanted, known.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    let shown = crate::harmless::harmless(&wanted);
    let problem = match wanted.is_empty() {
        true => "the sweeps have no metric in common".into(),
        false => format!("not all of the sweeps have the metric {shown:?}"),
    };
    let known: Vec<String> = known
        .iter()
        .map(|name| crate::harmless::harmless(name))
        .collect();
    let next = match known.is_empty() {
        true => "compare sweeps of the same task".into(),
        false => format!(
            "{near}give --metric one of those that all have: {}",
            known.join(", ")
        ),
    };
    Error::Usage { problem, next }
}

fn write(across: &Across, out: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(out).map_err(Error::io("make", out))?;
    let texts = [page::text(across), sheet::text(across)?];
    let files = across::FILES.iter().zip(texts);
    files
        .map(|(name, text)| {
            let path = out.join(name);
            durable::update(&path, text.as_bytes())?;
            Ok(path)
        })
        .collect()
}
