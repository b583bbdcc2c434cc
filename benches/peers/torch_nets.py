"""The nets of science.md §1 in PyTorch, as one would write them, with their counts of parameters checked."""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

sys.path.append(str(Path(__file__).parents[2] / "tests" / "vectors"))
import torch_networks  # noqa: E402

SIDE = 28
CLASSES = 10

# Oracle: science.md §1; R6 is 402,410 and 4,448 a block.
PARAMETERS = {"R4s_plain": 11_889, "R4s": 14_193, "R4": 185_873, "R5": 260_177, "R6": 429_098, "R10": 303_969}


def same(inputs, outputs, kernel=3):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


class Autoencoder(nn.Module):
    """R4, R4s, R5: `join14` is None, "before_pool" or "after_pool"; `join28` joins the first encoder map."""

    def __init__(self, widths, bottleneck, decoder, join14=None, join28=False):
        super().__init__()
        self.join14, self.join28 = join14, join28
        tapped = {None: 0, "before_pool": widths[1], "after_pool": widths[0]}[join14]
        self.encoder0, self.encoder1 = same(1, widths[0]), same(widths[0], widths[1])
        self.bottleneck = same(widths[1], bottleneck) if bottleneck else None
        self.decoder0 = same(bottleneck or widths[1], decoder[0])
        self.decoder1 = same(decoder[0] + tapped, decoder[1])
        self.output = same(decoder[1] + (widths[0] if join28 else 0), 1)

    def forward(self, images):
        first = F.relu(self.encoder0(images))
        pooled = F.max_pool2d(first, 2)
        second = F.relu(self.encoder1(pooled))
        x = F.max_pool2d(second, 2)
        if self.bottleneck is not None:
            x = F.relu(self.bottleneck(x))
        x = F.interpolate(F.relu(self.decoder0(x)), scale_factor=2, mode="nearest")
        if self.join14 is not None:
            x = torch.cat([x, second if self.join14 == "before_pool" else pooled], 1)
        x = F.interpolate(F.relu(self.decoder1(x)), scale_factor=2, mode="nearest")
        if self.join28:
            x = torch.cat([x, first], 1)
        return self.output(x)


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1, each followed by ReLU; the input is added after the last one."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([same(64, 16, 1), same(16, 16), same(16, 64, 1)])

    def forward(self, x):
        inner = x
        for conv in self.convs:
            inner = F.relu(conv(inner))
        return x + inner


class ResNet(nn.Module):
    """R6, residual, without normalisation."""

    def __init__(self, blocks):
        super().__init__()
        self.stem = same(1, 64)
        self.blocks = nn.Sequential(*(Bottleneck() for _ in range(blocks)))
        self.hidden = nn.Linear(64 * (SIDE // 2) ** 2, 32)
        self.logits = nn.Linear(32, CLASSES)

    def forward(self, images):
        x = self.blocks(F.max_pool2d(F.relu(self.stem(images)), 2))
        return self.logits(F.relu(self.hidden(x.flatten(1))))


class Diffusion(nn.Module):
    """R10, the U-Net of jobs/ddpm.yaml: names the noise in its images at timesteps drawn anew (cosine schedule)."""

    STEPS = 1000

    def __init__(self):
        super().__init__()
        config = {"model.arch": "unet", "model.widths": [16, 32, 32], "model.depth": 2, "model.residual": "add"}
        config |= {"model.skip.at": [7, 14, 28], "model.attention_at": [7]}
        self.unet = torch_networks.build(config, {"size": [SIDE, SIDE], "channels": 1, "outputs": 1}).float()
        at = torch.cos((torch.arange(self.STEPS + 1) / self.STEPS + 0.008) / 1.008 * torch.pi / 2) ** 2
        self.register_buffer("kept", torch.cumprod(1 - (1 - at[1:] / at[:-1]).clamp(max=0.999), 0))

    def forward(self, images):
        """What the network names, and what was there."""
        t = torch.randint(self.STEPS, (images.shape[0],))
        noise, kept = torch.randn_like(images), self.kept[t][:, None, None, None]
        return self.unet(kept.sqrt() * images + (1 - kept).sqrt() * noise, t), noise


def build(name):
    """The net, with PyTorch's own initial values."""
    net = {
        "R4s_plain": lambda: Autoencoder([16, 32], None, [16, 16]),
        "R4s": lambda: Autoencoder([16, 32], None, [16, 16], join14="after_pool"),
        "R4": lambda: Autoencoder([64, 128], 16, [128, 64]),
        "R5": lambda: Autoencoder([64, 128], 16, [128, 64], join14="before_pool", join28=True),
        "R6": lambda: ResNet(6),
        "R10": Diffusion,
    }[name]()
    found = count(net)
    assert found == PARAMETERS[name], f"{name} has {found} parameters, expected {PARAMETERS[name]}"
    return net


def count(net):
    return sum(parameter.numel() for parameter in net.parameters())


def loss(name, logits, targets):
    """Mean binary cross-entropy of pixels, or mean cross-entropy of classes."""
    if name == "R6":
        return F.cross_entropy(logits, targets)
    if name == "R10":
        return F.mse_loss(*logits)
    return F.binary_cross_entropy_with_logits(logits, targets)


def exact_f32(threads):
    """So many threads, and no short cuts like TF32 or bf16 in place of f32."""
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    torch.set_float32_matmul_precision("highest")


MEMORY = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
