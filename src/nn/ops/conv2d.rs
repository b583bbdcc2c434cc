//! Convolution of one map or of two joined ones, with bias and activation:
//! out[n,y,x,o] = f(bias[o] + Σ in[n, y+dy−k/2, x+dx−k/2, i] · weight[dy,dx,i,o]), zeros outside.
//!
//! Not candle's: its gradients are naive loops, it always computes that of the input images, and its matrix product
//! cuts sums by detected cache sizes, which changes the last bit between machines.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::conv::{self, Gradients, Problem, Shape, Source};
use super::kernel::level::{self, Level};
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Storage, Tensor, bail};

pub use super::kernel::conv::{Activation, Scale};

/// Convolves the maps `sources` side by side along channels, each [n, h, w, its channels] or half as high and wide,
/// with `weight` [k, k, channels of all, out], adds `bias` [out] and applies `activation`: [n, h, w, out]. With k = 3
/// there may be two maps, and they may be half-size; k = 1 takes one of full size. The joined and upsampled map is
/// never built.
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn conv2d(
    sources: &[(&Tensor, Scale)],
    weight: &Tensor,
    bias: &Tensor,
    activation: Activation,
) -> Result<Tensor> {
    let op = Conv2d::new(sources, weight, bias, activation)?;
    match sources {
        [(only, _)] => only.apply_op3(weight, bias, op),
        [(first, _), (second, _)] => {
            // candle's operations have at most three arguments.
            let parameters = Tensor::cat(&[&weight.flatten_all()?, bias], 0)?;
            first.apply_op3(second, &parameters, Joined(op))
        }
        _ => bail!("conv2d: expected one map or two, found {}", sources.len()),
    }
}

/// The convolution of one map.
pub(super) struct Conv2d {
    pub(super) level: Level,
    kernel: usize,
    scales: Vec<Scale>,
    activation: Activation,
}

impl Conv2d {
    pub(super) fn new(
        sources: &[(&Tensor, Scale)],
        weight: &Tensor,
        bias: &Tensor,
        activation: Activation,
    ) -> Result<Self> {
        let (k, k2, inputs, outputs) = weight.dims4()?;
        let channels = |(map, _): &(&Tensor, Scale)| map.dim(3);
        let found = sources.iter().map(channels).sum::<Result<usize>>()?;
        if k != k2 || !matches!(k, 1 | 3) || inputs != found || bias.dims() != [outputs] {
            bail!(
                "conv2d: expected weight [k, k, {found}, out] with k = 1 or 3 and bias [out], found {:?} and {:?}",
                weight.shape(),
                bias.shape()
            );
        }
        Ok(Self {
            level: level::current().map_err(candle_core::Error::msg)?,
            kernel: k,
            scales: sources.iter().map(|(_, scale)| *scale).collect(),
            activation,
        })
    }

    /// The sizes, given those of the maps and the number of all weights.
    fn shape(&self, maps: &[&[usize]], weights: usize) -> Result<Shape> {
        let mut found = None;
        for (map, scale) in maps.iter().zip(&self.scales) {
            let &&[n, height, width, _] = map else {
                bail!("conv2d: expected maps [n, h, w, channels], found {maps:?}");
            };
            let factor = match scale {
                Scale::Full => 1,
                Scale::Upsampled => 2,
            };
            let size = [n, factor * height, factor * width];
            if *found.get_or_insert(size) != size {
                bail!("conv2d: expected maps of one size, found {maps:?}");
            }
        }
        let pointwise = self.kernel == 1;
        let inputs: usize = maps.iter().map(|map| map[3]).sum();
        match found {
            Some([n, height, width])
                if n * height * width * weights > 0
                    && maps.iter().all(|map| map[3] > 0)
                    && (!pointwise || self.scales == [Scale::Full]) =>
            {
                Ok(Shape {
                    n,
                    height,
                    width,
                    output: weights / (self.kernel * self.kernel * inputs),
                    kernel: self.kernel,
                })
            }
            _ => bail!(
                "conv2d: expected maps with pixels, and one of full size for a 1×1 kernel, found {maps:?}"
            ),
        }
    }

