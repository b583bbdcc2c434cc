//! The end of an epoch: evaluate, select, take pictures, add the row, save.

use super::super::evaluation::{Measures, not_finite};
use super::super::selection::Verdict;
use super::super::update::Wanted;
use super::super::{Event, Observer};
use super::result::TRAIN_LOSS;
use super::{Attempt, Stretch};
use crate::config::Select;
use crate::data::Split;
use crate::error::Result;
use crate::metric::Due;

impl Attempt<'_> {
    /// Evaluates where due and adds the epoch's row. The state changes only when all of it is done, so that a stop
    /// on the way leaves the state of the last step.
    pub(super) fn close_epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        if let Stretch::Diverged(message) = self.settle(Wanted::Weights)? {
            return Ok(Stretch::Diverged(message));
        }
        if self.state.ema.is_none() {
            return self.evaluate_epoch(observer);
        }
        // What is evaluated is not what is trained.
        self.show(&self.state.shown())?;
        let closed = self.evaluate_epoch(observer)?;
        self.show(&self.state.trained())?;
        Ok(closed)
    }

    fn evaluate_epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        let train = &self.job.config.train;
        let epoch = self.state.progress.epoch + 1;
        let planned_last = epoch == self.course.epochs;
        let mut selection = self.state.progress.selection;
        let mut verdict = Verdict::NotBetter;
        let mut measures = Measures::new();
        let mut last = planned_last;
        if planned_last || epoch.is_multiple_of(train.evaluate_every as u64) {
            let evaluation = self.evaluation();
            let mut evaluate = |split, due| evaluation.measure(split, due, observer);
            let Some(valid) = evaluate(Split::Valid, Due::Each)? else {
                return Ok(Stretch::Stop);
            };
            if let Some((_, loss)) = valid.first() {
                verdict = selection.judge(epoch, *loss);
                last |= selection.exhausted(train.patience);
            }
            measures.extend(valid);
            // Validation images may be seen twice: only after the first look is it known whether the epoch is the last.
            let wanted = match last {
                false => vec![(Split::Test, Due::Each)],
                true => vec![(Split::Valid, Due::Last), (Split::Test, Due::All)],
            };
            for (split, due) in wanted {
                let Some(found) = evaluate(split, due)? else {
                    return Ok(Stretch::Stop);
                };
                measures.extend(found);
            }
        }
        // Finite parameters may still give no number. Whatever can become final is measured here.
        if let Some(name) = not_finite(&measures) {
            let step = self.state.progress.step;
            return Ok(Stretch::diverged(name, step, epoch));
        }
        if last || epoch.is_multiple_of(train.samples_every as u64) {
            let pictures = self.task.pictures(self.network, epoch as u32)?;
            self.state.add_pictures(pictures);
        }
        if verdict == Verdict::Best && train.select == Select::BestValid {
            self.state.best = Some(self.state.shown());
        }
        self.state.progress.selection = selection;
        self.add_row(epoch, measures, observer);
        self.after_epoch(observer)
    }

    fn add_row(&mut self, epoch: u64, measures: Measures, observer: &mut dyn Observer) {
        self.count_seconds();
        let progress = &mut self.state.progress;
        let mut row = vec![
            ("epoch".to_owned(), epoch as f64),
            (
                TRAIN_LOSS.to_owned(),
                progress.loss_sum / progress.loss_elements as f64,
            ),
            ("lr".to_owned(), progress.lr),
            ("seconds".to_owned(), progress.epoch_seconds),
        ];
        row.extend(measures);
        progress.epoch = epoch;
        progress.loss_sum = 0.0;
        progress.loss_elements = 0;
        self.state.epochs.push(&row);
        observer.tell(Event::Epoch {
            epoch,
            epochs: self.course.epochs,
            row,
        });
    }

    /// Saves after an epoch that took long, and listens once more before the next one.
    fn after_epoch(&mut self, observer: &mut dyn Observer) -> Result<Stretch> {
        let every = self.job.checkpoint_every;
        let took = self.state.progress.epoch_seconds;
        self.state.progress.epoch_seconds = 0.0;
        if !self.finished() && observer.stop_requested() {
            return Ok(Stretch::Stop);
        }
        if took >= every.as_secs_f64() || self.keeper.unsaved() >= every {
            return self.save(observer);
        }
        Ok(Stretch::Done)
    }
}
