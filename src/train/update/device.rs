//! Steps on a GPU: parameters, moments and their moving average stay there, and the host waits only when it settles.
//!
//! Nothing changes any more from the first step on that went wrong, so that it is named exactly, however late the host
//! looks; only running averages of a network go on to be moved by the steps that were begun behind it.

use super::super::gradient;
use super::super::optimizer::Moments;
use super::super::state::{State, share_kept};
use super::flat::{name_at, spread};
use super::{Bad, Batch, Update, Wanted};
use crate::config::TrainConfig;
use crate::error::Result;
use crate::nn::ops::cuda::held::{Held, Numbers};
use crate::nn::ops::cuda::plan::optimizer::Step;
use crate::outcome::Weight;
use crate::task::Network;
use candle_core::Device;
use std::collections::BTreeMap;

pub(super) struct OnGpu {
    train: TrainConfig,
    held: Held,
    /// Whether steps were begun of which the state does not know.
    begun: bool,
}

impl OnGpu {
    /// Takes the numbers of a state to this GPU.
    pub(super) fn new(train: &TrainConfig, device: &Device, state: &State) -> Result<Self> {
        let joined = |weights: &BTreeMap<String, Weight>| {
            let values = weights.values().flat_map(|weight| &weight.values);
            values.copied().collect()
        };
        let moments = |of: fn(&Moments) -> &Vec<f32>| {
            let values = state.moments.values().flat_map(of);
            values.copied().collect()
        };
        let numbers = Numbers {
            parameters: joined(&state.parameters),
            first: moments(|moments| &moments.first),
            second: moments(|moments| &moments.second),
            average: state.ema.as_ref().map(joined),
            loss_sum: state.progress.loss_sum,
        };
        Ok(Self {
            train: train.clone(),
            held: Held::new(train, device, &numbers)?,
            begun: false,
        })
    }
}

impl Update for OnGpu {
    fn step(&mut self, batch: &Batch<'_>, _: &mut State) -> Result<Option<Bad>> {
        let loss = batch.task.loss(batch.network, batch.examples)?;
        let gradients = loss.backward()?;
        let step = Step {
            number: batch.step,
            lr: batch.lr,
            scale: gradient::scale(batch.task, batch.examples.len()),
            kept: match self.train.ema {
                Some(decay) => share_kept(decay, batch.step),
                None => 1.0, // there is no average
            },
            opens_epoch: batch.opens_epoch,
        };
        let variables = batch.network.parameters();
        self.begun = true;
        self.held.step(variables, &gradients, &loss, step)?;
        Ok(None)
    }

    fn settle(
        &mut self,
        network: &dyn Network,
        wanted: Wanted,
        state: &mut State,
    ) -> Result<Option<Bad>> {
        let (loss_sum, bad) = self.held.told()?;
        if let Some(bad) = bad {
            let what = match bad.place {
                Some(place) => format!("parameter {}", name_at(&state.parameters, place)),
                None => "the training loss".into(),
            };
            let step = bad.step;
            return Ok(Some(Bad { what, step }));
        }
        // Else the network may be showing other weights than those that are trained.
        if self.begun {
            state.progress.loss_sum = loss_sum;
            let (parameters, average) = self.held.weights()?;
            spread(&parameters, values(&mut state.parameters));
            if let (Some(average), Some(ema)) = (average, &mut state.ema) {
                spread(&average, values(ema));
            }
            state.buffers = network.buffers().copy_out()?;
            self.begun = false;
        }
        if wanted == Wanted::All {
            let [first, second] = self.held.moments()?;
            spread(&first, state.moments.values_mut().map(|of| &mut of.first));
            spread(&second, state.moments.values_mut().map(|of| &mut of.second));
        }
        Ok(None)
    }
}

fn values(weights: &mut BTreeMap<String, Weight>) -> impl Iterator<Item = &mut Vec<f32>> {
    weights.values_mut().map(|weight| &mut weight.values)
}
