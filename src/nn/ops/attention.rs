//! Attention (Vaswani et al. 2017): every position takes the values of all, by weights from queries and keys. One
//! operation, because candle's matrix product is not the same on every machine and its softmax has no gradient.

#[cfg(feature = "cuda")]
use super::cuda::glue;
use super::kernel::attention::{self as kernel, Attend};
use super::kernel::level::{self, Level};
use super::maps::{slice, tensor_like, with_slice};
#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp3, Device, Layout, Result, Shape, Tensor, bail};
use std::sync::OnceLock;

pub use super::kernel::attention::{AttentionMask, AttentionWeights};

/// The sum over positions j of weight[i, j]·v[j], for queries and keys [n, positions, d] and values [n, positions, e]:
/// [n, positions, e]. The weights are made from the scores `scale`·q[i]·k[j].
///
/// # Errors
/// When shapes do not fit, tensors are not contiguous f32 on the CPU, or `ABLATE_SIMD` names a level that is not there.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    weights: AttentionWeights,
    mask: AttentionMask,
    scale: f32,
) -> Result<Tensor> {
    let op = Attention {
        level: level::current().map_err(candle_core::Error::msg)?,
        attend: attend([q.dims(), k.dims(), v.dims()], weights, mask, scale)?,
        kept: OnceLock::new(),
        #[cfg(feature = "cuda")]
        on_gpu: glue::Kept::new(),
    };
    q.apply_op3(k, v, op)
}

/// The weights of [`attention`], [n, positions, positions], a row for each position that looks: for pictures, without
/// a gradient.
///
/// # Errors
/// As [`attention`].
pub fn attention_weights(
    q: &Tensor,
    k: &Tensor,
    weights: AttentionWeights,
    mask: AttentionMask,
    scale: f32,
) -> Result<Tensor> {
    let attend = attend([q.dims(), k.dims(), k.dims()], weights, mask, scale)?;
    #[cfg(feature = "cuda")]
    if q.device().is_cuda() {
        return glue::attention_weights(attend, q, k);
    }
    let level = level::current().map_err(candle_core::Error::msg)?;
    let found = with_slice(q, |q| {
        with_slice(k, |k| kernel::weights(level, attend, q, k))
    })??;
    let positions = attend.positions;
    Tensor::from_vec(found, (q.dim(0)?, positions, positions), &Device::Cpu)
}

/// Checks the shapes of queries, keys and values.
fn attend(
    shapes: [&[usize]; 3],
    weights: AttentionWeights,
    mask: AttentionMask,
    scale: f32,
) -> Result<Attend> {
    match shapes {
        [&[n, positions, depth], k, &[n2, positions2, values]]
            if k == shapes[0]
                && [n, positions] == [n2, positions2]
                && positions * depth * values > 0 =>
        {
            Ok(Attend {
                weights,
                mask,
                scale,
                positions,
                depth,
                values,
            })
        }
        _ => bail!(
            "attention: expected queries and keys [n, positions, d] and values [n, positions, e], found {shapes:?}"
        ),
    }
}

