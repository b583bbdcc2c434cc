//! Steps in the host's memory: each is done when it is told, and the state is always up to date.

use super::super::state::State;
use super::super::{clip, gradient, optimizer};
use super::{Bad, Batch, Update, Wanted};
use crate::config::TrainConfig;
use crate::error::Result;
use crate::outcome::Weight;
use crate::task::Network;
use std::collections::BTreeMap;

pub(in crate::train) struct Host {
    train: TrainConfig,
}

impl Host {
    pub(in crate::train) fn new(train: &TrainConfig) -> Self {
        let train = train.clone();
        Self { train }
    }
}

impl Update for Host {
    fn step(&mut self, batch: &Batch<'_>, state: &mut State) -> Result<Option<Bad>> {
        let (train, step, network) = (&self.train, batch.step, batch.network);
        let mut found = gradient::of_batch(network, batch.task, batch.examples, batch.threads)?;
        let bad = |what: String| Ok(Some(Bad { what, step }));
        if !found.loss.is_finite() {
            return bad("the training loss".into());
        }
        if let Some(largest) = train.clip {
            clip::clip(&mut found.gradients, largest);
        }
        let State {
            parameters,
            moments,
            ..
        } = state;
        optimizer::update(train, step, batch.lr, parameters, moments, &found.gradients);
        network.parameters().restore(parameters)?;
        if let Some(name) = not_finite(parameters) {
            return bad(format!("parameter {name}"));
        }
        state.buffers = network.buffers().copy_out()?;
        if let Some(decay) = train.ema {
            state.average(decay, step);
        }
        state.progress.loss_sum += found.loss;
        Ok(None)
    }

    fn settle(&mut self, _: &dyn Network, _: Wanted, _: &mut State) -> Result<Option<Bad>> {
        Ok(None)
    }
}

/// The first parameter with a NaN or an infinity.
fn not_finite(parameters: &BTreeMap<String, Weight>) -> Option<&str> {
    let mut all = parameters.iter();
    all.find(|(_, weight)| weight.values.iter().any(|value| !value.is_finite()))
        .map(|(name, _)| name.as_str())
}
