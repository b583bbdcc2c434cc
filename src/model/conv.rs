//! A convolution with its parameters.

use super::blueprint::{self, Bias};
use crate::config::Init;
use crate::error::Result;
use crate::nn::ops::{Activation, Link, Scale};
use crate::nn::{self, Parameters, init, ops};
use candle_core::{DType, Tensor, Var};
use candle_nn::Module;

/// A convolution that keeps height and width.
pub struct Conv {
    weight: Var,
    /// Learned, or zeros.
    bias: Tensor,
}

impl Conv {
    /// Draws the initial values and adds them to `parameters` as `<name>.weight` and, if there is one, `<name>.bias`.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn new(
        plan: &blueprint::Conv,
        init: Init,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<Self> {
        let layer = plan.layer();
        Ok(Self {
            weight: parameters.add(
                format!("{}.weight", plan.name),
                init::weight(init, seed, layer),
            )?,
            bias: match plan.bias {
                Bias::Learned => {
                    let values = init::bias(init, seed, layer);
                    let bias = parameters.add(format!("{}.bias", plan.name), values)?;
                    bias.as_tensor().clone()
                }
                Bias::None => Tensor::zeros(plan.outputs, DType::F32, nn::device())?,
            },
        })
    }
}

impl Conv {
    /// Maps side by side, of full or half the size, to [n, h, w, out].
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn joined(
        &self,
        maps: &[(&Tensor, Scale)],
        activation: Activation,
    ) -> candle_core::Result<Tensor> {
        ops::conv2d(maps, &self.weight, &self.bias, activation)
    }

    /// A map [n, h, w, in] to [n, h/2, w/2, out], by ReLU and max-pool.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn pooled(&self, map: &Tensor) -> candle_core::Result<Tensor> {
        ops::conv2d_relu_max_pool2(map, &self.weight, &self.bias)
    }

    /// A map [n, h, w, in] to [n, h, w, out], then ReLU.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn relu(&self, map: &Tensor) -> candle_core::Result<Tensor> {
        self.joined(&[(map, Scale::Full)], Activation::Relu)
    }

    /// A map [n, h, w, in] to [n, h/2, w/2, out]: 3×3 with stride 2.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn strided(&self, map: &Tensor) -> candle_core::Result<Tensor> {
        let patches = ops::patches_stride2(map)?;
        let (_, _, _, inputs) = patches.dims4()?;
        let weight = self.weight.reshape((1, 1, inputs, ()))?;
        let maps = [(&patches, Scale::Full)];
        ops::conv2d(&maps, &weight, &self.bias, Activation::None)
    }

    /// The convolution as part of a chain, followed by ReLU.
    pub fn link(&self, shortcut: Option<usize>) -> Link<'_> {
        Link {
            weight: &self.weight,
            bias: &self.bias,
            shortcut,
        }
    }
}

impl Module for Conv {
    /// [n, h, w, in] to [n, h, w, out].
    fn forward(&self, map: &Tensor) -> candle_core::Result<Tensor> {
        self.joined(&[(map, Scale::Full)], Activation::None)
    }
}
