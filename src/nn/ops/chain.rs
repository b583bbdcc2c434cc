//! Convolutions with ReLU one after the other, with shortcuts between them, as one operation: a block of a residual
//! network. candle would fill a gradient with zeros and add to it for every map in between; here they stay inside.

use super::conv2d::{Activation, Scale};
#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::conv::{self, Problem, Shape, Source};
use super::kernel::level::{self, Level};
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Tensor, bail};
use std::borrow::Cow;
use std::sync::OnceLock;

/// A convolution, ReLU, and then what is added.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// [k, k, in, out], k = 1 or 3.
    pub weight: &'a Tensor,
    /// [out].
    pub bias: &'a Tensor,
    /// The map that is added after the ReLU, with as many channels as the output: 0 is the chain's input, i what
    /// link number i (from 1) gave.
    pub shortcut: Option<usize>,
}

/// Sends the map `x` [n, h, w, in] through the links: [n, h, w, out of the last].
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn chain(x: &Tensor, links: &[Link]) -> Result<Tensor> {
    let mut channels = vec![x.dim(3)?];
    let mut sizes = Vec::new();
    let mut parameters = Vec::new();
    for link in links {
        let (k, k2, inputs, outputs) = link.weight.dims4()?;
        let fits = k == k2 && matches!(k, 1 | 3) && channels.last() == Some(&inputs);
        let added = link.shortcut.map(|from| channels.get(from).copied());
        if !fits || link.bias.dims() != [outputs] || added.is_some_and(|a| a != Some(outputs)) {
            bail!(
                "chain: link {} does not fit: {:?} after maps with {channels:?} channels, of which it adds {:?}",
                sizes.len() + 1,
                link.weight.shape(),
                link.shortcut
            );
        }
        channels.push(outputs);
        sizes.push(Size {
            kernel: k,
            inputs,
            outputs,
            shortcut: link.shortcut,
        });
        parameters.push(link.weight.flatten_all()?);
        parameters.push(link.bias.clone());
    }
    if links.is_empty() || x.elem_count() == 0 {
        bail!("chain: expected links and a map with pixels");
    }
    let op = Chain {
        level: level::current().map_err(candle_core::Error::msg)?,
        links: sizes,
        kept: OnceLock::new(),
        #[cfg(feature = "cuda")]
        on_gpu: glue::Kept::new(),
    };
    // candle's operations have at most three arguments.
    x.apply_op2(&Tensor::cat(&parameters, 0)?, op)
}

/// The sizes of a link.
struct Size {
    kernel: usize,
    inputs: usize,
    outputs: usize,
    shortcut: Option<usize>,
}

impl Size {
    fn weights(&self) -> usize {
        self.kernel * self.kernel * self.inputs * self.outputs
    }
}

/// What a link gave, before and after the shortcut; absent where it is the same as another.
struct Kept {
    activated: Option<Vec<f32>>,
    sum: Option<Vec<f32>>,
}

struct Chain {
    level: Level,
    links: Vec<Size>,
    kept: OnceLock<Vec<Kept>>,
    /// The same on the GPU.
    #[cfg(feature = "cuda")]
    on_gpu: glue::Kept,
}

impl Chain {
    /// Calls `f` with each link's convolution of `map` and the place of its weights.
    fn with_problem<T>(
        &self,
        link: usize,
        dims: &[usize],
        map: &[f32],
        parameters: &[f32],
        f: impl FnOnce(&Problem) -> T,
    ) -> Result<T> {
        let &[n, height, width, _] = dims else {
            bail!("chain: expected a map [n, h, w, channels], found {dims:?}");
        };
        let size = &self.links[link];
        let (weights, bias) = parameters[self.start(link)..].split_at(size.weights());
        let problem = Problem {
            shape: Shape {
                n,
                height,
                width,
                output: size.outputs,
                kernel: size.kernel,
            },
            sources: &[Source {
                map,
                channels: size.inputs,
                scale: Scale::Full,
            }],
            weights,
            bias: &bias[..size.outputs],
            activation: Activation::Relu,
        };
        Ok(f(&problem))
    }

    /// The links as the GPU's plans know them.
    #[cfg(feature = "cuda")]
    fn planned(&self) -> Vec<super::cuda::plan::chain::Link> {
        let planned = |size: &Size| super::cuda::plan::chain::Link {
            kernel: size.kernel,
            inputs: size.inputs,
            outputs: size.outputs,
            shortcut: size.shortcut,
        };
        self.links.iter().map(planned).collect()
    }

    /// Where the parameters of a link begin.
    fn start(&self, link: usize) -> usize {
        let before = self.links[..link].iter();
        before.map(|size| size.weights() + size.outputs).sum()
    }

