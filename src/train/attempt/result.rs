//! What a trial leaves: final metrics and the result.

use super::super::Observer;
use super::Attempt;
use crate::config::Weights;
use crate::data::Split;
use crate::error::Result;
use crate::metric::Due;
use crate::nn::ops::dispatch;
use crate::outcome::{Outcome, TrialResult};
use std::collections::BTreeMap;

/// The mean training loss of an epoch: a column of the epochs, and of the last one a metric.
pub(super) const TRAIN_LOSS: &str = "train_loss";

impl Attempt<'_> {
    /// Metrics of the parameters that `select` chooses, and the training loss of the last epoch; `None` when asked to
    /// stop on the way. Those parameters are the network's afterwards.
    pub(super) fn final_metrics(
        &self,
        observer: &mut dyn Observer,
    ) -> Result<Option<BTreeMap<String, f64>>> {
        let mut metrics = BTreeMap::from_iter(self.task.constants());
        let best_is_last = self
            .state
            .progress
            .selection
            .best
            .is_some_and(|best| best.epoch == self.state.progress.epoch);
        match &self.state.best {
            Some(best) if !best_is_last => {
                self.network.parameters().restore(best)?;
                for split in [Split::Valid, Split::Test] {
                    let Some(found) = self.evaluation().measure(split, Due::All, observer)? else {
                        return Ok(None);
                    };
                    metrics.extend(found);
                }
            }
            // Measured after the last epoch: columns with a dot are measures.
            _ => {
                let columns = self.state.epochs.columns();
                let measures = columns.filter(|(name, _)| name.contains('.'));
                metrics.extend(measures.filter_map(|(name, values)| {
                    let value = values.last()?;
                    Some((name.to_owned(), *value))
                }));
            }
        }
        let loss = self.state.epochs.column(TRAIN_LOSS);
        metrics.extend(loss.and_then(|all| Some((TRAIN_LOSS.to_owned(), *all.last()?))));
        Ok(Some(metrics))
    }

    /// All that the trial leaves, with the network's parameters as they are now.
    pub(super) fn result(
        &mut self,
        outcome: Outcome,
        message: String,
        metrics: BTreeMap<String, f64>,
    ) -> Result<TrialResult> {
        self.count_seconds();
        let parameters = self.network.parameters();
        let mut samples = self.task.still_pictures();
        samples.append(&mut self.state.samples);
        Ok(TrialResult {
            outcome,
            message,
            epochs: std::mem::take(&mut self.state.epochs),
            samples,
            metrics,
            parameters_digest: parameters.digest()?,
            weights: match self.job.config.train.weights {
                Weights::Keep => parameters.copy_out()?,
                Weights::Drop => BTreeMap::new(),
            },
            params: self.cost.params,
            macs: self.cost.macs,
            wall_seconds: self.state.progress.seconds,
            dispatch: dispatch().to_owned(),
        })
    }
}
