//! The residual network and its plain twin, for classes of images (science.md R6).
//!
//! 3×3 convolution to 64 channels, ReLU, 2×2 max-pool; `blocks` times 1×1 convolution to 16, 3×3 to 16, 1×1 to 64, each
//! with ReLU, and (`residual: add`) the block's input added after the last ReLU; then everything flattened into a dense
//! layer of 32 with ReLU, and one of 10 that gives the logits. The dense layer reads the map as it lies in memory:
//! rows, columns, channels (PyTorch's flatten gives channels, rows, columns).

use super::blueprint::{self, Bias, source};
use super::conv::Conv;
use crate::config::{CLASSES, ModelConfig, Residual};
use crate::error::Result;
use crate::nn::ops::{self, Activation, Scale};
use candle_core::Tensor;
use candle_nn::Module as _;

/// Channels between blocks.
pub(super) const WIDE: usize = 64;
/// Channels inside them.
pub(super) const NARROW: usize = 16;
/// Outputs of the first dense layer.
pub(super) const DENSE: usize = 32;

/// The network; `C` is a convolution, on paper or built.
pub struct Resnet<C> {
    stem: C,
    blocks: Vec<[C; 3]>,
    residual: Residual,
    dense: C,
    output: C,
}

/// Draws the network for grey images of this size, which is known to halve.
pub fn blueprint(config: &ModelConfig, image: [usize; 2]) -> Resnet<blueprint::Conv> {
    let size = image.map(|side| side / 2);
    let stem = blueprint::Conv {
        name: "stem".into(),
        sources: vec![source("image", 1)],
        outputs: WIDE,
        kernel: 3,
        size: image,
        bias: Bias::Learned,
    };
    let mut map = source("stem", WIDE);
    let block = |at| {
        let name = format!("block.{at}");
        let steps = [(1, NARROW), (3, NARROW), (1, WIDE)];
        let mut conv = 0;
        let convs = steps.map(|(kernel, outputs)| {
            let name = format!("{name}.conv.{conv}");
            conv += 1;
            blueprint::Conv {
                sources: vec![std::mem::replace(&mut map, source(&name, outputs))],
                name,
                outputs,
                kernel,
                size,
                bias: Bias::Learned,
            }
        });
        map = source(name, WIDE);
        convs
    };
    let blocks = (0..config.blocks).map(block).collect();
    // Not named after the last block: networks of any depth then share the first values of their dense layers.
    let flat = source("blocks", WIDE * size[0] * size[1]);
    Resnet {
        stem,
        blocks,
        residual: config.residual,
        dense: blueprint::dense("dense", flat, DENSE),
        output: blueprint::dense("output", source("dense", DENSE), CLASSES),
    }
}

impl<C> Resnet<C> {
    /// The same network with every convolution replaced.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn build<D>(self, f: &mut impl FnMut(C) -> Result<D>) -> Result<Resnet<D>> {
        let stem = f(self.stem)?;
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for [narrow, middle, wide] in self.blocks {
            blocks.push([f(narrow)?, f(middle)?, f(wide)?]);
        }
        Ok(Resnet {
            stem,
            blocks,
            residual: self.residual,
            dense: f(self.dense)?,
            output: f(self.output)?,
        })
    }

    /// Calls `f` with every convolution.
    pub fn each(&self, f: &mut impl FnMut(&C)) {
        f(&self.stem);
        self.blocks.iter().flatten().for_each(&mut *f);
        f(&self.dense);
        f(&self.output);
    }
}

impl Resnet<Conv> {
    /// Logits [n, 10] of images [n, h, w, 1].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let activated = |conv: &Conv, map: &Tensor| {
            let maps = [(map, Scale::Full)];
            conv.joined(&maps, Activation::Relu)
        };
        let mut map = self.stem.pooled(images)?;
        for block in &self.blocks {
            let [narrow, middle, wide] = block;
            let shortcut = match self.residual {
                // The other two are not fused: `blocks.rs`.
                Residual::None | Residual::PreActivation | Residual::Concat => None,
                Residual::Add => Some(0),
            };
            let links = [narrow.link(None), middle.link(None), wide.link(shortcut)];
            map = ops::chain(&map, &links)?;
        }
        let n = map.dim(0)?;
        let flat = map.reshape((n, 1, 1, ()))?;
        let hidden = activated(&self.dense, &flat)?;
        Ok(self.output.forward(&hidden)?.reshape((n, CLASSES))?)
    }
}