struct Attention {
    level: Level,
    attend: Attend,
    /// The weights of all images.
    kept: OnceLock<Vec<f32>>,
    /// The same on the GPU.
    #[cfg(feature = "cuda")]
    on_gpu: glue::Kept,
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let attend = self.attend;
        let (q, k, v) = (
            slice(q, q_layout)?,
            slice(k, k_layout)?,
            slice(v, v_layout)?,
        );
        let weights = kernel::weights(self.level, attend, q, k);
        let out = kernel::out(self.level, attend, &weights, v);
        if self.kept.set(weights).is_err() {
            bail!("attention: an operation is applied once");
        }
        Ok((CpuStorage::F32(out), v_layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        q: &CudaStorage,
        q_layout: &Layout,
        k: &CudaStorage,
        k_layout: &Layout,
        v: &CudaStorage,
        v_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let arguments = [(q, q_layout), (k, k_layout), (v, v_layout)];
        glue::attend(self.attend, arguments, &self.on_gpu)
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if gradient.device().is_cuda() {
            let found = glue::attend_back(self.attend, [q, k, v], gradient, &self.on_gpu)?;
            return Ok(found.map(Some).into());
        }
        let Some(weights) = self.kept.get() else {
            bail!("attention: there is no way back before the way there");
        };
        let [to_q, to_k, to_v] = with_slice(q, |of_q| {
            with_slice(k, |of_k| {
                with_slice(v, |of_v| {
                    with_slice(gradient, |gradient| {
                        let inputs = [of_q, of_k, of_v];
                        kernel::back(self.level, self.attend, inputs, weights, gradient)
                    })
                })
            })
        })????;
        Ok((
            Some(tensor_like(q, to_q)?),
            Some(tensor_like(k, to_k)?),
            Some(tensor_like(v, to_v)?),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(numbers: &[f32], shape: (usize, usize, usize)) -> Tensor {
        Tensor::from_slice(numbers, shape, &Device::Cpu).expect("a shape that fits")
    }

    fn assert_close(found: &Tensor, right: &[f32]) {
        let found: Vec<f32> = found.flatten_all().and_then(|t| t.to_vec1()).expect("f32");
        assert_eq!(found.len(), right.len());
        for (found, right) in found.iter().zip(right) {
            assert!((found - right).abs() < 1e-6, "{found} instead of {right}");
        }
    }

    fn queries_and_keys() -> (Tensor, Tensor) {
        let q = tensor(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], (1, 3, 2));
        (q, tensor(&[1.0, 0.0, 1.0, 1.0, 0.0, 2.0], (1, 3, 2)))
    }

    /// Oracle: science.md §3 (Q = I₂, here with a third query of zeros, which sees all alike).
    #[test]
    fn the_vector_of_the_reference() -> Result<()> {
        let (q, k) = queries_and_keys();
        let v = tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (1, 3, 2));
        let scale = 0.5f32.sqrt();
        let out = attention(
            &q,
            &k,
            &v,
            AttentionWeights::Softmax,
            AttentionMask::None,
            scale,
        )?;
        assert_close(
            &out,
            &[2.593_327_4, 3.593_327_4, 3.871_892_2, 4.871_892, 3.0, 4.0],
        );
        let weights = attention_weights(
            &q,
            &k,
            AttentionWeights::Softmax,
            AttentionMask::None,
            scale,
        )?;
        let first = [0.401_112_1, 0.401_112_1, 0.197_775_81];
        let second = [0.140_029_25, 0.283_995_42, 0.575_975_35];
        assert_close(&weights, &[first, second, [1.0 / 3.0; 3]].concat());
        Ok(())
    }

    /// Oracle: by hand; σ(±1) = ½ ± ½·tanh(½).
    #[test]
    fn what_is_hidden_has_no_weight() -> Result<()> {
        let (q, k) = queries_and_keys();
        let weights = |weights| attention_weights(&q, &k, weights, AttentionMask::Causal, -1.0);
        let uniform = [
            1.0,
            0.0,
            0.0,
            0.5,
            0.5,
            0.0,
            1.0 / 3.0,
            1.0 / 3.0,
            1.0 / 3.0,
        ];
        assert_close(&weights(AttentionWeights::Uniform)?, &uniform);
        let low = 0.268_941_42;
        let sigmoid = [low, 0.0, 0.0, 0.5, low, 0.0, 0.5, 0.5, 0.5];
        assert_close(&weights(AttentionWeights::Sigmoid)?, &sigmoid);
        let softmax = [
            1.0,
            0.0,
            0.0,
            1.0 - low,
            low,
            0.0,
            1.0 / 3.0,
            1.0 / 3.0,
            1.0 / 3.0,
        ];
        assert_close(&weights(AttentionWeights::Softmax)?, &softmax);
        Ok(())
    }

    #[test]
    fn shapes_that_do_not_fit_are_shown() {
        let (q, k) = queries_and_keys();
        let v = tensor(&[0.0; 4], (1, 2, 2));
        let problem = attention(
            &q,
            &k,
            &v,
            AttentionWeights::Softmax,
            AttentionMask::None,
            1.0,
        );
        let text = problem.expect_err("two values for three keys").to_string();
        assert!(text.contains("[1, 2, 2]"), "{text}");
    }
}
