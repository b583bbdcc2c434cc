//! What a trial leaves: final metrics and the result.

use super::super::{Evaluated, Observer};
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
                self.show(best)?;
                for split in [Split::Valid, Split::Test] {
                    let Some(found) = self.evaluation().measure(split, Due::All, observer)? else {
                        return Ok(None);
                    };
                    metrics.extend(found);
                }
            }
            // Measured after the last epoch: columns with a dot are measures.
            _ => {
                self.show(&self.state.shown())?;
                let columns = self.state.epochs.columns();
                let measures = columns.filter(|(name, _)| name.contains('.'));
                metrics.extend(measures.filter_map(|(name, values)| {
                    let value = values.last()?;
                    Some((name.to_owned(), *value))
                }));
            }
        }
        match self.evaluation().generate(observer)? {
            None => return Ok(None),
            Some(images) => metrics.extend(self.task.judge(&images)?),
        }
        let loss = self.state.epochs.column(TRAIN_LOSS);
        metrics.extend(loss.and_then(|all| Some((TRAIN_LOSS.to_owned(), *all.last()?))));
        Ok(Some(metrics))
    }

    /// Measures and pictures of a network that is trained already.
    pub(in crate::train) fn evaluate(mut self, observer: &mut dyn Observer) -> Result<Evaluated> {
        let mut metrics = BTreeMap::from_iter(self.task.constants());
        // What is generated is judged as a whole; nothing else of such a task depends on how it is used.
        if self.task.generated() == 0 {
            let measured = self.evaluation().measure(Split::Test, Due::All, observer)?;
            let Some(found) = measured else {
                return Ok(Evaluated::Stopped);
            };
            metrics.extend(found);
        }
        let Some(images) = self.evaluation().generate(observer)? else {
            return Ok(Evaluated::Stopped);
        };
        metrics.extend(self.task.judge(&images)?);
        let epochs = self.course.epochs as u32;
        let pictures = self.task.pictures(self.network, epochs)?;
        self.state.add_pictures(pictures);
        let result = self.result(Outcome::Completed, String::new(), metrics)?;
        Ok(Evaluated::Finished(Box::new(TrialResult {
            weights: BTreeMap::new(),
            ..result
        })))
    }

    /// All that the trial leaves, with the network's parameters as they are now.
    pub(super) fn result(
        &mut self,
        outcome: Outcome,
        message: String,
        metrics: BTreeMap<String, f64>,
    ) -> Result<TrialResult> {
        self.count_seconds();
        let mut weights = self.network.parameters().clone();
        weights.0.extend(self.network.buffers().0.clone());
        let mut samples = self.task.still_pictures();
        samples.append(&mut self.state.samples);
        if outcome == Outcome::Completed {
            samples.extend(self.task.last_pictures(self.network)?);
        }
        Ok(TrialResult {
            outcome,
            message,
            epochs: std::mem::take(&mut self.state.epochs),
            samples,
            metrics,
            parameters_digest: weights.digest()?,
            weights: match self.job.config.train.weights {
                Weights::Keep => weights.copy_out()?,
                Weights::Drop => BTreeMap::new(),
            },
            params: self.cost.params,
            macs: self.cost.macs,
            wall_seconds: self.state.progress.seconds,
            dispatch: dispatch().to_owned(),
        })
    }
}
