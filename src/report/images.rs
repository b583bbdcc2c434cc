//! Pictures as strips: the same test images side by side, one PNG an epoch, embedded as data.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::{label, uses};
use crate::error::{Error, Result};
use crate::outcome::Samples;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

/// At most so many pictures in a strip.
const PICTURES: usize = 16;

/// At most so many epochs of an arm, spread evenly, first and last among them.
const FRAMES: usize = 12;

/// Transparent pixels between two pictures.
pub(super) const GAP: usize = 2;

/// A row of pictures, at one or several epochs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Strip {
    /// Whose pictures: `input`, `target`, or the arm.
    pub title: String,
    /// Position of the arm among all arms, when the strip is one arm's.
    pub arm: Option<usize>,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// Pixels of a PNG, width and height.
    pub size: [usize; 2],
    /// PNGs by epoch, ascending.
    pub frames: Vec<Frame>,
}

/// The pictures after one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// Epochs trained.
    pub epoch: u32,
    /// `data:image/png;base64,…`
    pub url: String,
}

/// Pictures of one trial or use, as they are in the record.
pub(super) struct Row<'a> {
    /// As in [`Strip`].
    pub title: String,
    /// As in [`Strip`].
    pub arm: Option<usize>,
    /// The pictures, which are as many as their shape says.
    pub samples: &'a Samples,
    /// Whether every arm gets the same.
    pub is_given: bool,
    seed: u64,
}

impl Row<'_> {
    /// How many pictures are shown.
    pub fn shown(&self) -> usize {
        self.samples.shape[0].min(PICTURES)
    }

    /// Pixels of all of them side by side.
    pub fn width(&self) -> usize {
        self.shown() * self.samples.shape[2] + (self.shown() - 1) * GAP
    }

    /// The position of the last epoch.
    pub fn last(&self) -> usize {
        let epochs = self.samples.epochs.iter().enumerate();
        epochs
            .max_by_key(|(_, epoch)| **epoch)
            .map_or(0, |(index, _)| index)
    }

    /// The position of an epoch; what is given is the same in all.
    pub fn at(&self, epoch: u32) -> Option<usize> {
        match self.is_given {
            true => Some(self.last()),
            false => self.samples.epochs.iter().position(|other| *other == epoch),
        }
    }
}

/// The strips of a sweep: what went in, what should come out, what each arm made of it.
///
/// # Errors
/// Only such as the code rules out: PNGs are written to memory.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Result<Vec<Strip>> {
    rows(evidence, comparisons).into_iter().map(strip).collect()
}

/// The same, as it is in the record.
pub(super) fn rows<'a>(evidence: &'a Evidence, comparisons: &Comparisons) -> Vec<Row<'a>> {
    let pictured = evidence.pictured();
    let mut given: Vec<(&Samples, u64)> = Vec::new();
    let mut made = Vec::new();
    for (index, arm) in comparisons.arms.iter().enumerate() {
        let Some(row) = pictured.get(arm.axes) else {
            continue;
        };
        let samples = evidence
            .detail(&row.id)
            .map_or(&[][..], |detail| &detail.samples);
        for samples in samples.iter().filter(|samples| is_whole(samples)) {
            if !is_given(samples) {
                made.push((index, arm, samples, row.seed));
            } else if !given.iter().any(|(shown, _)| *shown == samples) {
                given.push((samples, row.seed));
            }
        }
    }
    given.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let one_seed = given.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let mut rows = Vec::new();
    let mut add = |title, arm, samples, seed| {
        rows.push(Row {
            title,
            arm,
            samples,
            is_given: is_given(samples),
            seed,
        });
    };
    for (samples, seed) in given {
        let title = match one_seed {
            true => samples.name.clone(),
            false => format!("{} (seed {seed})", samples.name),
        };
        add(title, None, samples, seed);
    }
    for (index, arm, samples, seed) in made {
        let title = match samples.name.as_str() {
            "output" => arm.label.clone(),
            other => format!("{}: {}", arm.label, label::visible(other)),
        };
        add(title, Some(index), samples, seed);
    }
    let axes = uses::columns(evidence.record);
    for (row, detail) in evidence.uses() {
        let values = axes.iter().zip(&row.axes);
        let known = values.filter(|(_, value)| value.as_str() != "null");
        let title: Vec<_> = known
            .map(|(axis, value)| format!("{axis} {}", uses::shown(value)))
            .collect();
        let made = detail
            .samples
            .iter()
            .filter(|samples| is_whole(samples) && !is_given(samples));
        for samples in made {
            let title = match samples.name.as_str() {
                "output" => title.join(" · "),
                other => format!("{}: {}", title.join(" · "), label::visible(other)),
            };
            add(title, None, samples, row.seed);
        }
    }
    rows
}

