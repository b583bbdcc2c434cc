"""Writes ops.json: what PyTorch (CPU) gives for every operation of src/nn/ops, forward and backward.

Run from anywhere with PyTorch 2.15.0 and numpy: python make_ops.py
Maps are [n, h, w, c] and weights [k, k, in, out] as in Rust; each case is Σ out·upstream, differentiated.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

from wave import short, wave


def maps_first(x):
    return x.permute(0, 3, 1, 2)


def maps_last(x):
    return x.permute(0, 2, 3, 1)


def conv2d(x, w, b):
    return maps_last(F.conv2d(maps_first(x).contiguous(), w.permute(3, 2, 0, 1).contiguous(), b, padding=w.shape[0] // 2))


def group_norm(x, scale, shift):
    """In groups of three channels."""
    return maps_last(F.group_norm(maps_first(x), x.shape[3] // 3, scale, shift))


def batch_norm(x, scale, shift):
    return maps_last(F.batch_norm(maps_first(x), None, None, scale, shift, training=True))


def attention(q, k, v, weights, causal):
    scores = 0.7 * q @ k.transpose(1, 2)
    hidden = torch.ones_like(scores).triu(1).bool() if causal else torch.zeros_like(scores).bool()
    if weights == "sigmoid":
        return torch.sigmoid(scores).masked_fill(hidden, 0) @ v
    scores = scores if weights == "softmax" else 0 * scores
    return torch.softmax(scores.masked_fill(hidden, -torch.inf), 2) @ v


def conv2d_stride2(x, w, b):
    return maps_last(F.conv2d(maps_first(x), w.permute(3, 2, 0, 1), b, stride=2, padding=1))


def weighted_squares(x, y):
    return (torch.tensor([0.5, 2, 0]) * ((x - y.detach()) ** 2).flatten(1).sum(1)).sum()


def upsample2(x):
    return maps_last(F.interpolate(maps_first(x), scale_factor=2, mode="nearest"))


OPS = {
    "conv2d": conv2d,
    "conv2d_relu": lambda x, w, b: torch.relu(conv2d(x, w, b)),
    "conv2d_of_upsampled": lambda x, w, b: conv2d(upsample2(x), w, b),
    "conv2d_of_upsampled_and_skip": lambda x, y, w, b: conv2d(torch.cat([upsample2(x), y], 3), w, b),
    "relu": torch.relu,
    "max_pool2": lambda x: maps_last(F.max_pool2d(maps_first(x), 2)),
    "upsample2": upsample2,
    "sigmoid": torch.sigmoid,
    "concat": lambda a, b: torch.cat([a, b], 3),
    "bce_with_logits": lambda z, y: F.binary_cross_entropy_with_logits(z, y.detach(), reduction="sum"),
    # Row i belongs to class 3i, counted round.
    "cross_entropy": lambda z: F.cross_entropy(z, 3 * torch.arange(len(z)) % z.shape[1], reduction="sum"),
    "silu": F.silu,
    "softmax_last": lambda x: torch.softmax(x, -1),
    "group_norm": group_norm,
    "group_norm_relu": lambda *inputs: torch.relu(group_norm(*inputs)),
    "group_norm_silu": lambda *inputs: F.silu(group_norm(*inputs)),
    "batch_norm_silu": lambda *inputs: F.silu(batch_norm(*inputs)),
    "attention": lambda q, k, v: attention(q, k, v, "softmax", False),
    "attention_causal": lambda q, k, v: attention(q, k, v, "softmax", True),
    "attention_sigmoid": lambda q, k, v: attention(q, k, v, "sigmoid", False),
    "attention_sigmoid_causal": lambda q, k, v: attention(q, k, v, "sigmoid", True),
    "attention_uniform_causal": lambda q, k, v: attention(q, k, v, "uniform", True),
    "conv2d_stride2": conv2d_stride2,
    "add_per_image": lambda x, v: x + v[:, None, None, :],
    "crop": lambda x: x[:, 1:-1, 1:-1],
    "lookup": lambda table: table[[2, 0, 2, 1]],
    "weighted_squares": weighted_squares,
    "upsample2_and_skip": lambda x: torch.cat([upsample2(x), upsample2(10 / 4 * x)], 3),
}


def case(op, *inputs, dtype=torch.float32):
    """`inputs`: (shape, phase, scale, step) of each."""
    leaves = [wave(*given).to(dtype).requires_grad_() for given in inputs]
    out = OPS[op](*leaves)
    upstream = wave(tuple(out.shape), 0.5)
    (out * upstream).sum().backward()
    return {
        "op": op,
        "inputs": [{"shape": s, "phase": p, "scale": c, "step": t} for s, p, c, t in inputs],
        "out": short(out),
        "gradients": [[] if x.grad is None else short(x.grad) for x in leaves],
    }


def exact(op, *inputs):
    """The same in f64, of the same f32 inputs."""
    return case(op, *inputs, dtype=torch.float64)


cases = [
    case("conv2d", ((2, 5, 7, 3), 0.1, 1, 0), ((3, 3, 3, 17), 0.2, 1, 0), ((17,), 0.3, 1, 0)),
    case("conv2d", ((1, 7, 7, 17), 0.1, 1, 0), ((3, 3, 17, 1), 0.2, 1, 0), ((1,), 0.3, 1, 0)),
    case("conv2d", ((2, 3, 5, 5), 0.1, 1, 0), ((1, 1, 5, 4), 0.2, 1, 0), ((4,), 0.3, 1, 0)),
    case("conv2d_relu", ((2, 5, 7, 9), 0.1, 1, 0), ((3, 3, 9, 17), 0.2, 1, 0), ((17,), 0.3, 1, 0)),
    case("conv2d_of_upsampled", ((1, 3, 4, 5), 0.1, 1, 0), ((3, 3, 5, 6), 0.2, 1, 0), ((6,), 0.3, 1, 0)),
    case(
        "conv2d_of_upsampled_and_skip",
        ((2, 2, 3, 3), 0.1, 1, 0),
        ((2, 4, 6, 2), 0.4, 1, 0),
        ((3, 3, 5, 17), 0.2, 1, 0),
        ((17,), 0.3, 1, 0),
    ),
    case(
        "conv2d_of_upsampled_and_skip",
        ((2, 2, 3, 5), 0.1, 1, 0),
        ((2, 4, 6, 6), 0.4, 1, 0),
        ((3, 3, 11, 1), 0.2, 1, 0),
        ((1,), 0.3, 1, 0),
    ),
    # Rounded, so that there are zeros and ties.
    case("relu", ((1, 3, 5, 7), 0.1, 1, 0.5)),
    case("max_pool2", ((2, 6, 10, 3), 0.1, 1, 0.5)),
    case("upsample2", ((2, 3, 5, 3), 0.1, 1, 0)),
    case("sigmoid", ((1, 3, 5, 7), 0.1, 30, 0)),
    case("concat", ((2, 3, 5, 3), 0.1, 1, 0), ((2, 3, 5, 2), 0.2, 1, 0)),
    case("bce_with_logits", ((1, 3, 5, 7), 0.1, 120, 0), ((1, 3, 5, 7), 0.2, 1, 0)),
    case("cross_entropy", ((7, 10), 0.1, 1, 0)),
    case("cross_entropy", ((5, 3), 0.1, 120, 0)),
    exact("silu", ((1, 3, 5, 7), 0.1, 30, 0)),
    exact("silu", ((70,), 0.1, 3, 0)),
    exact("softmax_last", ((3, 2, 37), 0.1, 3, 0)),
    exact("softmax_last", ((5, 3), 0.1, 120, 0)),
    # More than a tile of 256 numbers an image, and a rest; and pixels fewer than channels.
    exact("group_norm", ((2, 9, 11, 6), 0.1, 1, 0), ((6,), 0.2, 1, 0), ((6,), 0.3, 1, 0)),
    exact("group_norm_relu", ((2, 3, 5, 9), 0.1, 1, 0), ((9,), 0.2, 1, 0), ((9,), 0.3, 1, 0)),
    exact("group_norm_silu", ((2, 2, 3, 30), 0.1, 9, 0), ((30,), 0.2, 1, 0), ((30,), 0.3, 1, 0)),
    exact("batch_norm_silu", ((3, 5, 7, 4), 0.1, 1, 0), ((4,), 0.2, 1, 0), ((4,), 0.3, 1, 0)),
    *(
        exact(op, ((2, 5, 3), 0.1, 1, 0), ((2, 5, 3), 0.2, 1, 0), ((2, 5, 7), 0.3, 1, 0))
        for op in ("attention", "attention_causal", "attention_sigmoid", "attention_sigmoid_causal", "attention_uniform_causal")
    ),
    exact("attention_causal", ((1, 20, 17), 0.1, 1, 0), ((1, 20, 17), 0.2, 1, 0), ((1, 20, 4), 0.3, 1, 0)),
    exact("conv2d_stride2", ((2, 6, 4, 3), 0.1, 1, 0), ((3, 3, 3, 5), 0.2, 1, 0), ((5,), 0.3, 1, 0)),
    exact("add_per_image", ((2, 3, 4, 5), 0.1, 1, 0), ((2, 5), 0.2, 1, 0)),
    exact("crop", ((2, 4, 5, 3), 0.1, 1, 0)),
    exact("lookup", ((3, 5), 0.1, 1, 0)),
    exact("weighted_squares", ((3, 2, 2, 5), 0.1, 1, 0), ((3, 2, 2, 5), 0.2, 1, 0)),
    case("upsample2_and_skip", ((1, 3, 5, 2), 0.1, 1, 0)),
]
text = {"made_by": "PyTorch " + torch.__version__.split("+")[0], "cases": cases}
pathlib.Path(__file__).with_name("ops.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