    /// Calls `f` with the convolution of these maps.
    fn with_problem<T>(
        &self,
        maps: &[(&[f32], &[usize])],
        weights: &[f32],
        bias: &[f32],
        f: impl FnOnce(&Problem) -> T,
    ) -> Result<(Shape, T)> {
        let all: Vec<&[usize]> = maps.iter().map(|(_, dims)| *dims).collect();
        let shape = self.shape(&all, weights.len())?;
        let mut sources = Vec::new();
        for (&(map, dims), &scale) in maps.iter().zip(&self.scales) {
            sources.push(Source {
                map,
                channels: dims[3],
                scale,
            });
        }
        let problem = Problem {
            shape,
            sources: &sources,
            weights,
            bias,
            activation: self.activation,
        };
        Ok((shape, f(&problem)))
    }

    pub(super) fn forward(
        &self,
        maps: &[(&[f32], &[usize])],
        weights: &[f32],
        bias: &[f32],
    ) -> Result<(Shape, Vec<f32>)> {
        self.with_problem(maps, weights, bias, |problem| {
            conv::forward(self.level, problem)
        })
    }

    /// Gradients of the maps that are learned from (the others, like images, cost nothing) and of the parameters.
    pub(super) fn backward(
        &self,
        maps: &[&Tensor],
        weights: &[f32],
        bias: &[f32],
        out: &[f32],
        gradient: &[f32],
    ) -> Result<(Vec<Option<Tensor>>, Vec<f32>)> {
        let wanted: Vec<bool> = maps.iter().map(|map| map.track_op()).collect();
        let storages: Vec<_> = maps.iter().map(|map| map.storage_and_layout()).collect();
        let mut numbers = Vec::new();
        for (storage, layout) in &storages {
            let Storage::Cpu(storage) = &**storage else {
                bail!("expected a tensor on the CPU");
            };
            numbers.push((slice(storage, layout)?, layout.dims()));
        }
        let (_, Gradients { sources, packed }) =
            self.with_problem(&numbers, weights, bias, |problem| {
                conv::backward(self.level, problem, out, gradient, &wanted)
            })?;
        let tensor = |(numbers, map): (Option<Vec<f32>>, &&Tensor)| {
            numbers.map(|numbers| tensor_like(map, numbers)).transpose()
        };
        let sources = sources.into_iter().zip(maps).map(tensor);
        Ok((sources.collect::<Result<_>>()?, packed))
    }
}

