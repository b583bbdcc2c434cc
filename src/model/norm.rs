//! Normalisation: of groups of channels of an image, or of channels over a batch.

use super::Context;
use crate::error::Result;
use crate::nn::Parameters;
use crate::nn::ops::{self, Normalised};
use crate::outcome::Weight;
use candle_core::{Tensor, Var};

/// What is normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// So many groups of channels, of one image.
    Groups(usize),
    /// Each channel, over all images of a batch; over running averages when the network only answers.
    Batch,
}

/// A normalisation on paper.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// What its parameters' names begin with.
    pub name: String,
    /// Channels of its maps.
    pub channels: usize,
    /// What is normalised together.
    pub over: Over,
}

impl Blueprint {
    /// One scale and one shift a channel.
    pub fn params(&self) -> u64 {
        2 * self.channels as u64
    }
}

/// Share of a batch's statistics in the running averages after it, as PyTorch has it.
const MOMENTUM: f64 = 0.1;

/// A normalisation with its parameters, and the running averages of its batches.
pub struct Norm {
    scale: Var,
    shift: Var,
    over: Over,
    running: Option<[Var; 2]>,
}

impl Norm {
    /// Adds `<name>.scale` (ones) and `<name>.shift` (zeros) to `parameters`; `<name>.mean` and `<name>.variance` to
    /// `buffers` where there are running averages.
    ///
    /// # Errors
    /// When two parameters have one name.
    pub fn new(
        plan: &Blueprint,
        parameters: &mut Parameters,
        buffers: &mut Parameters,
    ) -> Result<Self> {
        let all = |value: f32| Weight {
            shape: vec![plan.channels],
            values: vec![value; plan.channels],
        };
        let named = |what: &str| format!("{}.{what}", plan.name);
        Ok(Self {
            scale: parameters.add(named("scale"), all(1.0))?,
            shift: parameters.add(named("shift"), all(0.0))?,
            over: plan.over,
            running: match plan.over {
                Over::Groups(_) => None,
                Over::Batch => Some([
                    buffers.add(named("mean"), all(0.0))?,
                    buffers.add(named("variance"), all(1.0))?,
                ]),
            },
        })
    }

    /// The normalised map [n, h, w, c], scaled, shifted and activated.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, map: &Tensor, then: Normalised, context: Context) -> Result<Tensor> {
        let (scale, shift) = (self.scale.as_tensor(), self.shift.as_tensor());
        match (self.over, &self.running, context) {
            (Over::Groups(groups), ..) => Ok(ops::group_norm(map, scale, shift, groups, then)?),
            (Over::Batch, Some([mean, variance]), Context::Train(_)) => {
                // A network with running averages is trained on whole batches, one at a time.
                let (out, batch) = ops::batch_norm(map, scale, shift, then)?;
                batch.move_averages(mean, variance, MOMENTUM)?;
                Ok(out)
            }
            (Over::Batch, Some([mean, variance]), _) => {
                Ok(ops::normalise_by(map, mean, variance, scale, shift, then)?)
            }
            (Over::Batch, None, _) => unreachable!("made with running averages"),
        }
    }
}