    /// Map number `at`: 0 is `x`, i what link i gave.
    fn map<'a>(kept: &'a [Kept], x: &'a [f32], at: usize) -> Option<&'a [f32]> {
        match at.checked_sub(1) {
            None => Some(x),
            Some(link) => {
                let kept = &kept[link];
                kept.sum.as_deref().or(kept.activated.as_deref())
            }
        }
    }
}

fn add(sum: &mut [f32], other: &[f32]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}

fn missing() -> candle_core::Error {
    candle_core::Error::msg("chain: a map that is needed was not kept")
}

impl CustomOp2 for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        parameters: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let (x, parameters) = (slice(x, x_layout)?, slice(parameters, layout)?);
        let mut kept: Vec<Kept> = Vec::new();
        let mut out = Vec::new();
        for (link, size) in self.links.iter().enumerate() {
            let map = Self::map(&kept, x, link).ok_or_else(missing)?;
            let activated =
                self.with_problem(link, x_layout.dims(), map, parameters, |problem| {
                    conv::forward(self.level, problem)
                })?;
            let sum = match size.shortcut {
                None => None,
                Some(from) => {
                    let other = Self::map(&kept, x, from).ok_or_else(missing)?;
                    Some(activated.iter().zip(other).map(|(a, b)| a + b).collect())
                }
            };
            let last = link + 1 == self.links.len();
            kept.push(match (last, sum) {
                (false, sum) => Kept {
                    activated: Some(activated),
                    sum,
                },
                // candle keeps the result.
                (true, Some(sum)) => {
                    out = sum;
                    Kept {
                        activated: Some(activated),
                        sum: None,
                    }
                }
                (true, None) => {
                    out = activated;
                    Kept {
                        activated: None,
                        sum: None,
                    }
                }
            });
        }
        if self.kept.set(kept).is_err() {
            bail!("chain: an operation is applied once");
        }
        let (n, height, width, _) = x_layout.shape().dims4()?;
        let channels = self.links.last().map_or(0, |size| size.outputs);
        Ok((CpuStorage::F32(out), (n, height, width, channels).into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        x: &CudaStorage,
        x_layout: &Layout,
        parameters: &CudaStorage,
        parameters_layout: &Layout,
    ) -> Result<(CudaStorage, candle_core::Shape)> {
        glue::chain(
            (x, x_layout),
            (parameters, parameters_layout),
            &self.planned(),
            &self.on_gpu,
        )
    }

    fn bwd(
        &self,
        x: &Tensor,
        parameters: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let tensors = [x, parameters, out, gradient];
            let (to_x, packed) = glue::chain_back(tensors, &self.planned(), &self.on_gpu)?;
            return Ok((to_x, Some(packed)));
        }
        let kept = self.kept.get().ok_or_else(missing)?;
        let (to_x, packed) = with_slice(x, |x_numbers| {
            with_slice(parameters, |p| {
                with_slice(out, |out| {
                    with_slice(gradient, |gradient| {
                        self.backward(kept, (x, x_numbers), p, out, gradient)
                    })
                })
            })
        })?????;
        Ok((
            to_x.map(|numbers| tensor_like(x, numbers)).transpose()?,
            Some(tensor_like(parameters, packed)?),
        ))
    }
}

impl Chain {
    /// The gradients of the input, where it is learned from, and of all parameters.
    fn backward(
        &self,
        kept: &[Kept],
        (x, numbers): (&Tensor, &[f32]),
        parameters: &[f32],
        out: &[f32],
        gradient: &[f32],
    ) -> Result<(Option<Vec<f32>>, Vec<f32>)> {
        let mut packed = vec![0.0; parameters.len()];
        // Of map i; links later than i have added theirs.
        let mut gradients: Vec<Option<Cow<[f32]>>> = vec![None; self.links.len() + 1];
        gradients[self.links.len()] = Some(Cow::Borrowed(gradient));
        for (link, size) in self.links.iter().enumerate().rev() {
            let gradient = gradients[link + 1].take().ok_or_else(missing)?;
            let map = Self::map(kept, numbers, link).ok_or_else(missing)?;
            let activated = kept[link].activated.as_deref().unwrap_or(out);
            let wanted = link > 0 || x.track_op();
            let found = self.with_problem(link, x.dims(), map, parameters, |problem| {
                conv::backward(self.level, problem, activated, &gradient, &[wanted])
            })?;
            let start = self.start(link);
            packed[start..start + found.packed.len()].copy_from_slice(&found.packed);
            let mut more = |to: usize, more: Cow<'_, [f32]>| match &mut gradients[to] {
                Some(sum) => add(sum.to_mut(), &more),
                none => *none = Some(Cow::Owned(more.into_owned())),
            };
            if let Some(to_map) = found.sources.into_iter().next().flatten() {
                more(link, Cow::Owned(to_map));
            }
            if let Some(from) = size.shortcut.filter(|&from| from > 0 || x.track_op()) {
                more(from, gradient);
            }
        }
        Ok((gradients[0].take().map(Cow::into_owned), packed))
    }
}
