//! The residual network of `resnet.rs` with normalisation, or with other shortcuts: composed of single operations.

use super::blueprint::{self, Bias, source};
use super::drawing::{ConvId, Drawing, Layers, NormId};
use super::norm::{self, Over};
use super::resnet::{DENSE, NARROW, WIDE};
use super::{Context, Io};
use crate::config::{CLASSES, ModelConfig, Norm, Residual};
use crate::error::Result;
use crate::nn::ops::{self, Normalised};
use candle_core::Tensor;
use candle_nn::Module as _;

/// Groups of `norm: group`.
const GROUPS: usize = 8;

/// The network.
pub struct Blocks {
    stem: ConvId,
    blocks: Vec<Block>,
    residual: Residual,
    dense: ConvId,
    output: ConvId,
}

struct Block {
    /// 1×1, 3×3, 1×1, each with what normalises it.
    convs: [(ConvId, Option<NormId>); 3],
    /// `concat`: back to as many channels as the block read.
    back: Option<ConvId>,
}

/// Draws the network. Its layers are named as those of `resnet.rs`, so that they begin with the same values.
pub fn draw(config: &ModelConfig, io: Io, drawing: &mut Drawing) -> Blocks {
    let size = io.size.map(|side| side / 2);
    let conv = |name: &str, from, outputs, kernel, size| blueprint::Conv {
        name: name.to_owned(),
        sources: from,
        outputs,
        kernel,
        size,
        bias: Bias::Learned,
    };
    let image = vec![source("image", io.channels)];
    let stem = drawing.conv(conv("stem", image, WIDE, 3, io.size));
    let mut map = source("stem", WIDE);
    let mut blocks = Vec::with_capacity(config.blocks);
    for at in 0..config.blocks {
        let name = format!("block.{at}");
        let input = map.clone();
        let mut step = 0;
        let convs = [(1, NARROW), (3, NARROW), (1, WIDE)].map(|(kernel, outputs)| {
            let name = format!("{name}.conv.{step}");
            step += 1;
            let from = std::mem::replace(&mut map, source(&name, outputs));
            let norm = over(config.norm).map(|over| {
                drawing.norm(norm::Blueprint {
                    name: format!("{name}.norm"),
                    channels: outputs,
                    over,
                })
            });
            (
                drawing.conv(conv(&name, vec![from], outputs, kernel, size)),
                norm,
            )
        });
        let back = (config.residual == Residual::Concat).then(|| {
            let both = vec![input, map.clone()];
            drawing.conv(conv(&format!("{name}.back"), both, WIDE, 1, size))
        });
        blocks.push(Block { convs, back });
        map = source(name, WIDE);
    }
    let flat = source("blocks", WIDE * size[0] * size[1]);
    Blocks {
        stem,
        blocks,
        residual: config.residual,
        dense: drawing.dense("dense", vec![flat], DENSE),
        output: drawing.dense("output", vec![source("dense", DENSE)], CLASSES),
    }
}

fn over(norm: Norm) -> Option<Over> {
    match norm {
        Norm::None => None,
        Norm::Group => Some(Over::Groups(GROUPS)),
        Norm::Batch => Some(Over::Batch),
    }
}

impl Blocks {
    /// Logits [n, classes] of images [n, h, w, c].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, layers: &Layers, images: &Tensor, context: Context) -> Result<Tensor> {
        let n = images.dim(0)?;
        let mut map = layers.conv(self.stem).pooled(images)?;
        for block in &self.blocks {
            map = self.block(layers, block, &map, context)?;
        }
        let hidden = layers.conv(self.dense).relu(&map.reshape((n, 1, 1, ()))?)?;
        Ok(layers
            .conv(self.output)
            .forward(&hidden)?
            .reshape((n, CLASSES))?)
    }

    fn block(
        &self,
        layers: &Layers,
        block: &Block,
        input: &Tensor,
        context: Context,
    ) -> Result<Tensor> {
        let mut map = input.clone();
        for (conv, norm) in block.convs {
            if self.residual == Residual::PreActivation {
                map = ops::relu(&map)?;
            }
            map = layers.conv(conv).forward(&map)?;
            map = match (norm, self.residual) {
                (Some(norm), Residual::PreActivation) => {
                    layers
                        .norm(norm)
                        .forward(&map, Normalised::Plain, context)?
                }
                (Some(norm), _) => layers.norm(norm).forward(&map, Normalised::Relu, context)?,
                (None, Residual::PreActivation) => map,
                (None, _) => ops::relu(&map)?,
            };
        }
        Ok(match (self.residual, block.back) {
            (Residual::Concat, Some(back)) => {
                layers.conv(back).forward(&ops::concat(input, &map)?)?
            }
            (Residual::Add | Residual::PreActivation, _) => (map + input)?,
            (Residual::None | Residual::Concat, _) => map,
        })
    }
}
