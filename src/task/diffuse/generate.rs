//! From noise to images, and pictures of the way.

use super::{Diffuse, MICRO, normals};
use crate::diffusion::{Hop, Seen, Trajectory};
use crate::error::Result;
use crate::outcome::Samples;
use crate::seed::Key;
use crate::task::Network;
use crate::task::noisy::to_byte;
use std::ops::Range;

/// Images on a sheet.
const SHEET: usize = 16;

/// Pictures of the way from noise to an image.
const CHAIN: usize = 10;

/// Images of these numbers, values in [0, 1].
pub(super) fn images(
    task: &Diffuse,
    network: &dyn Network,
    images: Range<usize>,
) -> Result<Vec<f32>> {
    let mut out = Vec::new();
    for first in images.clone().step_by(MICRO) {
        let some = first..images.end.min(first + MICRO);
        let numbers = walk(task, network, some, &mut |_, _| {})?;
        out.extend(task.canvas.take(&numbers)?);
    }
    Ok(out)
}

/// Walks from noise to images; `look` sees every x_t before the network does. An image's noise depends on its number and the
/// seed alone: arms of a seed begin at the same noise.
fn walk(
    task: &Diffuse,
    network: &dyn Network,
    images: Range<usize>,
    look: &mut dyn FnMut(Hop, &[f32]),
) -> Result<Vec<f32>> {
    let size = task.canvas.size();
    let trajectory = Trajectory::new(&task.process, task.config);
    let mut streams: Vec<_> = images
        .clone()
        .map(|image| {
            Key::new(task.seed, "generate")
                .number(image as u64)
                .stream()
        })
        .collect();
    let mut x: Vec<f32> = streams
        .iter_mut()
        .flat_map(|stream| normals(stream, size))
        .collect();
    for hop in trajectory.hops() {
        look(hop, &x);
        let answers = task.answers(network, x.clone(), &vec![hop.from; images.len()])?;
        let mut next = vec![0.0; x.len()];
        for (at, out) in next.chunks_mut(size).enumerate() {
            let z = match trajectory.is_random(hop) {
                true => normals(&mut streams[at], size),
                false => Vec::new(),
            };
            let range = at * size..(at + 1) * size;
            let seen = Seen {
                x: &x[range.clone()],
                answer: &answers.target[range],
                u: task.u(&answers.u, at),
            };
            trajectory.step(hop, seen, &z, out);
        }
        x = next;
    }
    Ok(x)
}

fn pictures(task: &Diffuse, name: &str, epoch: u32, images: &[f32]) -> Samples {
    let real = &task.splits.train;
    Samples {
        name: name.to_owned(),
        epochs: vec![epoch],
        shape: [images.len() / (real.h * real.w), real.h, real.w],
        pixels: images.iter().copied().map(to_byte).collect(),
    }
}

/// The first test images, to look at beside generated ones.
pub(super) fn real(task: &Diffuse) -> Samples {
    let test = &task.splits.test;
    let count = SHEET.min(test.n) * test.h * test.w;
    pictures(task, "real", 0, &test.pixels[..count])
}

/// The first generated images.
pub(super) fn sheet(task: &Diffuse, network: &dyn Network, epoch: u32) -> Result<Samples> {
    Ok(pictures(
        task,
        "samples",
        epoch,
        &images(task, network, 0..SHEET)?,
    ))
}

/// One image on its way from noise.
pub(super) fn chain(task: &Diffuse, network: &dyn Network) -> Result<Samples> {
    let mut seen: Vec<Vec<f32>> = Vec::new();
    let last = walk(task, network, 0..1, &mut |_, x| seen.push(x.to_vec()))?;
    seen.push(last);
    let mut shown = Vec::new();
    for at in 0..CHAIN {
        shown.extend(
            task.canvas
                .take(&seen[at * (seen.len() - 1) / (CHAIN - 1)])?,
        );
    }
    Ok(pictures(task, "chain", 0, &shown))
}
