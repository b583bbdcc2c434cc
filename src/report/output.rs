//! Which files a report has, and how they are put in place.

use super::evidence::Evidence;
use super::{Findings, csv, figures, html, json, latex, markdown, table};
use crate::durable;
use crate::error::{Error, Result};
use crate::record::{Folder, SweepRecord};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `report.html`.
    Html,
    /// `report.md`.
    Markdown,
    /// `trials.csv`.
    Csv,
    /// `report.tex`.
    Latex,
    /// `report.json`.
    Json,
    /// The folder `figures`.
    Figures,
}

impl Format {
    /// Every format, in the order in which they are written.
    pub const ALL: [Self; 6] = [
        Self::Html,
        Self::Markdown,
        Self::Csv,
        Self::Latex,
        Self::Json,
        Self::Figures,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Latex => "tex",
            Self::Json => "json",
            Self::Figures => "figures",
        }
    }

    /// The format with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the report's folder.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file of text.
    pub fn text(name: impl Into<String>, text: String) -> Self {
        let (name, bytes) = (name.into(), text.into_bytes());
        Self { name, bytes }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The files, below the report's folder.
    pub files: Vec<String>,
    /// The comparison for the terminal.
    pub table: String,
}

/// Makes the files of these formats.
///
/// # Errors
/// Only such as the code rules out.
pub fn files(evidence: &Evidence, formats: &[Format]) -> Result<Vec<File>> {
    let findings = Findings::of(evidence.record, &|id| evidence.config(id));
    files_of(evidence, &findings, formats)
}

fn files_of(evidence: &Evidence, findings: &Findings, formats: &[Format]) -> Result<Vec<File>> {
    let comparisons = &findings.comparisons;
    let mut files = Vec::new();
    for format in Format::ALL
        .into_iter()
        .filter(|format| formats.contains(format))
    {
        match format {
            Format::Html => files.push(File::text("report.html", html::text(evidence, findings)?)),
            Format::Markdown => {
                files.push(File::text("report.md", markdown::text(evidence, findings)))
            }
            Format::Csv => files.push(File::text("trials.csv", csv::text(evidence, comparisons)?)),
            Format::Latex => files.push(File::text("report.tex", latex::text(evidence, findings))),
            Format::Json => files.push(File::text("report.json", json::text(evidence, findings)?)),
            Format::Figures => files.extend(figures::of(evidence, findings)?),
        }
    }
    Ok(files)
}

/// Writes the files of these formats into the folder, and removes figures of an earlier report that this one has not.
///
/// # Errors
/// When a file cannot be written or the record is damaged.
pub fn write(folder: &Folder, record: &SweepRecord, formats: &[Format]) -> Result<Written> {
    let evidence = Evidence::load(record)?;
    let findings = Findings::of(record, &|id| evidence.config(id));
    let files = files_of(&evidence, &findings, formats)?;
    let drawings = folder.report(figures::FOLDER);
    let draws = formats.contains(&Format::Figures);
    let drawn = files
        .iter()
        .any(|file| file.name.starts_with(figures::FOLDER));
    if drawn && !drawings.is_dir() {
        fs::create_dir_all(&drawings).map_err(Error::io("make", &drawings))?;
        durable::sync_parent(&drawings)?;
    }
    for file in &files {
        durable::update(&folder.report(&file.name), &file.bytes)?;
    }
    let names: Vec<String> = files.into_iter().map(|file| file.name).collect();
    if draws && drawings.is_dir() {
        durable::remove_stale(&drawings)?;
        remove_others(&drawings, &names, &figures::curves_of(&evidence))?;
    }
    Ok(Written {
        files: names,
        table: table::text(record, &findings, None),
    })
}

/// Removes the figures that are named as ours and are not among `names`. What else is in the folder stays.
/// `curves`: the names that figures of curves can have.
fn remove_others(folder: &Path, names: &[String], curves: &BTreeSet<String>) -> Result<()> {
    let kept: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| name.rsplit('/').next())
        .collect();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| figures::is_ours(name, curves) && !kept.contains(name));
        if ours && entry.file_type().is_ok_and(|kind| !kind.is_dir()) {
            match fs::remove_file(entry.path()) {
                // Another runner's report was quicker.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other.map_err(Error::io("remove", &entry.path()))?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_an_earlier_report_go_and_the_users_own_stay() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "effects.svg",
            "curves-test.bce.png",
            "pictures-epoch-5.png",
            "mine.png",
            "curves.txt",
            "curves-for-talk.svg",
            "pictures-of-cat.png",
        ];
        for name in names {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let curves = ["curves-test.bce".into()].into();
        remove_others(folder.path(), &["figures/effects.svg".into()], &curves).unwrap();
        let left: Vec<bool> = names
            .iter()
            .map(|name| folder.path().join(name).exists())
            .collect();
        assert_eq!(left, [true, false, false, true, true, true, true]);
    }

    #[test]
    fn formats_have_names() {
        for format in Format::ALL {
            assert_eq!(Format::named(format.name()), Some(format));
        }
        assert_eq!(Format::named("pdf"), None);
    }
}
