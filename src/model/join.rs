//! How an encoder map is joined into the decoder: one variant a mode.

use super::blueprint::{self, Bias};
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
    /// [d, e·σ(1×1 convolution to one channel of ReLU(1×1 convolution of [d, e]))].
    AttentionGate([C; 2]),
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
        bias: Bias::Learned,
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
        SkipMode::AttentionGate => {
            let between = encoder.channels.div_ceil(2);
            let both = vec![decoder, encoder];
            let inner = one_by_one("attend", both.clone(), between);
            let outer = one_by_one(
                "attend_to",
                vec![blueprint::source(&inner.name, between)],
                1,
            );
            (Join::AttentionGate([inner, outer]), both)
        }
    }
}

impl<C> Join<C> {
    /// The same join with its convolutions, if any, replaced.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn build<D, E>(
        self,
        f: &mut impl FnMut(C) -> std::result::Result<D, E>,
    ) -> std::result::Result<Join<D>, E> {
        Ok(match self {
            Self::Concat => Join::Concat,
            Self::Zero => Join::Zero,
            Self::Add => Join::Add,
            Self::AddProjected(conv) => Join::AddProjected(f(conv)?),
            Self::Gate(conv) => Join::Gate(f(conv)?),
            Self::AttentionGate([inner, outer]) => Join::AttentionGate([f(inner)?, f(outer)?]),
        })
    }

    /// Calls `f` with its convolution, if any.
    pub fn each(&self, f: &mut impl FnMut(&C)) {
        match self {
            Self::Concat | Self::Zero | Self::Add => {}
            Self::AddProjected(conv) | Self::Gate(conv) => f(conv),
            Self::AttentionGate(convs) => convs.iter().for_each(f),
        }
    }
}

/// What the convolution after a join reads.
pub enum Joined {
    /// The decoder map, and this beside it.
    Beside(Tensor),
    /// This alone.
    Alone(Tensor),
}

impl<C> Join<C> {
    /// Joins the encoder map to the decoder map of the same size, which `decoder` gives where it is needed.
    ///
    /// # Errors
    /// When the maps differ in height or width.
    pub fn join<'a>(
        &'a self,
        conv: impl Fn(&'a C) -> &'a Conv,
        decoder: impl Fn() -> Result<Tensor>,
        encoder: &Tensor,
    ) -> Result<Joined> {
        Ok(match self {
            Self::Concat => Joined::Beside(encoder.clone()),
            // Zeros of their own, not encoder·0: no gradient, and NaN in the encoder stays out.
            Self::Zero => Joined::Beside(encoder.detach().zeros_like()?),
            Self::Add => Joined::Alone((decoder()? + encoder)?),
            Self::AddProjected(project) => {
                Joined::Alone((decoder()? + conv(project).forward(encoder)?)?)
            }
            Self::Gate(gate) => {
                let both = ops::concat(&decoder()?, encoder)?;
                Joined::Beside((encoder * ops::sigmoid(&conv(gate).forward(&both)?)?)?)
            }
            Self::AttentionGate([inner, outer]) => {
                let both = ops::concat(&decoder()?, encoder)?;
                let score = conv(outer).forward(&conv(inner).relu(&both)?)?;
                Joined::Beside(encoder.broadcast_mul(&ops::sigmoid(&score)?)?)
            }
        })
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
            Scale::Upsampled => Ok(ops::upsample2(decoder)?),
        };
        Ok(match self.join(|conv| conv, upsampled, encoder)? {
            Joined::Beside(encoder) => {
                conv.joined(&[(decoder, scale), (&encoder, Scale::Full)], activation)?
            }
            Joined::Alone(map) => conv.joined(&[(&map, Scale::Full)], activation)?,
        })
    }
}
