"""Writes training.json: whole trainings in PyTorch, float64: the loop, Adam and the moving average of the parameters,
batch normalisation and its running averages, and a diffusion with the noise that src/seed.rs draws (streams.py).

Run from anywhere with PyTorch 2.15.0 and numpy: python make_training.py
Each case holds losses by epoch and, after some epochs, of every parameter as it is evaluated and every running average
the 2-norm and the product with a wave.
"""

import copy
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

import torch_networks
from make_networks import in_our_layout, short
from streams import Stream
from wave import wave

torch.set_num_threads(1)

EPOCHS, LR, EPS, EMA = 5, 2e-3, 1e-3, 0.3


def images(n, side, phase):
    """[n, side, side, 1] in [0, 1]: slow waves."""
    return (wave((n, side, side, 1), phase, 0.5, rate=0.2) + 0.5).double()


def train(config, io, loss_of, measure):
    """Full batches, so that every epoch is one step."""
    network = torch_networks.build(config, io)
    torch_networks.draw(network, wave)
    shown = copy.deepcopy(network)
    adam = torch.optim.Adam(network.parameters(), lr=LR, eps=EPS)
    losses, measured, after = [], [], {}
    for epoch in range(EPOCHS):
        network.train()
        loss = loss_of(network, epoch)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses += short(loss)
        step = epoch + 1
        decay = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            for average, new in zip(shown.parameters(), network.parameters()):
                average.copy_(decay * average + (1 - decay) * new)
            for average, new in zip(shown.buffers(), network.buffers()):
                average.copy_(new)
            measured.append(measure(shown.eval()))
        if step in (2, EPOCHS):
            told = lambda x: short(torch.stack([x.norm(), (x * wave(tuple(x.shape), 0.5).double()).sum()]))
            weights = {name: told(back(x.detach())) for name, x, _, _, back in torch_networks.parameters(shown)}
            after[str(step)] = weights | {name: told(x) for name, x in torch_networks.buffers(shown).items()}
    names = measured[0].keys()
    return {
        "config": config,
        "lr": LR,
        "eps": EPS,
        "ema": EMA,
        "train_loss": losses,
        "measured": {name: [of[name] for of in measured] for name in names},
        "after": after,
    }


def classify():
    config = {"task": "classify", "model.arch": "resnet", "model.blocks": 2, "model.norm": "batch", "model.residual": "add"}
    side, x, y = 4, images(6, 4, 0.3), images(5, 4, 9.3)
    right = lambda n: 3 * torch.arange(n) % 10

    def measure(network):
        logits = network(y.permute(0, 3, 1, 2))
        correct = (logits.argmax(1) == right(5)).double().mean()
        return {"cross_entropy": F.cross_entropy(logits, right(5)).item(), "accuracy": correct.item()}

    loss_of = lambda network, epoch: F.cross_entropy(network(x.permute(0, 3, 1, 2)), right(6))
    return train(config, {"size": [side, side], "channels": 1}, loss_of, measure)


T, GAMMA, CANVAS, SEED = 50, 5.0, 8, 7


def diffuse():
    net = {"model.arch": "unet", "model.widths": [3, 5], "model.residual": "add", "model.skip.at": [4, 8], "model.attention_at": [4]}
    scale = 1000 / T
    alpha_bar = np.cumprod(1 - np.linspace(scale * 1e-4, scale * 0.02, T))
    snr = alpha_bar / (1 - alpha_bar)

    def canvas(x):
        return F.pad(2 * x.permute(0, 3, 1, 2) - 1, (1, 1, 1, 1), value=-1.0)

    x0, y0 = canvas(images(6, 6, 0.3)), canvas(images(20, 6, 9.3))

    def noise(stream):
        return [stream.normal() for _ in range(CANVAS * CANVAS)]

    def errors(network, clean, ts, noises):
        """The weighted squared error of v of every image: min(SNR, γ)/(SNR + 1)."""
        a = torch.tensor(alpha_bar[ts])[:, None, None, None]
        e = torch.tensor(noises, dtype=torch.double).reshape(clean.shape)
        x = a.sqrt() * clean + (1 - a).sqrt() * e
        v = a.sqrt() * e - (1 - a).sqrt() * clean
        squares = (network(x, torch.tensor(ts)) - v).square().mean((1, 2, 3))
        return torch.tensor(np.minimum(snr[ts], GAMMA) / (snr[ts] + 1)) * squares

    def loss_of(network, epoch):
        streams = [Stream(SEED, "diffusion", epoch, image) for image in range(len(x0))]
        ts = [stream.below(T) for stream in streams]
        return errors(network, x0, ts, [noise(stream) for stream in streams]).mean()

    # Tenths of the timesteps in turn.
    streams = [Stream(SEED, "diffusion", "test", image) for image in range(len(y0))]
    test_ts = [image % 10 * (T // 10) + stream.below(T // 10) for image, stream in enumerate(streams)]
    test_noise = [noise(stream) for stream in streams]

    def measure(network):
        found = errors(network, y0, test_ts, test_noise)
        tenths = {f"loss_d{tenth}": found[tenth::10].mean().item() for tenth in range(10)}
        return {"loss": found.mean().item()} | tenths

    config = {"task": "diffuse", "diffusion.timesteps": T, "diffusion.target": "v", "diffusion.weighting": "min_snr", "diffusion.canvas": CANVAS}
    return train(net | config, {"size": [CANVAS, CANVAS], "channels": 1, "outputs": 1}, loss_of, measure)


text = {"made_by": "PyTorch " + torch.__version__.split("+")[0], "classify": classify(), "diffuse": diffuse()}
pathlib.Path(__file__).with_name("training.json").write_text(json.dumps(text, indent=1) + "\n")
