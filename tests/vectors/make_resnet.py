"""Writes resnet.json: small residual networks in PyTorch (CPU), with the weights and batch that the Rust test computes too.

Run from anywhere with PyTorch 2.15.0 and numpy: python make_resnet.py
Each case holds the logits, the mean cross-entropy, and of every parameter's gradient the 2-norm and the product with a
wave, which tells directions apart.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

from wave import short, wave

torch.set_num_threads(1)

WIDE, NARROW, DENSE, CLASSES = 64, 16, 32, 10


def shapes(blocks, image):
    """Weights [k, k, in, out] by name, science.md R6."""
    layers = {"stem": (3, 1, WIDE), "dense": (1, WIDE * (image[0] // 2) * (image[1] // 2), DENSE), "output": (1, DENSE, CLASSES)}
    for block in range(blocks):
        for at, layer in enumerate([(1, WIDE, NARROW), (3, NARROW, NARROW), (1, NARROW, WIDE)]):
            layers[f"block.{block}.conv.{at}"] = layer
    return {f"{name}.weight": (k, k, i, o) for name, (k, i, o) in layers.items()} | {f"{name}.bias": (o,) for name, (k, i, o) in layers.items()}


def forward(p, blocks, residual, images):
    def conv(name, x):
        w = p[name + ".weight"].permute(3, 2, 0, 1).contiguous()
        return torch.relu(F.conv2d(x, w, p[name + ".bias"], padding=w.shape[2] // 2))

    x = F.max_pool2d(conv("stem", images.permute(0, 3, 1, 2)), 2)
    for block in range(blocks):
        y = x
        for at in range(3):
            y = conv(f"block.{block}.conv.{at}", y)
        x = x + y if residual == "add" else y
    # As the map lies in memory there: rows, columns, channels.
    x = x.permute(0, 2, 3, 1).reshape(len(x), -1)
    x = torch.relu(F.linear(x, p["dense.weight"][0, 0].T, p["dense.bias"]))
    return F.linear(x, p["output.weight"][0, 0].T, p["output.bias"])


def case(blocks, residual, image, batch):
    parameters = {}
    all_shapes = shapes(blocks, image)
    for at, name in enumerate(sorted(all_shapes)):
        shape = all_shapes[name]
        scale = 0.1 if len(shape) == 1 else math.sqrt(2 / math.prod(shape[:3]))
        parameters[name] = wave(shape, float(at), scale).requires_grad_()
    logits = forward(parameters, blocks, residual, wave((batch, *image, 1), 0.1, 0.5) + 0.5)
    loss = F.cross_entropy(logits, 3 * torch.arange(batch) % CLASSES)
    loss.backward()

    def told(x):
        g = x.grad.double()
        return short(torch.stack([g.norm(), (g * wave(tuple(g.shape), 0.5).double()).sum()]))

    return {
        "blocks": blocks,
        "residual": residual,
        "image": image,
        "batch": batch,
        "logits": short(logits),
        "loss": short(loss)[0],
        "gradients": {name: told(x) for name, x in sorted(parameters.items())},
    }


cases = [
    case(1, "none", (6, 10), 3),
    case(3, "none", (8, 4), 2),
    case(1, "add", (6, 10), 3),
    case(3, "add", (8, 4), 2),
]
text = {"made_by": "PyTorch " + torch.__version__.split("+")[0], "cases": cases}
pathlib.Path(__file__).with_name("resnet.json").write_text(json.dumps(text, indent=1) + "\n")
