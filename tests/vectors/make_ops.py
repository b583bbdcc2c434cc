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
    "upsample2_and_skip": lambda x: torch.cat([upsample2(x), upsample2(10 / 4 * x)], 3),
}


def case(op, *inputs):
    """`inputs`: (shape, phase, scale, step) of each."""
    leaves = [wave(*given).requires_grad_() for given in inputs]
    out = OPS[op](*leaves)
    upstream = wave(tuple(out.shape), 0.5)
    (out * upstream).sum().backward()
    return {
        "op": op,
        "inputs": [{"shape": s, "phase": p, "scale": c, "step": t} for s, p, c, t in inputs],
        "out": short(out),
        "gradients": [[] if x.grad is None else short(x.grad) for x in leaves],
    }


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
    case("upsample2_and_skip", ((1, 3, 5, 2), 0.1, 1, 0)),
]
text = {"made_by": "PyTorch " + torch.__version__.split("+")[0], "cases": cases}
pathlib.Path(__file__).with_name("ops.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
