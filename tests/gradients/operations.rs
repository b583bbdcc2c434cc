//! Operations by name, as vector files and tests call them, and their gradients.

use crate::vectors::wave;
use ablate::nn::ops::{self, Activation, AttentionMask, AttentionWeights, Link, Normalised, Scale};
use candle_core::{Device, Result, Tensor, Var};

/// A wave as a tensor that gets a gradient.
pub fn wave_var(shape: &[usize], phase: f64, scale: f64, step: f64) -> Var {
    Var::from_vec(wave(shape, phase, scale, step), shape, &Device::Cpu).expect("a shape that fits")
}

/// An operation by the name that ops.json gives it.
pub fn apply(op: &str, inputs: &[Tensor]) -> Result<Tensor> {
    match (op, inputs) {
        ("conv2d", [x, w, b]) => ops::conv2d(&[(x, Scale::Full)], w, b, Activation::None),
        ("conv2d_relu", [x, w, b]) => ops::conv2d(&[(x, Scale::Full)], w, b, Activation::Relu),
        ("conv2d_of_upsampled", [x, w, b]) => {
            ops::conv2d(&[(x, Scale::Upsampled)], w, b, Activation::None)
        }
        ("conv2d_of_upsampled_and_skip", [x, y, w, b]) => {
            let maps = [(x, Scale::Upsampled), (y, Scale::Full)];
            ops::conv2d(&maps, w, b, Activation::None)
        }
        ("conv2d_relu_max_pool2", [x, w, b]) => ops::conv2d_relu_max_pool2(x, w, b),
        ("composed pool", [x, w, b]) => {
            let maps = [(x, Scale::Full)];
            ops::max_pool2(&ops::conv2d(&maps, w, b, Activation::Relu)?)
        }
        ("chain", [x, w1, b1, w2, b2, w3, b3]) => {
            let link = |weight, bias, shortcut| Link {
                weight,
                bias,
                shortcut,
            };
            let links = [
                link(w1, b1, None),
                link(w2, b2, Some(1)),
                link(w3, b3, Some(0)),
            ];
            ops::chain(x, &links)
        }
        ("composed chain", [x, w1, b1, w2, b2, w3, b3]) => {
            let conv = |x: &Tensor, w, b| ops::conv2d(&[(x, Scale::Full)], w, b, Activation::Relu);
            let first = conv(x, w1, b1)?;
            let second = (conv(&first, w2, b2)? + &first)?;
            conv(&second, w3, b3)? + x
        }
        ("relu", [x]) => ops::relu(x),
        ("max_pool2", [x]) => ops::max_pool2(x),
        ("upsample2", [x]) => ops::upsample2(x),
        ("sigmoid", [x]) => ops::sigmoid(x),
        ("concat", [a, b]) => ops::concat(a, b),
        ("bce_with_logits", [z, y]) => ops::bce_with_logits(z, y),
        ("cross_entropy", [z]) => {
            let (n, classes) = z.dims2()?;
            let right: Vec<u8> = (0..n).map(|row| (3 * row % classes) as u8).collect();
            ops::cross_entropy(z, &right)
        }
        ("upsample2_and_skip", [x]) => {
            let skip = ops::upsample2(&x.affine(2.5, 0.0)?)?;
            ops::concat(&ops::upsample2(x)?, &skip)
        }
        ("silu", [x]) => ops::silu(x),
        ("softmax_last", [x]) => ops::softmax_last(x),
        ("group_norm", [x, a, b]) => group_norm(x, a, b, Normalised::Plain),
        ("group_norm_relu", [x, a, b]) => group_norm(x, a, b, Normalised::Relu),
        ("group_norm_silu", [x, a, b]) => group_norm(x, a, b, Normalised::Silu),
        ("batch_norm_silu", [x, a, b]) => {
            ops::batch_norm(x, a, b, Normalised::Silu).map(|(out, _)| out)
        }
        ("attention", [q, k, v]) => {
            attention(q, k, v, AttentionWeights::Softmax, AttentionMask::None)
        }
        ("attention_causal", [q, k, v]) => {
            attention(q, k, v, AttentionWeights::Softmax, AttentionMask::Causal)
        }
        ("attention_sigmoid", [q, k, v]) => {
            attention(q, k, v, AttentionWeights::Sigmoid, AttentionMask::None)
        }
        ("attention_sigmoid_causal", [q, k, v]) => {
            attention(q, k, v, AttentionWeights::Sigmoid, AttentionMask::Causal)
        }
        ("attention_uniform_causal", [q, k, v]) => {
            attention(q, k, v, AttentionWeights::Uniform, AttentionMask::Causal)
        }
        ("conv2d_stride2", [x, w, b]) => {
            let (_, _, inputs, outputs) = w.dims4()?;
            let patches = ops::patches_stride2(x)?;
            let w = w.reshape((1, 1, 9 * inputs, outputs))?;
            ops::conv2d(&[(&patches, Scale::Full)], &w, b, Activation::None)
        }
        ("add_per_image", [x, v]) => ops::add_per_image(x, v),
        ("crop", [x]) => ops::crop(x),
        ("lookup", [table]) => ops::lookup(table, &[2, 0, 2, 1]),
        ("weighted_squares", [x, y]) => ops::weighted_squares(x, y, &[0.5, 2.0, 0.0]),
        ("product", [a, b]) => a * b,
        ("sum", [a, b]) => a + b,
        other => panic!("no operation {other:?}"),
    }
}

/// In groups of three channels.
fn group_norm(x: &Tensor, scale: &Tensor, shift: &Tensor, after: Normalised) -> Result<Tensor> {
    ops::group_norm(x, scale, shift, x.dim(3)? / 3, after)
}

fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    weights: AttentionWeights,
    mask: AttentionMask,
) -> Result<Tensor> {
    ops::attention(q, k, v, weights, mask, 0.7)
}

/// The numbers, row-major.
pub fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).expect("f32")
}

/// The gradients of Σ out·upstream by the operation's backward pass; empty where there is none.
pub fn gradients(op: &str, inputs: &[Var], upstream: &[f32]) -> Result<Vec<Vec<f32>>> {
    let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
    let out = apply(op, &tensors)?;
    let upstream = Tensor::from_slice(upstream, out.shape(), &Device::Cpu)?;
    let store = (out * upstream)?.sum_all()?.backward()?;
    Ok(tensors
        .iter()
        .map(|x| store.get(x).map(flat).unwrap_or_default())
        .collect())
}

/// Errors count relative to the largest number, or to 1 where all are smaller.
pub fn assert_close(what: &str, found: &[f32], right: &[f64], tolerance: f64) {
    assert_eq!(found.len(), right.len(), "{what}");
    let scale = right.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
    for (at, (&found, right)) in found.iter().zip(right).enumerate() {
        let error = (f64::from(found) - right).abs() / scale;
        assert!(
            error < tolerance,
            "{what} at {at}: {found} instead of {right}"
        );
    }
}
