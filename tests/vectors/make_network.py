"""Writes network.json: whole networks in PyTorch (CPU), with the weights and batches that the Rust test computes too.

Run from anywhere with PyTorch 2.15.0 and numpy: python make_network.py
`train` cases hold the loss of 20 Adam steps, `gradients` cases one loss and the 2-norm of every parameter's gradient.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

from wave import wave

torch.set_num_threads(1)


class Network:
    """science.md R4, R4s, R5, written without a look at the Rust: parameters are made where they are first used."""

    def __init__(self, config):
        self.config = config
        self.shapes = {}
        self.parameters = None

    def conv(self, name, x, out, kernel=3):
        if self.parameters is None:
            self.shapes[name + ".weight"] = (kernel, kernel, x.shape[1], out)
            self.shapes[name + ".bias"] = (out,)
            return torch.zeros(x.shape[0], out, *x.shape[2:])
        weight = self.parameters[name + ".weight"].permute(3, 2, 0, 1).contiguous()
        return F.conv2d(x, weight, self.parameters[name + ".bias"], padding=kernel // 2)

    def level(self, name, x, width, depth):
        for at in range(depth):
            y = torch.relu(self.conv(f"{name}.conv.{at}", x, width))
            x = y + x if at > 0 and self.config["residual"] == "add" else y
        return x

    def join(self, name, x, maps):
        e = maps.get(x.shape[2]) if x.shape[2] in self.config["at"] else None
        if e is None:
            return x
        match self.config["mode"]:
            case "concat":
                return torch.cat([x, e], 1)
            case "zero":
                return torch.cat([x, torch.zeros_like(e)], 1)
            case "add":
                return x + (e if e.shape == x.shape else self.conv(name + ".join.project", e, x.shape[1], 1))
            case "gate":
                return torch.cat([x, e * torch.sigmoid(self.conv(name + ".join.gate", torch.cat([x, e], 1), e.shape[1], 1))], 1)

    def forward(self, images):
        c = self.config
        x = images.permute(0, 3, 1, 2)
        maps = {}
        for i, width in enumerate(c["widths"]):
            x = self.level(f"encoder.{i}", x, width, c["depth"])
            if c["tap"] == "before_pool":
                maps[x.shape[2]] = x
            x = F.max_pool2d(x, 2)
            if c["tap"] == "after_pool":
                maps[x.shape[2]] = x
        if c["bottleneck"]:
            x = torch.relu(self.conv("bottleneck.conv.0", x, c["bottleneck"]))
        for j, width in enumerate(c["decoder"]):
            x = self.level(f"decoder.{j}", self.join(f"decoder.{j}", x, maps), width, c["depth"])
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        return self.conv("output.conv.0", self.join("output", x, maps), 1).permute(0, 2, 3, 1)

    def loss(self, step):
        """Mean BCE of the batch of this step: slow waves, from fast ones on top of them."""
        shape = (self.config["batch"], *self.config["image"], 1)
        targets = wave(shape, step + 0.3, 0.5, rate=0.2) + 0.5
        images = 0.5 * targets + 0.5 * wave(shape, step + 0.1)
        return F.binary_cross_entropy_with_logits(self.forward(images), targets)

    def draw(self):
        self.forward(torch.zeros(1, *self.config["image"], 1))
        self.parameters = {}
        for at, name in enumerate(sorted(self.shapes)):
            shape = self.shapes[name]
            scale = 0.1 if len(shape) == 1 else math.sqrt(2 / math.prod(shape[:3]))
            self.parameters[name] = wave(shape, float(at), scale).requires_grad_()


def short(x):
    return float(f"{x:.9g}")


def config(**changed):
    base = dict(widths=[5, 9], bottleneck=3, decoder=[9, 5], depth=1, residual="none", at=[6, 12],
                mode="concat", tap="before_pool", image=[12, 20], batch=3)
    return base | changed


def train(name, lr, eps, **changed):
    network = Network(config(**changed))
    network.draw()
    adam = torch.optim.Adam(network.parameters.values(), lr=lr, eps=eps)
    losses = []
    for step in range(20):
        adam.zero_grad()
        loss = network.loss(step)
        loss.backward()
        adam.step()
        losses.append(short(loss.item()))
    return {"name": name, "config": network.config, "lr": lr, "eps": eps, "losses": losses}


def gradients(name, **changed):
    network = Network(config(**changed))
    network.draw()
    loss = network.loss(0)
    loss.backward()
    norms = {k: short(v.grad.norm().item()) for k, v in sorted(network.parameters.items())}
    return {"name": name, "config": network.config, "loss": short(loss.item()), "norms": norms}


r4s = dict(widths=[16, 32], bottleneck=None, decoder=[16, 16], at=[14], tap="after_pool", image=[28, 28], batch=4)
text = {
    "made_by": "PyTorch " + torch.__version__.split("+")[0],
    "train": [
        train("R4s with skip", 1e-2, 1e-8, **r4s),
        train("small R5, both skips", 1e-3, 1e-7),
    ],
    "gradients": [
        gradients("gate, depth 2, residual", mode="gate", depth=2, residual="add"),
        gradients("add, depth 2, residual", mode="add", depth=2, residual="add", decoder=[7, 5]),
        gradients("zero, three levels", mode="zero", widths=[4, 5, 6], decoder=[6, 5, 4], at=[4, 8], image=[16, 8]),
        gradients("pooled map at the bottleneck", tap="after_pool", at=[3, 6]),
    ],
}
pathlib.Path(__file__).with_name("network.json").write_text(json.dumps(text, indent=1) + "\n")
