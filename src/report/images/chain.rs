//! Images on their way from noise, as one picture a step.

use super::{Drawn, Gallery, draw};
use crate::error::Result;
use crate::outcome::Samples;
use crate::report::compare::Comparisons;
use crate::report::evidence::Evidence;
use crate::report::picture_rows::trained;

/// What a chain is called among the samples of a trial.
const NAME: &str = "chain";

/// One picture of every arm that generates, at each step of its chain: a slider goes along the timesteps, so that arms can be
/// compared at the same one.
///
/// # Errors
/// As [`by_epoch`](super::by_epoch).
pub fn by_timestep(evidence: &Evidence, comparisons: &Comparisons) -> Result<Gallery> {
    let rows = trained(evidence, comparisons);
    let chains = rows.iter().filter(|row| row.samples.name == NAME);
    let chains: Vec<_> = chains
        .filter_map(|row| Some((row.arm?, row.seed, one_a_step(row.samples))))
        .collect();
    let rows: Vec<Drawn<usize>> = chains
        .iter()
        .map(|(arm, seed, samples)| Drawn {
            title: comparisons.arms[*arm].label.clone(),
            arm: Some(*arm),
            seed: *seed,
            frames: (0..samples.epochs.len())
                .map(|at| (at, samples, at))
                .collect(),
        })
        .collect();
    let steps = rows.iter().map(|row| row.frames.len()).max().unwrap_or(0);
    let strips = draw(&rows, |step| *step)?;
    Ok(Gallery {
        slider: "from noise to image:",
        steps: (1..=steps).map(|step| format!("{step} of {steps}")).collect(),
        strips,
        caption: "One image of every arm on its way from noise, at moments spread evenly over the timesteps; where the seed is the same, all start from the same noise.".into(),
    })
}

/// The pictures of the last epoch as those of one place at many steps.
fn one_a_step(samples: &Samples) -> Samples {
    let [n, h, w] = samples.shape;
    Samples {
        name: samples.name.clone(),
        epochs: (0..n).map(|step| step as u32).collect(),
        shape: [1, h, w],
        pixels: samples.pixels[samples.pixels.len() - n * h * w..].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_one_picture_at_many_steps() {
        let chain = Samples {
            name: NAME.into(),
            epochs: vec![0],
            shape: [3, 1, 2],
            pixels: vec![1, 2, 3, 4, 5, 6],
        };
        let steps = one_a_step(&chain);
        assert_eq!((steps.shape, &*steps.epochs), ([1, 1, 2], &[0, 1, 2][..]));
        assert_eq!(steps.pixels, chain.pixels);
    }
}
