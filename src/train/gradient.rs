//! The gradient of a batch, by micro-batches.

use super::ordered::in_order;
use crate::error::Result;
use crate::task::{Network, Task};
use std::collections::BTreeMap;

/// Images of one forward and backward pass. Small, so that maps stay in cache; fixed, because the order in which
/// gradients are summed decides their last bits: a change needs a new numerics version.
pub const MICRO_BATCH: usize = 16;

/// A gradient (or anything else of a parameter's size) by the parameter's name, flat.
pub(super) type Gradients = BTreeMap<String, Vec<f32>>;

/// What one batch says.
pub(super) struct BatchGradient {
    /// Sum of the loss over all elements.
    pub(super) loss: f64,
    /// Gradient of the mean loss.
    pub(super) gradients: Gradients,
}

/// Loss and gradient of a batch of training examples. The batch is cut in order into micro-batches, each of them is
/// one piece of work for a thread, and their gradients are summed in order.
///
/// # Errors
/// When a tensor operation fails.
pub(super) fn of_batch(
    network: &dyn Network,
    task: &dyn Task,
    batch: &[usize],
    threads: usize,
) -> Result<BatchGradient> {
    // Batch normalisation sees the whole batch: there are running averages only for it.
    let piece = match network.buffers().0.is_empty() {
        true => MICRO_BATCH,
        false => batch.len().max(1),
    };
    let pieces: Vec<&[usize]> = batch.chunks(piece).collect();
    let parts = in_order(threads, pieces.len(), |piece| {
        of_piece(network, task, pieces[piece])
    })?;
    let mut loss = 0.0;
    let mut sums: Vec<Vec<f32>> = Vec::new();
    for part in parts {
        loss += part.loss;
        if sums.is_empty() {
            sums = part.gradients;
        } else {
            for (sum, gradient) in sums.iter_mut().zip(part.gradients) {
                add(sum, &gradient);
            }
        }
    }
    let scale = scale(task, batch.len());
    for value in sums.iter_mut().flatten() {
        *value *= scale;
    }
    let names = network.parameters().0.keys().cloned();
    Ok(BatchGradient {
        loss,
        gradients: names.zip(sums).collect(),
    })
}

/// From the gradient of a sum over so many examples to that of the mean.
pub(super) fn scale(task: &dyn Task, examples: usize) -> f32 {
    (1.0 / (examples * task.elements()) as f64) as f32
}

/// A micro-batch: the sum of its loss and that sum's gradients, in the order of parameter names.
struct Piece {
    loss: f64,
    gradients: Vec<Vec<f32>>,
}

fn of_piece(network: &dyn Network, task: &dyn Task, examples: &[usize]) -> Result<Piece> {
    let loss = task.loss(network, examples)?;
    let store = loss.backward()?;
    let gradient = |parameter: &candle_core::Var| match store.get(parameter.as_tensor()) {
        Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
        // The network does not use it (yet): the loss does not change with it.
        None => Ok(vec![0.0; parameter.elem_count()]),
    };
    Ok(Piece {
        loss: f64::from(loss.to_scalar::<f32>()?),
        gradients: network
            .parameters()
            .0
            .values()
            .map(gradient)
            .collect::<Result<_>>()?,
    })
}

fn add(sum: &mut [f32], other: &[f32]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}