#[cfg(feature = "cuda")]
impl Conv2d {
    /// Calls `f` with the form of the convolution of maps with these dimensions.
    pub(super) fn with_form<T>(
        &self,
        operation: &'static str,
        maps: &[&[usize]],
        weights: usize,
        f: impl FnOnce(glue::Form<'_>) -> Result<T>,
    ) -> Result<T> {
        let shape = self.shape(maps, weights)?;
        let sources = maps.iter().zip(&self.scales);
        let sources: Vec<_> = sources.map(|(map, &scale)| (map[3], scale)).collect();
        f(glue::Form {
            operation,
            shape,
            sources: &sources,
            activation: self.activation,
        })
    }

    /// Numbers of the weights among so many parameters: those of the bias, one an output, may be packed behind them.
    fn weights_of(&self, maps: &[&[usize]], parameters: &[usize]) -> usize {
        match *parameters {
            [weights, _] => weights,
            _ => {
                let channels: usize = maps.iter().filter_map(|map| map.get(3)).sum();
                let rows = self.kernel * self.kernel * channels;
                parameters[0] / (rows + 1) * rows
            }
        }
    }

    fn cuda_forward(
        &self,
        operation: &'static str,
        maps: &[glue::Argument<'_>],
        parameters: &[glue::Argument<'_>],
    ) -> Result<(CudaStorage, candle_core::Shape)> {
        let dims: Vec<&[usize]> = maps.iter().map(|(_, layout)| layout.dims()).collect();
        let counts = parameters
            .iter()
            .map(|(_, layout)| layout.shape().elem_count());
        let weights = self.weights_of(&dims, &counts.collect::<Vec<_>>());
        self.with_form(operation, &dims, weights, |form| {
            glue::conv2d(form, maps, parameters)
        })
    }

    fn cuda_backward(
        &self,
        operation: &'static str,
        maps: &[&Tensor],
        parameters: &[&Tensor],
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<glue::Gradients> {
        let dims: Vec<&[usize]> = maps.iter().map(|map| map.dims()).collect();
        let counts = parameters.iter().map(|of| of.elem_count());
        let weights = self.weights_of(&dims, &counts.collect::<Vec<_>>());
        self.with_form(operation, &dims, weights, |form| {
            glue::conv2d_back(form, maps, parameters, out, gradient)
        })
    }
}

fn stored((shape, out): (Shape, Vec<f32>)) -> (CpuStorage, candle_core::Shape) {
    let dims = (shape.n, shape.height, shape.width, shape.output);
    (CpuStorage::F32(out), dims.into())
}

impl CustomOp3 for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        map: &CpuStorage,
        map_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let map = (slice(map, map_layout)?, map_layout.dims());
        let (weights, bias) = (slice(weight, weight_layout)?, slice(bias, bias_layout)?);
        Ok(stored(self.forward(&[map], weights, bias)?))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        map: &CudaStorage,
        map_layout: &Layout,
        weight: &CudaStorage,
        weight_layout: &Layout,
        bias: &CudaStorage,
        bias_layout: &Layout,
    ) -> Result<(CudaStorage, candle_core::Shape)> {
        let maps = [(map, map_layout)];
        let parameters = [(weight, weight_layout), (bias, bias_layout)];
        self.cuda_forward("conv2d", &maps, &parameters)
    }

    fn bwd(
        &self,
        map: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let parameters = [weight, bias];
            let (mut maps, found) =
                self.cuda_backward("conv2d", &[map], &parameters, out, gradient)?;
            let mut found = found.into_iter();
            return Ok((maps.pop().flatten(), found.next(), found.next()));
        }
        let (mut maps, mut packed) = with_slice(weight, |weights| {
            with_slice(bias, |bias| {
                with_slice(out, |out| {
                    with_slice(gradient, |g| self.backward(&[map], weights, bias, out, g))
                })
            })
        })?????;
        let to_bias = packed.split_off(weight.elem_count());
        Ok((
            maps.pop().flatten(),
            Some(tensor_like(weight, packed)?),
            Some(tensor_like(bias, to_bias)?),
        ))
    }
}

/// The convolution of two maps side by side; its parameters are the weights, then the bias.
struct Joined(Conv2d);

impl Joined {
    /// Weights and bias; there are as many of these as outputs.
    fn split<'a>(&self, channels: usize, parameters: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        let rows = self.0.kernel * self.0.kernel * channels;
        parameters.split_at(parameters.len() / (rows + 1) * rows)
    }
}

impl CustomOp3 for Joined {
    fn name(&self) -> &'static str {
        "joined conv2d"
    }

    fn cpu_fwd(
        &self,
        first: &CpuStorage,
        first_layout: &Layout,
        second: &CpuStorage,
        second_layout: &Layout,
        parameters: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, candle_core::Shape)> {
        let maps = [
            (slice(first, first_layout)?, first_layout.dims()),
            (slice(second, second_layout)?, second_layout.dims()),
        ];
        let channels = first_layout.shape().dim(3)? + second_layout.shape().dim(3)?;
        let (weights, bias) = self.split(channels, slice(parameters, layout)?);
        Ok(stored(self.0.forward(&maps, weights, bias)?))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        first: &CudaStorage,
        first_layout: &Layout,
        second: &CudaStorage,
        second_layout: &Layout,
        parameters: &CudaStorage,
        parameters_layout: &Layout,
    ) -> Result<(CudaStorage, candle_core::Shape)> {
        let maps = [(first, first_layout), (second, second_layout)];
        let parameters = [(parameters, parameters_layout)];
        self.0.cuda_forward("joined conv2d", &maps, &parameters)
    }

    fn bwd(
        &self,
        first: &Tensor,
        second: &Tensor,
        parameters: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let maps = [first, second];
            let conv = &self.0;
            let (mut maps, found) =
                conv.cuda_backward("joined conv2d", &maps, &[parameters], out, gradient)?;
            let to_second = maps.pop().flatten();
            return Ok((maps.pop().flatten(), to_second, found.into_iter().next()));
        }
        let channels = first.dim(3)? + second.dim(3)?;
        let (mut maps, packed) = with_slice(parameters, |parameters| {
            let (weights, bias) = self.split(channels, parameters);
            with_slice(out, |out| {
                with_slice(gradient, |gradient| {
                    self.0
                        .backward(&[first, second], weights, bias, out, gradient)
                })
            })
        })????;
        let to_second = maps.pop().flatten();
        let to_parameters = tensor_like(parameters, packed)?;
        Ok((maps.pop().flatten(), to_second, Some(to_parameters)))
    }
}