/// Whether every arm gets the same.
fn is_given(samples: &Samples) -> bool {
    matches!(samples.name.as_str(), "input" | "target" | "real")
}

/// Whether the pixels are as many as the shape says; a foreign file may say anything.
fn is_whole(samples: &Samples) -> bool {
    let pixels = samples
        .shape
        .iter()
        .try_fold(samples.epochs.len(), |n, side| n.checked_mul(*side));
    pixels.is_some_and(|n| n > 0 && n == samples.pixels.len())
}

fn strip(row: Row) -> Result<Strip> {
    let [n, h, w] = row.samples.shape;
    let shown = row.shown();
    let size = [row.width(), h];
    let mut frames = Vec::new();
    for index in spread(row.samples.epochs.len()) {
        let pictures = &row.samples.pixels[index * n * h * w..][..shown * h * w];
        let png = png(size, &side_by_side(pictures, [shown, h, w]))?;
        frames.push(Frame {
            epoch: row.samples.epochs[index],
            url: format!("data:image/png;base64,{}", BASE64.encode(png)),
        });
    }
    frames.sort_by_key(|frame| frame.epoch);
    let Row {
        title, arm, seed, ..
    } = row;
    let what = if arm.is_some() { "output for" } else { "of" };
    Ok(Strip {
        alt: format!("{title}: {what} the same {shown} test images, seed {seed}"),
        title,
        arm,
        size,
        frames,
    })
}

/// Which of `n` epochs are kept.
pub(super) fn spread(n: usize) -> Vec<usize> {
    if n <= FRAMES {
        return (0..n).collect();
    }
    (0..FRAMES).map(|i| i * (n - 1) / (FRAMES - 1)).collect()
}

/// Grey and alpha, row-major: pictures of shape [n, h, w] in one row with transparent gaps.
fn side_by_side(pictures: &[u8], [n, h, w]: [usize; 3]) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(2 * h * (n * w + (n - 1) * GAP));
    for row in 0..h {
        for picture in 0..n {
            if picture > 0 {
                pixels.extend([0; 2 * GAP]);
            }
            let line = &pictures[(picture * h + row) * w..][..w];
            pixels.extend(line.iter().flat_map(|&grey| [grey, u8::MAX]));
        }
    }
    pixels
}

fn png([width, height]: [usize; 2], pixels: &[u8]) -> Result<Vec<u8>> {
    let too_large = |_| Error::Internal(format!("a strip of {width}×{height} pixels"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(
        &mut out,
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    encoder.set_color(png::ColorType::GrayscaleAlpha);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| Error::Internal(format!("PNG: {error}")))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side_with_a_transparent_gap() {
        let pixels = side_by_side(&[1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
        let opaque = |grey: u8| [grey, 255];
        let gap = [[0, 0]; GAP];
        let rows = [
            [opaque(1), opaque(2), opaque(5), opaque(6)],
            [opaque(3), opaque(4), opaque(7), opaque(8)],
        ];
        let expected: Vec<u8> = rows
            .iter()
            .flat_map(|row| [&row[..2], &gap[..], &row[2..]].concat())
            .flatten()
            .collect();
        assert_eq!(pixels, expected);
    }

    #[test]
    fn a_strip_decodes_to_its_pixels() {
        let bytes = png([2, 1], &[10, 255, 20, 255]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = [0; 4];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [10, 255, 20, 255]);
    }

    #[test]
    fn frames_are_spread_with_first_and_last() {
        assert_eq!(spread(3), [0, 1, 2]);
        let kept = spread(200);
        assert_eq!((kept.len(), kept[0], kept[FRAMES - 1]), (FRAMES, 0, 199));
    }

    #[test]
    fn shapes_that_lie_are_not_shown() {
        let samples = |shape, pixels| Samples {
            name: "output".into(),
            epochs: vec![1],
            shape,
            pixels,
        };
        assert!(is_whole(&samples([1, 2, 2], vec![0; 4])));
        assert!(!is_whole(&samples([1, 2, 2], vec![0; 5])));
        assert!(!is_whole(&samples([0, 2, 2], vec![])));
        assert!(!is_whole(&samples([usize::MAX, 2, 2], vec![0; 4])));
    }
}
