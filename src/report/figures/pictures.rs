//! `pictures` at the last epoch and `pictures-epoch-<n>`: what went in, what should come out, what each arm made of it.

use super::super::compare::Comparisons;
use super::super::evidence::Evidence;
use super::super::images;
use super::super::output::File;
use super::super::picture_rows::{Row, trained, used};
use super::super::shown::spread;
use super::super::strip::{self, GAP};
use super::FOLDER;
use super::drawing::{Anchor, Drawing, INK, LEADING, PAGE, SOFT};
use super::font;
use super::raster::{self, Picture, SCALE};
use crate::error::Result;
use std::collections::BTreeSet;

/// How the names of these figures begin.
pub const NAME: &str = "pictures";

/// Whether a name, without its end, is that of such a figure.
pub fn is_ours(stem: &str) -> bool {
    let epoch = stem
        .strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix("-epoch-"));
    stem == NAME || epoch.is_some_and(|epoch| epoch.parse::<u32>().is_ok())
}

/// At most so many rows; a line says that there are more.
const ROWS: usize = 40;

/// At most so many epochs, spread evenly, first and last among them.
const EPOCHS: usize = 12;

/// Pictures of more pixels on a side are left to `sweep.h5`: a sheet of them would fill the memory.
const LARGEST: usize = 128;

/// Room around and between rows, and for names, in points.
const MARGIN: f64 = 4.0;
const BETWEEN: f64 = 2.5;
const NAMES: f64 = 130.0;

/// Small pictures are enlarged to this height at most, in points.
const TALLEST: f64 = 36.0;

/// The sheets: that of the last epoch, and where there are several, one for each.
///
/// # Errors
/// Only such as the code rules out.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Result<Vec<File>> {
    let mut rows = trained(evidence, comparisons);
    let uses = used(evidence, comparisons).into_iter().map(|row| Row {
        title: format!(
            "{} · {}",
            row.title,
            images::told(evidence.record, row.used)
        ),
        ..row
    });
    rows.extend(uses);
    rows.retain(|row| row.samples.shape[1..].iter().all(|side| *side <= LARGEST));
    let all = rows.len();
    rows.truncate(ROWS);
    let left_out = (rows.len() < all).then(|| format!("the first {ROWS} of {all} rows"));
    let made = rows
        .iter()
        .filter(|row| !row.is_given() && row.used.is_empty());
    let epochs: BTreeSet<u32> = made
        .flat_map(|row| row.samples.epochs.iter().copied())
        .collect();
    let epochs: Vec<u32> = epochs.into_iter().collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let file = |name: String, rows: &[(&Row, usize)]| -> Result<File> {
        let name = format!("{FOLDER}/{name}.png");
        let bytes = sheet(rows, left_out.as_deref())?;
        Ok(File { name, bytes })
    };
    let last: Vec<(&Row, usize)> = rows.iter().map(|row| (row, row.last())).collect();
    let mut files = vec![file(NAME.into(), &last)?];
    let shown = spread(epochs.len(), EPOCHS).map(|index| epochs[index]);
    for epoch in shown.filter(|_| epochs.len() > 1) {
        let at = |row| Some((row, Row::at(row, epoch)?));
        let trained = rows.iter().filter(|row| row.used.is_empty());
        let rows: Vec<(&Row, usize)> = trained.filter_map(at).collect();
        files.push(file(format!("{NAME}-epoch-{epoch}"), &rows)?);
    }
    Ok(files)
}

/// Rows of pictures, each at one of its epochs, with their names on the left.
fn sheet(rows: &[(&Row, usize)], note: Option<&str>) -> Result<Vec<u8>> {
    let names: Vec<Vec<String>> = rows
        .iter()
        .map(|(row, _)| font::wrap(&row.title, NAMES))
        .collect();
    let widest = names
        .iter()
        .flatten()
        .map(|name| font::width(name))
        .fold(0.0, f64::max);
    let left = MARGIN + widest + 2.0 * MARGIN;
    let room = ((PAGE - MARGIN - left) * SCALE) as usize;
    let natural = rows
        .iter()
        .map(|(row, _)| strip::size(row.samples, row.shown())[0])
        .max()
        .unwrap_or(1);
    let tallest = rows
        .iter()
        .map(|(row, _)| row.samples.shape[1])
        .max()
        .unwrap_or(1);
    let zoom = (room / natural)
        .min((TALLEST * SCALE) as usize / tallest)
        .max(1);
    let points = |pixels: usize| (pixels * zoom) as f64 / SCALE;
    let mut drawing = Drawing::new(NAME.into());
    let mut pictures = Vec::new();
    let mut y = MARGIN;
    for ((row, frame), names) in rows.iter().zip(&names) {
        let [n, h, w] = [row.shown(), row.samples.shape[1], row.samples.shape[2]];
        let text = LEADING * names.len() as f64;
        let height = points(h).max(text);
        for (index, name) in names.iter().enumerate() {
            let line = y + (height - text) / 2.0 + LEADING * index as f64 + 8.2;
            drawing.text([MARGIN, line], Anchor::Start, INK, name, NAMES);
        }
        let start = frame * row.samples.shape[0] * h * w;
        for (index, grey) in row.samples.pixels[start..][..n * h * w]
            .chunks_exact(h * w)
            .enumerate()
        {
            pictures.push(Picture {
                at: [
                    left + points(index * (w + GAP)),
                    y + (height - points(h)) / 2.0,
                ],
                zoom,
                size: [w, h],
                grey,
            });
        }
        y += height + BETWEEN;
    }
    if let Some(note) = note {
        y += LEADING;
        drawing.text([left, y], Anchor::Start, SOFT, note, PAGE);
    }
    drawing.size = [left + points(natural) + MARGIN, y + MARGIN - BETWEEN];
    raster::sheet(&drawing, &pictures)
}
