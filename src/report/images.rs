//! Pictures as strips: the same images side by side, one PNG a step, embedded as data. Steps are epochs of training or
//! ways to use the trained network.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::picture_rows::{Row, trained, used};
use super::shown::spread;
use super::strip::{self, PICTURES};
use super::uses;
use crate::error::Result;
use crate::outcome::Samples;
use crate::record::SweepRecord;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use std::collections::BTreeSet;

mod chain;

pub use chain::by_timestep;

/// At most so many steps of a strip, spread evenly, first and last among them.
const FRAMES: usize = 12;

/// Height of a picture on the screen, in pixels.
const TALL: usize = 120;

/// About so many pixels in all pictures of a page: some 4 MB.
const PIXELS: usize = 6_000_000;

/// Strips under one slider.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gallery {
    /// What the slider is called: `after epoch`.
    pub slider: &'static str,
    /// Its steps, as they are told: `20`, `passes 4`.
    pub steps: Vec<String>,
    /// The strips.
    pub strips: Vec<Strip>,
    /// What the reader may compare, and what is left out.
    pub caption: String,
}

/// A row of pictures, at one or several steps.
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
    /// Screen pixels for one of them: pictures are some [`TALL`] high, whatever their own size.
    pub zoom: usize,
    /// By step, ascending.
    pub frames: Vec<Frame>,
}

/// The pictures of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// Position among the gallery's steps.
    pub step: usize,
    /// `data:image/png;base64,…`
    pub url: String,
}

/// A strip before it is drawn: its pictures by key of the step, and their positions among the samples' epochs.
struct Drawn<'a, K> {
    title: String,
    arm: Option<usize>,
    seed: u64,
    frames: Vec<(K, &'a Samples, usize)>,
}

/// What was trained, by epoch: what went in, what should come out, what each arm made of it.
///
/// # Errors
/// Only such as the code rules out: PNGs are written to memory.
pub fn by_epoch(evidence: &Evidence, comparisons: &Comparisons) -> Result<Gallery> {
    let rows: Vec<Drawn<u32>> = trained(evidence, comparisons)
        .into_iter()
        .map(by_epochs)
        .collect();
    let arms = rows.iter().filter(|row| row.arm.is_some());
    let epochs = arms.flat_map(|row| row.frames.iter().map(|(epoch, ..)| *epoch));
    let epochs: Vec<u32> = epochs.collect::<BTreeSet<u32>>().into_iter().collect();
    // What was given is the same at every epoch.
    let step = |epoch: &u32| epochs.iter().position(|it| it >= epoch).unwrap_or(0);
    let strips = draw(&rows, step)?;
    Ok(Gallery {
        slider: "after epoch",
        caption: caption(evidence, epochs.len(), &strips),
        steps: epochs.iter().map(ToString::to_string).collect(),
        strips,
    })
}

fn by_epochs(row: Row) -> Drawn<u32> {
    let epochs = row.samples.epochs.iter().enumerate();
    let mut frames: Vec<_> = epochs
        .map(|(at, epoch)| (*epoch, row.samples, at))
        .collect();
    frames.sort_by_key(|(epoch, ..)| *epoch);
    Drawn {
        title: row.title,
        arm: row.arm,
        seed: row.seed,
        frames,
    }
}

/// What becomes of the trained networks of every arm in other uses.
///
/// # Errors
/// As [`by_epoch`].
pub fn by_use(evidence: &Evidence, comparisons: &Comparisons) -> Result<Gallery> {
    let uses = used(evidence, comparisons);
    let mut steps: Vec<&[String]> = uses.iter().map(|row| row.used).collect();
    steps.sort_by_cached_key(|used| by_name_then_number(used));
    steps.dedup();
    let mut rows: Vec<Drawn<usize>> = Vec::new();
    for row in &uses {
        let step = steps.iter().position(|step| *step == row.used).unwrap_or(0);
        let frame = (step, row.samples, row.last());
        match rows
            .iter_mut()
            .find(|it| it.arm == row.arm && it.title == row.title)
        {
            Some(it) => it.frames.push(frame),
            None => rows.push(Drawn {
                title: row.title.clone(),
                arm: row.arm,
                seed: row.seed,
                frames: vec![frame],
            }),
        }
    }
    for row in &mut rows {
        row.frames.sort_by_key(|(step, ..)| *step);
    }
    let strips = draw(&rows, |step| *step)?;
    Ok(Gallery {
        slider: "used with",
        caption: caption(evidence, steps.len(), &strips),
        steps: steps
            .iter()
            .map(|used| told(evidence.record, used))
            .collect(),
        strips,
    })
}

/// The values of the axes of `evaluate:` in words: `passes 4 · rule plain`.
pub(super) fn told(record: &SweepRecord, used: &[String]) -> String {
    let axes = uses::columns(record);
    let parts = axes[record.axes.len()..]
        .iter()
        .zip(used)
        .filter(|(_, value)| value.as_str() != "null");
    let parts: Vec<String> = parts
        .map(|(axis, value)| format!("{axis} {}", uses::shown(value)))
        .collect();
    parts.join(" · ")
}

