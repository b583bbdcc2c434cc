//! `ablate report`.

use crate::error::{Error, ExitCode, Result};
use crate::record::{self, Folder, SweepRecord};
use crate::report::evidence::left_details;
use crate::report::{self, Format};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `ablate report`.
#[derive(clap::Args)]
pub struct Args {
    /// Results folder of a sweep, or its sweep.h5
    path: PathBuf,
    /// Folder for the report's files; made where missing [default: beside sweep.h5]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only these: html, md, csv, tex, json, figures [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_format)]
    formats: Vec<Format>,
}

fn parse_format(name: &str) -> std::result::Result<Format, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    Format::named(name).ok_or_else(|| format!("one of {}", names()))
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let record = find(&args.path)?;
    let out = match &args.out {
        Some(out) => {
            std::fs::create_dir_all(out).map_err(Error::io("make", out))?;
            out.clone()
        }
        None => beside(&record),
    };
    let standing = Folder::existing(beside(&record));
    let record = SweepRecord::open(&record)?;
    tell_newer(&standing, &record);
    let folder = Folder::existing(out);
    let formats = match args.formats.as_slice() {
        [] => &Format::ALL,
        some => some,
    };
    let written = report::write(&folder, &record, formats)?;
    // All is written: a reader that left early (`| head`) is no failure.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{}", written.table);
    for name in written.files {
        let _ = writeln!(out, "{}", folder.report(&name).display());
    }
    Ok(ExitCode::Done)
}

/// Says that trials were committed since the record was made: a run merges them now and then, and at its end.
fn tell_newer(folder: &Folder, record: &SweepRecord) {
    let known: BTreeSet<&str> = record
        .trials
        .iter()
        .filter(|row| left_details(row))
        .map(|row| row.id.as_str())
        .collect();
    let planned: BTreeSet<&str> = record.trials.iter().map(|row| row.id.as_str()).collect();
    // Files that cannot be read are another command's concern.
    let newer = record::done(folder).unwrap_or_default();
    let newer = newer
        .iter()
        .filter(|id| planned.contains(id.as_str()) && !known.contains(id.as_str()))
        .count();
    if newer > 0 {
        tell!(
            "note: {newer} trials were finished since {} was made: a run merges them now and then, and when it ends (the same `ablate run` again does)",
            record.path.display()
        );
    }
}

/// The `sweep.h5` that the user means.
pub(super) fn find(path: &Path) -> Result<PathBuf> {
    let file = if path.is_dir() {
        Folder::existing(path).sweep_h5()
    } else {
        path.to_owned()
    };
    let is_yaml = file
        .extension()
        .is_some_and(|end| end == "yaml" || end == "yml");
    if file.is_file() && is_yaml {
        return Err(Error::Usage {
            problem: format!("{}: this is a sweep file, not its results", file.display()),
            next: "give the folder of its results (results/<name>), or the sweep.h5 in it".into(),
        });
    }
    if file.is_file() {
        return Ok(file);
    }
    Err(Error::Usage {
        problem: format!("{}: there is no such file", file.display()),
        next: "give the results folder of a sweep (results/<name>) or its sweep.h5; `ablate run` makes both, the file when its first worker starts".into(),
    })
}

/// The folder that it lies in.
pub(super) fn beside(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_means_its_sweep_h5_and_outputs_go_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sweep.h5");
        let error = find(folder.path()).unwrap_err();
        assert!(error.to_string().contains("sweep.h5") && error.exit_code() == ExitCode::BadInput);
        std::fs::write(&file, b"").unwrap();
        assert_eq!(find(folder.path()).unwrap(), file);
        assert_eq!(find(&file).unwrap(), file);
        assert_eq!(beside(&file), folder.path());
        assert_eq!(beside(Path::new("sweep.h5")), Path::new("."));
    }
}
