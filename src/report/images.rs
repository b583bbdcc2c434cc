//! Pictures as strips: the same test images side by side, one PNG an epoch, embedded as data.

use super::compare::Comparisons;
use super::evidence::Evidence;
use super::{label, strip, uses};
use crate::error::Result;
use crate::outcome::Samples;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

/// At most so many epochs of an arm, spread evenly, first and last among them.
const FRAMES: usize = 12;

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

/// The strips of a sweep: what went in, what should come out, what each arm made of it.
///
/// # Errors
/// Only such as the code rules out: PNGs are written to memory.
pub fn of(evidence: &Evidence, comparisons: &Comparisons) -> Result<Vec<Strip>> {
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
        for samples in samples.iter().filter(|samples| strip::is_whole(samples)) {
            if !is_given(samples) {
                made.push((index, arm, samples, row.seed));
            } else if !given.iter().any(|(shown, _)| *shown == samples) {
                given.push((samples, row.seed));
            }
        }
    }
    given.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let one_seed = given.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let mut strips = Vec::new();
    for (samples, seed) in given {
        let title = match one_seed {
            true => samples.name.clone(),
            false => format!("{} (seed {seed})", samples.name),
        };
        strips.push(of_samples(title, None, samples, seed)?);
    }
    for (index, arm, samples, seed) in made {
        let title = match samples.name.as_str() {
            "output" => arm.label.clone(),
            other => format!("{}: {}", arm.label, label::visible(other)),
        };
        strips.push(of_samples(title, Some(index), samples, seed)?);
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
            .filter(|samples| strip::is_whole(samples) && !is_given(samples));
        for samples in made {
            let title = match samples.name.as_str() {
                "output" => title.join(" · "),
                other => format!("{}: {}", title.join(" · "), label::visible(other)),
            };
            strips.push(of_samples(title, None, samples, row.seed)?);
        }
    }
    Ok(strips)
}

/// Whether every arm gets the same.
fn is_given(samples: &Samples) -> bool {
    matches!(samples.name.as_str(), "input" | "target" | "real")
}

fn of_samples(title: String, arm: Option<usize>, samples: &Samples, seed: u64) -> Result<Strip> {
    let shown = strip::shown(samples);
    let mut frames = Vec::new();
    for index in spread(samples.epochs.len()) {
        let png = strip::png(samples, index)?;
        frames.push(Frame {
            epoch: samples.epochs[index],
            url: format!("data:image/png;base64,{}", BASE64.encode(png)),
        });
    }
    frames.sort_by_key(|frame| frame.epoch);
    let what = if arm.is_some() { "output for" } else { "of" };
    Ok(Strip {
        alt: format!("{title}: {what} the same {shown} test images, seed {seed}"),
        title,
        arm,
        size: strip::size(samples),
        frames,
    })
}

/// Which of `n` epochs are kept.
fn spread(n: usize) -> Vec<usize> {
    if n <= FRAMES {
        return (0..n).collect();
    }
    (0..FRAMES).map(|i| i * (n - 1) / (FRAMES - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spread_with_first_and_last() {
        assert_eq!(spread(3), [0, 1, 2]);
        let kept = spread(200);
        assert_eq!((kept.len(), kept[0], kept[FRAMES - 1]), (FRAMES, 0, 199));
    }
}
