"""The networks of science.md R1 to R11 as one writes them in PyTorch, from the recipes and not from the Rust.

Only names are shared: `parameters(network)` gives them as the Rust calls them, with weights as they lie there:
[kernel, kernel, in, out], maps [n, h, w, c], dense layers reading rows, columns, channels.
"""

import math
import re

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES = 10
VOCABULARY = 7
DEFAULTS = {
    "model.depth": 1,
    "model.bottleneck": 16,
    "model.residual": "none",
    "model.skip.at": [],
    "model.skip.mode": "concat",
    "model.skip.tap": "before_pool",
    "model.norm": "none",
    "model.latent": "relu",
    "model.connection": "none",
    "model.position": "learned",
    "model.scaling": "root_width",
    "model.attention": "softmax",
    "model.attention_at": [],
}


class Settings:
    """Settings by the last part of their path: `s.depth`."""

    def __init__(self, config):
        for path, value in (DEFAULTS | config).items():
            setattr(self, path.removeprefix("model.").replace(".", "_"), value)


def rows_columns_channels(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def conv(inputs, outputs, kernel=3, padding=None):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2 if padding is None else padding)


class Mlp(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        self.s = s
        inputs = math.prod(io["size"]) * io["channels"]
        reads = [inputs]
        for layer in range(1, s.depth):
            match s.connection:
                case "none" | "add":
                    reads.append(s.width)
                case "input_concat" | "zero_concat":
                    reads.append(s.width + inputs)
                case "dense_concat":
                    reads.append(inputs + layer * s.width)
        self.hidden = nn.ModuleList(nn.Linear(n, s.width) for n in reads)
        if s.connection == "add" and s.depth > 1:
            self.project = nn.Linear(inputs, s.width)
        self.output = nn.Linear(s.width, CLASSES)

    def forward(self, x):
        x = rows_columns_channels(x)
        h = F.relu(self.hidden[0](x))
        if self.s.connection == "add" and self.s.depth > 1:
            h = h + self.project(x)
        earlier = [x, h]
        for layer in self.hidden[1:]:
            match self.s.connection:
                case "none":
                    h = F.relu(layer(h))
                case "add":
                    h = F.relu(layer(h)) + h
                case "input_concat":
                    h = F.relu(layer(torch.cat([h, x], 1)))
                case "zero_concat":
                    h = F.relu(layer(torch.cat([h, torch.zeros_like(x)], 1)))
                case "dense_concat":
                    h = F.relu(layer(torch.cat(earlier, 1)))
            earlier.append(h)
        return self.output(h)


class Cnn(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        first, second, dense, drops = {"small": (16, 16, 32, (0, 0)), "large": (32, 64, 128, (0.25, 0.5))}[s.size]
        self.conv = nn.ModuleList([conv(io["channels"], first, padding=0), conv(first, second, padding=0)])
        height, width = io["size"]
        self.dense = nn.Linear(second * ((height - 4) // 2) * ((width - 4) // 2), dense)
        self.output = nn.Linear(dense, CLASSES)
        self.drops = nn.ModuleList(nn.Dropout(p) for p in drops)

    def forward(self, x):
        for layer in self.conv:
            x = F.relu(layer(x))
        x = self.drops[0](F.max_pool2d(x, 2))
        x = F.relu(self.dense(rows_columns_channels(x)))
        return self.output(self.drops[1](x))


class Gate(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        self.combine = s.combine
        numbers = math.prod(io["size"])
        self.first, self.second = nn.Linear(numbers, s.units), nn.Linear(numbers, s.units)
        self.readout = nn.Linear(s.units, 1)

    def forward(self, x):
        a, b = self.first(x.flatten(1)), self.second(x.flatten(1))
        match self.combine:
            case "sum":
                units = torch.sigmoid(a) + torch.sigmoid(b)
            case "product":
                units = torch.sigmoid(a) * torch.sigmoid(b)
            case "sigmoid_gate":
                units = torch.sigmoid(a) * b
            case "softmax_gate":
                units = torch.softmax(a, 1) * b
        return self.readout(units)


class Sentence(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        self.s = s
        self.tokens = nn.Embedding(VOCABULARY, VOCABULARY)
        if s.position == "learned":
            self.places = nn.Embedding(io["size"][1], VOCABULARY)
        self.query = nn.Linear(VOCABULARY, s.key_width, bias=False)
        self.key = nn.Linear(VOCABULARY, s.key_width, bias=False)
        self.value = nn.Linear(VOCABULARY, VOCABULARY, bias=False)
        self.macs = io["size"][1] ** 2 * (s.key_width + VOCABULARY)

    def forward(self, words):
        x = self.tokens(words)
        length = words.shape[1]
        if self.s.position == "learned":
            x = x + self.places(torch.arange(length))
        scores = torch.einsum("bqd,bkd->bqk", self.query(x), self.key(x))
        if self.s.scaling == "root_width":
            scores = scores / math.sqrt(self.s.key_width)
        seen = torch.ones(length, length).tril().to(scores)
        match self.s.attention:
            case "softmax":
                weights = torch.softmax(scores.masked_fill(seen == 0, -torch.inf), 2)
            case "sigmoid":
                weights = torch.sigmoid(scores) * seen
            case "uniform":
                weights = (seen / seen.sum(1, keepdim=True)).expand_as(scores)
        self.weights = weights
        return torch.einsum("bqk,bkd->bqd", weights, self.value(x)) + x


class Bottleneck(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        self.conv = nn.ModuleList([conv(64, 16, 1), conv(16, 16), conv(16, 64, 1)])
        norm = {"none": lambda c: nn.Identity(), "group": lambda c: nn.GroupNorm(8, c), "batch": nn.BatchNorm2d}[s.norm]
        self.norm = nn.ModuleList(norm(c) for c in (16, 16, 64))
        if s.residual == "concat":
            self.back = conv(128, 64, 1)

    def forward(self, x):
        y = x
        for layer, norm in zip(self.conv, self.norm):
            if self.s.residual == "pre_activation":
                y = norm(layer(F.relu(y)))
            else:
                y = F.relu(norm(layer(y)))
        match self.s.residual:
            case "none":
                return y
            case "add" | "pre_activation":
                return x + y
            case "concat":
                return self.back(torch.cat([x, y], 1))


class Resnet(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        self.stem = conv(io["channels"], 64)
        self.block = nn.ModuleList(Bottleneck(s) for _ in range(s.blocks))
        self.dense = nn.Linear(64 * math.prod(side // 2 for side in io["size"]), 32)
        self.output = nn.Linear(32, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        for block in self.block:
            x = block(x)
        return self.output(F.relu(self.dense(rows_columns_channels(x))))


class Join(nn.Module):
    """Joins an encoder map e to a decoder map d; `channels` is what comes out."""

    def __init__(self, mode, decoder, encoder):
        super().__init__()
        self.mode = mode
        self.channels = decoder + encoder
        if mode == "add":
            self.channels = decoder
            if decoder != encoder:
                self.project = conv(encoder, decoder, 1)
        if mode == "gate":
            self.gate = conv(decoder + encoder, encoder, 1)
        if mode == "attention_gate":
            self.attend = conv(decoder + encoder, (encoder + 1) // 2, 1)
            self.attend_to = conv((encoder + 1) // 2, 1, 1)

    def forward(self, d, e):
        both = torch.cat([d, e], 1)
        match self.mode:
            case "concat":
                return both
            case "zero":
                return torch.cat([d, torch.zeros_like(e)], 1)
            case "add":
                return d + (self.project(e) if hasattr(self, "project") else e)
            case "gate":
                return torch.cat([d, e * torch.sigmoid(self.gate(both))], 1)
            case "attention_gate":
                return torch.cat([d, e * torch.sigmoid(self.attend_to(F.relu(self.attend(both))))], 1)


class Level(nn.Module):
    """`depth` convolutions with ReLU; what is joined before the first."""

    def __init__(self, s, inputs, width, skip=None):
        super().__init__()
        if skip:
            self.join = Join(s.skip_mode, inputs, skip)
            inputs = self.join.channels
        self.residual = s.residual
        self.conv = nn.ModuleList(conv(inputs if at == 0 else width, width) for at in range(s.depth))

    def forward(self, x, skip=None):
        if hasattr(self, "join"):
            x = self.join(x, skip)
        for at, layer in enumerate(self.conv):
            y = F.relu(layer(x))
            x = x + y if at > 0 and self.residual == "add" else y
        return x


class Output(nn.Module):
    """The convolution that gives the logits, and what is joined before it."""

    def __init__(self, s, inputs, skip=None):
        super().__init__()
        if skip:
            self.join = Join(s.skip_mode, inputs, skip)
            inputs = self.join.channels
        self.conv = nn.ModuleList([conv(inputs, 1)])

    def forward(self, x, skip=None):
        return self.conv[0](self.join(x, skip) if hasattr(self, "join") else x)


class Autoencoder(nn.Module):
    """Skips taken before the pool."""

    def __init__(self, s, io):
        super().__init__()
        self.s = s
        heights = [io["size"][0] >> level for level in range(len(s.widths))]
        width_at = dict(zip(heights, s.widths))
        skip = lambda height: width_at[height] if height in s.skip_at else None
        widths = [1, *s.widths]
        self.encoder = nn.ModuleList(Level(s, a, b) for a, b in zip(widths, widths[1:]))
        self.bottleneck = nn.ModuleDict({"conv": nn.ModuleList([conv(s.widths[-1], s.bottleneck)])})
        self.decoder = nn.ModuleList()
        x, height = s.bottleneck, heights[-1] // 2
        for width in reversed(s.widths):
            self.decoder.append(Level(s, x, width, skip(height)))
            x, height = width, 2 * height
        self.output = Output(s, x, skip(height))

    def forward(self, x):
        maps = {}
        for level in self.encoder:
            x = level(x)
            maps[x.shape[2]] = x
            x = F.max_pool2d(x, 2)
        x = self.bottleneck["conv"][0](x)
        if self.s.latent == "relu":
            x = F.relu(x)
        for level in self.decoder:
            x = F.interpolate(level(x, maps.get(x.shape[2])), scale_factor=2, mode="nearest")
        return self.output(x, maps.get(x.shape[2]))


def group_norm(channels):
    return nn.GroupNorm(max(g for g in range(1, 9) if channels % g == 0), channels)


class Attend(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = group_norm(channels)
        self.query, self.key, self.value, self.output = (conv(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        y = self.norm(x)
        q, k, v = (layer(y).flatten(2) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(torch.einsum("bcq,bck->bqk", q, k) / math.sqrt(x.shape[1]), 2)
        self.macs = 2 * q.shape[2] ** 2 * q.shape[1]
        seen = torch.einsum("bqk,bck->bcq", weights, v).reshape(x.shape)
        return x + self.output(seen)


class Block(nn.Module):
    def __init__(self, s, inputs, width, time, height):
        super().__init__()
        self.norm = nn.ModuleList([group_norm(inputs), group_norm(width)])
        self.conv = nn.ModuleList([conv(inputs, width), conv(width, width)])
        self.time = nn.Linear(time, width)
        self.residual = s.residual
        if s.residual == "add" and inputs != width:
            self.shortcut = conv(inputs, width, 1)
        if height in s.attention_at:
            self.attend = Attend(width)

    def forward(self, x, time):
        y = self.conv[0](F.silu(self.norm[0](x)))
        y = y + self.time(time)[:, :, None, None]
        y = self.conv[1](F.silu(self.norm[1](y)))
        if self.residual == "add":
            y = y + (self.shortcut(x) if hasattr(self, "shortcut") else x)
        return self.attend(y) if hasattr(self, "attend") else y


class Unet(nn.Module):
    def __init__(self, s, io):
        super().__init__()
        base, height = s.widths[0], io["size"][0]
        self.embedded = max(4, base + base % 2)
        time = 4 * base
        self.time = nn.ModuleList([nn.Linear(self.embedded, time), nn.Linear(time, time)])
        self.stem = conv(io["channels"], base)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        x, last = base, len(s.widths) - 1
        for level, width in enumerate(s.widths):
            down = nn.Module()
            down.block = nn.ModuleList(Block(s, x if at == 0 else width, width, time, height >> level) for at in range(s.depth))
            x = width
            if level < last:
                down.next = nn.Conv2d(width, width, 3, stride=2, padding=1)
            self.down.append(down)
        bottom = height >> last
        # Attention here stands between the two blocks, and not behind each.
        plain = Settings({"model.residual": s.residual})
        self.middle = nn.ModuleDict({"0": Block(plain, x, x, time, bottom), "1": Block(plain, x, x, time, bottom)})
        if bottom in s.attention_at:
            self.middle["attend"] = Attend(x)
        ups = {}
        for level in range(last, -1, -1):
            width, up = s.widths[level], nn.Module()
            if level < last:
                up.add_module("from", conv(x, width))
                x = width
            if height >> level in s.skip_at:
                up.join = Join(s.skip_mode, x, width)
                x = up.join.channels
            up.block = nn.ModuleList(Block(s, x if at == 0 else width, width, time, height >> level) for at in range(s.depth))
            x = width
            ups[level] = up
        self.up.extend(ups[level] for level in range(last + 1))
        self.output_norm = group_norm(x)
        self.output = conv(x, io["outputs"])

    def forward(self, x, t):
        half = self.embedded // 2
        frequencies = torch.exp(-math.log(1e4) * torch.arange(half, dtype=x.dtype) / (half - 1))
        angles = t.to(x.dtype)[:, None] * frequencies
        time = self.time[0](torch.cat([angles.sin(), angles.cos()], 1))
        # Every block passes it through SiLU first.
        time = F.silu(self.time[1](F.silu(time)))
        x, maps = self.stem(x), []
        for level in self.down:
            for block in level.block:
                x = block(x, time)
            maps.append(x)
            if hasattr(level, "next"):
                x = level.next(x)
        x = self.middle["0"](x, time)
        if "attend" in self.middle:
            x = self.middle["attend"](x)
        x = self.middle["1"](x, time)
        for level, skip in zip(reversed(self.up), reversed(maps)):
            if hasattr(level, "from"):
                x = getattr(level, "from")(F.interpolate(x, scale_factor=2, mode="nearest"))
            if hasattr(level, "join"):
                x = level.join(x, skip)
            for block in level.block:
                x = block(x, time)
        return self.output(F.silu(self.output_norm(x)))


def build(config, io):
    """The network of a config (by path, as in a sweep) in float64."""
    made = {"mlp": Mlp, "cnn": Cnn, "gate": Gate, "attention": Sentence, "resnet": Resnet, "autoencoder": Autoencoder, "unet": Unet}
    return made[config["model.arch"]](Settings(config), io).double()


def ours(name):
    """A module's name in the Rust: what normalises a convolution's output is named after it."""
    name = re.sub(r"^(block\.\d+)\.norm\.(\d)", r"\1.conv.\2.norm", name)
    return name.replace("output_norm", "output.norm")


def parameters(network):
    """(name, tensor, our shape, from our layout to PyTorch's, the way back) of every parameter, by name."""
    found = []
    same = lambda x: x
    for name, module in network.named_modules():
        name = ours(name)
        match module:
            case nn.Conv2d():
                out, inputs, k, _ = module.weight.shape
                to = lambda x: x.permute(3, 2, 0, 1)
                back = lambda x: x.permute(2, 3, 1, 0)
                found.append((name + ".weight", module.weight, (k, k, inputs, out), to, back))
                found.append((name + ".bias", module.bias, (out,), same, same))
            case nn.Linear():
                out, inputs = module.weight.shape
                to = lambda x: x[0, 0].T
                found.append((name + ".weight", module.weight, (1, 1, inputs, out), to, lambda x: x.T[None, None]))
                if module.bias is not None:
                    found.append((name + ".bias", module.bias, (out,), same, same))
            case nn.GroupNorm() | nn.BatchNorm2d():
                c = module.weight.shape
                found.append((name + ".scale", module.weight, tuple(c), same, same))
                found.append((name + ".shift", module.bias, tuple(c), same, same))
            case nn.Embedding():
                found.append((name, module.weight, tuple(module.weight.shape), same, same))
    return sorted(found, key=lambda parameter: parameter[0])


def buffers(network):
    """Running averages by name."""
    found = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            found[ours(name) + ".mean"] = module.running_mean
            found[ours(name) + ".variance"] = module.running_var
    return dict(sorted(found.items()))


def draw(network, wave):
    """Sets all parameters by the formula that the Rust test knows too."""
    for at, (name, tensor, shape, to, _) in enumerate(parameters(network)):
        scale = 0.1 if len(shape) == 1 else math.sqrt(2 / math.prod(shape[:-1]))
        middle = 1.0 if name.endswith(".scale") else 0.0
        with torch.no_grad():
            tensor.copy_(to((wave(shape, float(at), scale) + middle).double()))


def cost(network, run):
    """Parameters, and multiply-accumulates of one image: `run` feeds one."""
    macs = 0

    def count(module, _, out):
        nonlocal macs
        match module:
            case nn.Conv2d():
                macs += module.weight.numel() * out.shape[2] * out.shape[3]
            case nn.Linear():
                macs += module.weight.numel() * (out.shape[1] if out.dim() == 3 else 1)
            case Attend() | Sentence():
                macs += module.macs

    hooks = [module.register_forward_hook(count) for module in network.modules()]
    run(network)
    for hook in hooks:
        hook.remove()
    return {"params": sum(p.numel() for p in network.parameters()), "macs": macs}