/// The slider goes through the passes of one rule, then of the next: what is named comes before what is counted.
fn by_name_then_number(values: &[String]) -> (Vec<&str>, Vec<i64>) {
    let number = |value: &String| {
        value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let name = |value: &'_ String| number(value).is_none() && value != "null";
    let names = values
        .iter()
        .map(|value| if name(value) { value.as_str() } else { "" });
    // Bits that sort as the numbers do, as in `f64::total_cmp`.
    let bits = |number: f64| {
        number.to_bits() as i64 ^ ((number.to_bits() as i64 >> 63) as u64 >> 1) as i64
    };
    (
        names.collect(),
        values
            .iter()
            .filter_map(|value| number(value).map(bits))
            .collect(),
    )
}

fn caption(evidence: &Evidence, steps: usize, strips: &[Strip]) -> String {
    let shown = evidence.detailed().flat_map(|(_, detail)| &detail.samples);
    let names: Vec<&str> = shown.map(|samples| samples.name.as_str()).collect();
    let mut caption = if names.contains(&"samples") {
        "Generated: where the seed is the same, every row starts from the same latents. A chain shows one image from noise to the end."
    } else if names.contains(&"probabilities") {
        "Under each image a bar for each class, 0 on the left, as high as the network thinks it probable."
    } else if names.contains(&"input") {
        "The same test images in every row, with the same noise where the seed is the same."
    } else {
        "Every row shows what one arm makes of the same inputs."
    }
    .to_owned();
    let most = strips
        .iter()
        .map(|strip| strip.frames.len())
        .max()
        .unwrap_or(0);
    if most < steps {
        caption += &format!(
            " Of {steps} steps each row shows {most} at most: the last one that is not later."
        );
    }
    caption
}

/// Draws all rows within the page's budget of pixels: fewer steps first, then fewer pictures.
fn draw<K>(rows: &[Drawn<K>], step: impl Fn(&K) -> usize) -> Result<Vec<Strip>> {
    let pixels: usize = rows
        .iter()
        .filter_map(|row| row.frames.first())
        .map(|(_, samples, _)| samples.shape[0].min(PICTURES) * samples.shape[1] * samples.shape[2])
        .sum();
    let frames = (PIXELS / pixels.max(1)).clamp(2, FRAMES);
    let pictures = (PICTURES * PIXELS / (2 * pixels).max(1)).clamp(1, PICTURES);
    rows.iter()
        .map(|row| strip(row, &step, frames, pictures))
        .collect()
}

fn strip<K>(
    row: &Drawn<K>,
    step: &impl Fn(&K) -> usize,
    frames: usize,
    pictures: usize,
) -> Result<Strip> {
    let (mut size, mut shown, mut drawn) = ([0, 0], 0, Vec::new());
    for at in spread(row.frames.len(), frames) {
        let (key, samples, index) = &row.frames[at];
        shown = samples.shape[0].min(pictures);
        size = strip::size(samples, shown);
        let png = BASE64.encode(strip::png(samples, *index, shown)?);
        drawn.push(Frame {
            step: step(key),
            url: format!("data:image/png;base64,{png}"),
        });
    }
    let what = if row.arm.is_some() {
        "made by this arm"
    } else {
        "given to every arm"
    };
    Ok(Strip {
        alt: format!("{}: {shown} pictures {what}, seed {}", row.title, row.seed),
        title: row.title.clone(),
        arm: row.arm,
        zoom: (TALL / size[1].max(1)).clamp(1, 8),
        size,
        frames: drawn,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_in_the_order_of_names_then_of_numbers() {
        let uses = [
            ["8", "\"plain\""],
            ["2", "\"renoise\""],
            ["1", "null"],
            ["-0.5", "\"plain\""],
            ["10", "\"plain\""],
        ];
        let mut uses = uses.map(|values| values.map(String::from));
        uses.sort_by_cached_key(|values| {
            let (names, numbers) = by_name_then_number(values);
            (names.join(" "), numbers)
        });
        assert_eq!(
            uses.map(|[passes, _]| passes),
            ["1", "-0.5", "8", "10", "2"]
        );
    }

    /// Forty arms of sixteen pictures at a hundred epochs: 40 × 16 × 784 pixels fit twelve times into the budget of twelve.
    #[test]
    fn many_large_strips_have_fewer_steps_and_pictures() {
        let samples = |n: usize, side: usize| Samples {
            name: "output".into(),
            epochs: (1..=20).collect(),
            shape: [n, side, side],
            pixels: vec![0; 20 * n * side * side],
        };
        let drawn = |arms: usize, samples: &Samples| {
            let row = |arm| Row {
                title: String::new(),
                arm: Some(arm),
                samples,
                seed: 0,
                used: &[],
            };
            let rows: Vec<_> = (0..arms).map(row).map(by_epochs).collect();
            let strips = draw(&rows, |epoch| *epoch as usize).unwrap();
            (strips[0].frames.len(), strips[0].size[0] / samples.shape[2])
        };
        assert_eq!(drawn(2, &samples(16, 28)), (12, 17));
        assert_eq!(drawn(40, &samples(16, 28)).0, 6_000_000 / (40 * 16 * 784));
        assert_eq!(drawn(4, &samples(16, 256)).0, 2);
        assert!(drawn(4, &samples(16, 256)).1 < 16);
    }
}
