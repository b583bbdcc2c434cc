//! Measuring a whole split.

use super::gradient::MICRO_BATCH;
use super::ordered::in_order;
use super::{Event, Observer};
use crate::data::Split;
use crate::error::Result;
use crate::metric::{Due, Ratio, is_always_finite};
use crate::nn;
use crate::task::{Network, Task};

/// Micro-batches between two looks at whether to stop: a second or so of the largest networks.
const SLAB: usize = 64;

/// Images that the network sees at a time: as in training, or on a GPU more, which a few do not fill.
fn piece() -> usize {
    match nn::on_gpu() {
        true => 16 * MICRO_BATCH,
        false => MICRO_BATCH,
    }
}

/// Who is measured, and with how many threads.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) network: &'a dyn Network,
    pub(super) task: &'a dyn Task,
    pub(super) threads: usize,
}

/// Measures by name: `test.bce`, ….
pub(super) type Measures = Vec<(String, f64)>;

/// The first measure that is NaN or infinite though it has a number for every finite answer of the network.
pub(super) fn not_finite(measures: &Measures) -> Option<&str> {
    let broken = |(name, value): &&(String, f64)| {
        !value.is_finite() && name.rsplit('.').next().is_some_and(is_always_finite)
    };
    measures.iter().find(broken).map(|(name, _)| name.as_str())
}

impl Evaluation<'_> {
    /// Measures a split, or nothing of a split without images; tells the observer after every slab. `None` when the
    /// observer asked to stop on the way.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(super) fn measure(
        self,
        split: Split,
        due: Due,
        observer: &mut dyn Observer,
    ) -> Result<Option<Measures>> {
        let n = self.task.measured(split);
        let metrics = self.task.metrics(due);
        if n == 0 || metrics.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut pooled = vec![Ratio::default(); metrics.len()];
        let piece = piece();
        let size = match self.task.is_slow(due) {
            true => self.threads.max(1) * piece,
            false => SLAB * MICRO_BATCH,
        };
        for slab in (0..n).step_by(size) {
            if observer.stop_requested() {
                return Ok(None);
            }
            let end = n.min(slab + size);
            let pieces = (end - slab).div_ceil(piece);
            let parts = in_order(self.threads, pieces, |at| {
                let start = slab + at * piece;
                let images = start..end.min(start + piece);
                self.task.measure(self.network, split, images, due)
            })?;
            // Image after image, whatever the pieces were.
            for image in parts.concat().chunks(metrics.len()) {
                for (sum, ratio) in pooled.iter_mut().zip(image) {
                    *sum += *ratio;
                }
            }
            observer.tell(Event::Measured { split, images: end });
        }
        let named = |(metric, ratio): (&&str, Ratio)| {
            let name = format!("{}.{metric}", split.name());
            (name, ratio.value())
        };
        Ok(Some(metrics.iter().zip(pooled).map(named).collect()))
    }

    /// Generates the images that the task wants judged as a whole. `None` when the observer asked to stop on the way.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(super) fn generate(self, observer: &mut dyn Observer) -> Result<Option<Vec<f32>>> {
        let n = self.task.generated();
        let mut images = Vec::new();
        // Each piece asks the network many times: one for each thread is enough between two looks.
        let piece = piece();
        let slab = self.threads.max(1) * piece;
        for first in (0..n).step_by(slab) {
            if observer.stop_requested() {
                return Ok(None);
            }
            let end = n.min(first + slab);
            let parts = in_order(self.threads, (end - first).div_ceil(piece), |at| {
                let start = first + at * piece;
                let range = start..end.min(start + piece);
                self.task.generate(self.network, range)
            })?;
            images.extend(parts.concat());
            let split = Split::Test;
            observer.tell(Event::Measured { split, images: end });
        }
        Ok(Some(images))
    }
}
