//! One optimiser step, and where what it changes is kept: in the host's memory, or on a GPU.

#[cfg(feature = "cuda")]
mod device;
#[cfg(any(feature = "cuda", test))]
mod flat;
mod host;

pub(super) use host::Host;

use super::state::State;
use crate::config::TrainConfig;
use crate::error::Result;
use crate::task::{Network, Task};

/// A batch, and the step that is made on it.
pub(super) struct Batch<'a> {
    pub(super) network: &'a dyn Network,
    pub(super) task: &'a dyn Task,
    /// Training examples.
    pub(super) examples: &'a [usize],
    /// Threads of the trial.
    pub(super) threads: usize,
    /// Number of the step, from 1.
    pub(super) step: u64,
    /// Its learning rate.
    pub(super) lr: f64,
    /// Whether it is the first of its epoch.
    #[cfg_attr(not(feature = "cuda"), expect(dead_code, reason = "told to the GPU"))]
    pub(super) opens_epoch: bool,
}

/// Something that is NaN or infinite.
pub(super) struct Bad {
    /// "the training loss", …
    pub(super) what: String,
    /// The first step, from 1, after which it was seen.
    pub(super) step: u64,
}

/// What the state has to be brought up to date with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What is evaluated: parameters, their moving average, running averages.
    Weights,
    /// What is saved: the moments as well.
    All,
}

/// Makes steps. Of the state it changes parameters, moments, averages and the sum of losses: at once, or, where steps are
/// only begun, when it is asked to settle.
pub(super) trait Update {
    /// Makes or begins a step. A bad number is told here or by [`settle`](Self::settle).
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn step(&mut self, batch: &Batch<'_>, state: &mut State) -> Result<Option<Bad>>;

    /// Waits for all steps that were begun and brings the state up to date; unless one went wrong, which is told.
    ///
    /// # Errors
    /// When a tensor operation fails.
    fn settle(
        &mut self,
        network: &dyn Network,
        wanted: Wanted,
        state: &mut State,
    ) -> Result<Option<Bad>>;
}

/// Where this process trains, going on from this state.
///
/// # Errors
/// When the GPU has no room.
#[cfg_attr(
    not(feature = "cuda"),
    expect(unused_variables, reason = "goes to a GPU")
)]
pub(super) fn choose(train: &TrainConfig, state: &State) -> Result<Box<dyn Update>> {
    #[cfg(feature = "cuda")]
    if crate::nn::on_gpu() {
        let gpu = crate::nn::device();
        return Ok(Box::new(device::OnGpu::new(train, gpu, state)?));
    }
    Ok(Box::new(Host::new(train)))
}
