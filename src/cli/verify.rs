//! `ablate verify`.

use crate::data;
use crate::error::{Error, ExitCode, Result};
use crate::plan::Plan;
use crate::record::Folder;
use crate::sweep::Sweep;
use crate::verify::{self, Asked, Commands, Verdict};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What scripts may rely on.
const DETAILS: &str = "\
Reads everything in full and changes nothing: trial files and shards (seal, every value, both digests of every trial), sweep.h5
and whether it agrees with them, checkpoints, sweep.yaml, attempts, statuses, claims, frozen programs, leftovers. It may be
used while a sweep runs.

Ends with
  0    all is whole (notes say what is worth knowing)
  2    there is no such sweep or file
  4    a folder cannot be listed
  5    something is damaged; each finding names the command that mends it

--json prints one object: format, whole, trials, shards, asked and missing (results that the sweep asks for, and those of them
that no whole file has; null where that cannot be told), summary, and findings: path, level (damage or note), problem, lost,
trials (ids concerned), mend (a command, or null where nothing needs to be done or another finding's command does it).";

/// Arguments of `ablate verify`.
#[derive(clap::Args)]
#[command(after_long_help = DETAILS)]
pub struct Args {
    /// Results folder of a sweep, its YAML, or one .h5 file
    path: PathBuf,
    /// Folder of all results, when a YAML is given
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Between two lines of progress where there is no terminal.
const QUIET: Duration = Duration::from_secs(10);

/// Says whether all is whole.
///
/// # Errors
/// When there is nothing to read, or a folder cannot be listed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let verdict = match meant(args)? {
        Meant::File(path) => verify::file(&path, &commands_of_file(&path))?,
        Meant::Folder { folder, yaml } => look(&folder, yaml.as_deref())?,
    };
    let text = match args.json {
        true => verify::json(&verdict),
        false => verify::text(&verdict),
    };
    // A reader that left early (`| head`) has seen enough.
    let _ = stdout().write_all(text.as_bytes());
    Ok(match verdict.is_whole() {
        true => ExitCode::Done,
        false => ExitCode::BadRecord,
    })
}

/// What the user means.
enum Meant {
    File(PathBuf),
    /// With the sweep file that was given.
    Folder {
        folder: Folder,
        yaml: Option<PathBuf>,
    },
}

fn meant(args: &Args) -> Result<Meant> {
    let path = &args.path;
    let nothing = |problem: String| Error::Usage {
        problem,
        next: "give the results folder of a sweep (results/<name>), its YAML, or one .h5 file"
            .into(),
    };
    if path.is_dir() {
        let parts = ["sweep.yaml", "sweep.h5", "trials", "shards"];
        if !parts.iter().any(|part| path.join(part).exists()) {
            return Err(nothing(format!(
                "{}: no sweep was run here",
                path.display()
            )));
        }
        let folder = Folder::existing(path);
        return Ok(Meant::Folder { folder, yaml: None });
    }
    if !path.is_file() {
        return Err(nothing(format!(
            "{}: there is no such file",
            path.display()
        )));
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("yaml" | "yml")) {
        return Ok(Meant::File(path.clone()));
    }
    let root = args.results.join(Sweep::load(path)?.name);
    match root.is_dir() {
        true => Ok(Meant::Folder {
            folder: Folder::existing(root),
            yaml: Some(path.clone()),
        }),
        false => Err(nothing(format!(
            "{}: there is no such folder",
            root.display()
        ))),
    }
}

fn look(folder: &Folder, yaml: Option<&Path>) -> Result<Verdict> {
    let asked = asked(folder);
    let mut bar = Bar::default();
    verify::folder(
        folder,
        &asked,
        &commands(folder.root(), yaml),
        &mut |done, total| {
            bar.show(done, total);
        },
    )
}

/// How this folder's sweep is run again: from the YAML that was given, else from the one in the folder, if it is one.
fn commands(root: &Path, yaml: Option<&Path>) -> Commands {
    let frozen = Folder::existing(root).sweep_yaml();
    let frozen = is_sweep(&frozen).then_some(frozen);
    let results = above(root);
    Commands::new(root, yaml.or(frozen.as_deref()), &results)
}

/// Of a file by itself: those of the folder where it lies, if that is a sweep's.
fn commands_of_file(path: &Path) -> Commands {
    let beside = super::report::beside(path);
    // From inside of it, it is ".".
    let named = beside.canonicalize().unwrap_or_else(|_| beside.clone());
    let inside = ["trials", "shards"]
        .iter()
        .any(|name| named.ends_with(name));
    let root = match inside {
        true => above(&beside),
        false => beside.clone(),
    };
    let frozen = Folder::existing(&root).sweep_yaml();
    let frozen = is_sweep(&frozen).then_some(frozen);
    Commands::new(&beside, frozen.as_deref(), &above(&root))
}

/// Whether a file can be read as a sweep; a pipe would be waited for.
fn is_sweep(path: &Path) -> bool {
    path.is_file() && Sweep::load(path).is_ok()
}

/// The folder above, also of `.` and `x/..`.
fn above(root: &Path) -> PathBuf {
    match root.parent() {
        Some(parent) if root.file_name().is_some() && !parent.as_os_str().is_empty() => {
            parent.to_owned()
        }
        Some(_) if root.file_name().is_some() => PathBuf::from("."),
        _ => root.join(".."),
    }
}

/// The ids that the folder's sweep asks for.
fn asked(folder: &Folder) -> Asked {
    let frozen = folder.sweep_yaml();
    if !frozen.is_file() {
        return Asked::Unknown("there is no sweep.yaml".into());
    }
    let plan = Sweep::load(&frozen).and_then(|sweep| {
        let device = super::device::begun_or_due(folder, &sweep)?;
        Plan::build_on(device, &sweep, usize::MAX, &data::facts)
    });
    match plan {
        Ok(plan) => {
            let units = (0..plan.units()).map(|index| plan.id(index).to_string());
            let uses = (0..plan.len()).flat_map(|index| plan.evaluations(index));
            Asked::Ids(units.chain(uses.map(|used| used.id.to_string())).collect())
        }
        Err(error) => {
            let text = error.to_string();
            Asked::Unknown(text.lines().next().unwrap_or_default().to_owned())
        }
    }
}

/// How far it is: a bar on a terminal, elsewhere a line now and then.
#[derive(Default)]
struct Bar {
    drawn: Option<ProgressBar>,
    told: Option<Instant>,
}

impl Bar {
    fn show(&mut self, done: usize, total: usize) {
        if stderr().is_terminal() {
            let bar = self.drawn.get_or_insert_with(|| {
                let style =
                    ProgressStyle::with_template("{bar:30} {pos} of {len} files, {eta} to go");
                let bar = ProgressBar::new(0);
                match style {
                    Ok(style) => bar.with_style(style),
                    Err(_) => bar,
                }
            });
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            if done == total {
                bar.finish_and_clear();
            }
            return;
        }
        let told = self.told.get_or_insert_with(Instant::now);
        if told.elapsed() >= QUIET {
            *told = Instant::now();
            tell!("{done} of {total} files read");
        }
    }
}
