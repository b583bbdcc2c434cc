//! How an encoder map is joined into the decoder: one variant a mode.

use super::blueprint;
use super::conv::Conv;
use crate::config::SkipMode;
use crate::error::Result;
use crate::nn::init::Source;
use crate::nn::ops::{self, Activation, Scale};
use candle_core::Tensor;
use candle_nn::Module as _;

/// A join of the decoder map d with an encoder map e; `C` is a convolution, on paper or built.
pub enum Join<C> {
    /// [d, e].
    Concat,
    /// [d, 0]: as many parameters as `Concat`, and nothing learned from e.
    Zero,
    /// d + e, where channels are equal.
    Add,
    /// d + 1×1 convolution of e.
    AddProjected(C),
    /// [d, e·σ(1×1 convolution of [d, e])].
    Gate(C),
}

/// Draws a join and tells what the convolution after it reads. `name` is that of the level it belongs to.
pub fn blueprint(
    mode: SkipMode,
    name: &str,
    size: [usize; 2],
    decoder: Source,
    encoder: Source,
) -> (Join<blueprint::Conv>, Vec<Source>) {
    let one_by_one = |what: &str, sources: Vec<Source>, outputs| blueprint::Conv {
        name: format!("{name}.join.{what}"),
        sources,
        outputs,
        kernel: 1,
        size,
    };
    match mode {
        SkipMode::Concat => (Join::Concat, vec![decoder, encoder]),
        SkipMode::Zero => (Join::Zero, vec![decoder, encoder]),
        SkipMode::Add if decoder.channels == encoder.channels => (Join::Add, vec![decoder]),
        SkipMode::Add => {
            let project = one_by_one("project", vec![encoder], decoder.channels);
            (Join::AddProjected(project), vec![decoder])
        }
        SkipMode::Gate => {
            let channels = encoder.channels;
            let both = vec![decoder, encoder];
            (Join::Gate(one_by_one("gate", both.clone(), channels)), both)
        }
    }
}

impl<C> Join<C> {
    /// The same join with its convolution, if any, replaced.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn build<D>(self, f: &mut impl FnMut(C) -> Result<D>) -> Result<Join<D>> {
        Ok(match self {
            Self::Concat => Join::Concat,
            Self::Zero => Join::Zero,
            Self::Add => Join::Add,
            Self::AddProjected(conv) => Join::AddProjected(f(conv)?),
            Self::Gate(conv) => Join::Gate(f(conv)?),
        })
    }

    /// Calls `f` with its convolution, if any.
    pub fn each(&self, f: &mut impl FnMut(&C)) {
        match self {
            Self::Concat | Self::Zero | Self::Add => {}
            Self::AddProjected(conv) | Self::Gate(conv) => f(conv),
        }
    }
}

impl Join<Conv> {
    /// What `conv` makes of the decoder map, given at `scale`, and the encoder map.
    ///
    /// # Errors
    /// When the maps differ in height or width.
    pub fn forward(
        &self,
        conv: &Conv,
        (decoder, scale): (&Tensor, Scale),
        encoder: &Tensor,
        activation: Activation,
    ) -> Result<Tensor> {
        let upsampled = || match scale {
            Scale::Full => Ok(decoder.clone()),
            Scale::Upsampled => ops::upsample2(decoder),
        };
        let alone = |map: Tensor| conv.joined(&[(&map, Scale::Full)], activation);
        let beside =
            |encoder: &Tensor| conv.joined(&[(decoder, scale), (encoder, Scale::Full)], activation);
        Ok(match self {
            Self::Concat => beside(encoder)?,
            // Zeros of their own, not encoder·0: no gradient, and NaN in the encoder stays out.
            Self::Zero => beside(&encoder.detach().zeros_like()?)?,
            Self::Add => alone((upsampled()? + encoder)?)?,
            Self::AddProjected(project) => alone((upsampled()? + project.forward(encoder)?)?)?,
            Self::Gate(gate) => {
                let both = ops::concat(&upsampled()?, encoder)?;
                beside(&(encoder * ops::sigmoid(&gate.forward(&both)?)?)?)?
            }
        })
    }
}
