"""Writes networks.json: every network of science.md in float64 (torch_networks.py), on tiny maps.

Run from anywhere with PyTorch 2.15.0 and numpy: python make_networks.py
Weights and inputs are waves that the Rust test computes too. Each case holds what the network costs, its answer, the
loss, and of every parameter's gradient the 2-norm and the product with a wave, which tells directions apart.
"""

import itertools
import json
import pathlib

import torch
import torch.nn.functional as F

import torch_networks
from wave import wave

torch.set_num_threads(1)

SENTENCES = [[0, 2, 4, 1, 3], [0, 5, 4, 1, 6]]


def short(tensor):
    """Seven significant digits: what f32 can be right about."""
    return [float(f"{x:.7g}") for x in tensor.detach().reshape(-1).tolist()]


def batch(config, io, n):
    """What the network reads, and the loss of its answer in our layout."""
    arch = config["model.arch"]
    if arch == "attention":
        words = torch.tensor(SENTENCES)
        right = words.roll(-1, 1)
        return [words], lambda x: F.cross_entropy(x.reshape(-1, 7), right.reshape(-1))
    shape = (n, *io["size"], io["channels"])
    x = (wave(shape, 0.1, 0.5) + 0.5).double()
    inputs = [x.permute(0, 3, 1, 2)]
    if arch == "unet":
        inputs = [wave(shape, 0.1).double().permute(0, 3, 1, 2), torch.tensor([3, 250, 999][:n])]
    if arch in ("mlp", "cnn", "resnet"):
        return inputs, lambda x: F.cross_entropy(x, 3 * torch.arange(n) % 10)
    if arch == "autoencoder":
        target = (wave(shape, 0.3, 0.5, rate=0.2) + 0.5).double()
        return inputs, lambda x: F.binary_cross_entropy_with_logits(x, target)
    if arch == "gate":
        return inputs, lambda x: F.mse_loss(x.reshape(n), wave((n,), 0.3).double())
    return inputs, lambda x: F.mse_loss(x, wave((*shape[:3], io["outputs"]), 0.3).double())


def in_our_layout(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def case(config, size, n=2, channels=1, outputs=1, train=False):
    io = {"size": size, "channels": channels, "outputs": outputs}
    network = torch_networks.build(config, io)
    torch_networks.draw(network, wave)
    network.train(train)
    inputs, loss_of = batch(config, io, n)
    answer = in_our_layout(network(*inputs))
    loss = loss_of(answer)
    loss.backward()

    def told(tensor, back, shape):
        # None where nothing depends on it: queries under uniform attention.
        g = back(torch.zeros_like(tensor) if tensor.grad is None else tensor.grad)
        return short(torch.stack([g.norm(), (g * wave(shape, 0.5).double()).sum()]))

    found = {
        "config": config,
        "io": io,
        "n": n,
        "train": train,
        "answer": short(answer),
        "loss": short(loss)[0],
        "gradients": {name: told(tensor, back, shape) for name, tensor, shape, _, back in torch_networks.parameters(network)},
    }
    if config["model.arch"] == "attention":
        found["weights"] = short(network.weights)
    if train:
        found["buffers"] = {name: short(x) for name, x in torch_networks.buffers(network).items()}
    network.eval()
    one = [x[:1] for x in inputs]
    return found | torch_networks.cost(network, lambda network: network(*one))


def full_size(config):
    """What the classifiers of R3 cost on MNIST."""
    network = torch_networks.build(config, {"size": [28, 28], "channels": 1})
    image = torch.zeros(1, 1, 28, 28, dtype=torch.double)
    return {"config": config, "size": [28, 28]} | torch_networks.cost(network.eval(), lambda network: network(image))


def write():
    cases = []
    for connection in ["none", "input_concat", "dense_concat", "add", "zero_concat"]:
        cases.append(case({"model.arch": "mlp", "model.depth": 4, "model.width": 5, "model.connection": connection}, [4, 3], 3))
    cases.append(case({"model.arch": "mlp", "model.depth": 1, "model.width": 5, "model.connection": "add"}, [2, 3], 3))
    for size in ["small", "large"]:
        cases.append(case({"model.arch": "cnn", "model.size": size}, [10, 8], 3))
    for combine in ["sum", "product", "sigmoid_gate", "softmax_gate"]:
        cases.append(case({"model.arch": "gate", "model.units": 3, "model.combine": combine}, [1, 2], 4))
    for attention, scaling, position in itertools.product(["softmax", "sigmoid", "uniform"], ["root_width", "none"], ["learned", "none"]):
        if attention != "uniform" or scaling == "root_width":
            config = {"model.attention": attention, "model.scaling": scaling, "model.position": position, "model.key_width": 10}
            cases.append(case({"model.arch": "attention"} | config, [1, 5]))
    for norm, residual in itertools.product(["none", "group", "batch"], ["none", "add", "pre_activation", "concat"]):
        config = {"model.arch": "resnet", "model.blocks": 2, "model.norm": norm, "model.residual": residual}
        # Those without normalisation or with a plain shortcut are in resnet.json.
        if norm != "none" or residual in ("pre_activation", "concat"):
            cases.append(case(config, [4, 6], 3, train=norm == "batch"))
    lecture = {"model.arch": "autoencoder", "model.widths": [3, 5], "model.bottleneck": 4}
    cases.append(case(lecture | {"model.skip.at": [4, 8], "model.skip.mode": "attention_gate"}, [8, 8]))
    cases.append(case(lecture | {"model.latent": "linear", "model.depth": 2, "model.residual": "add"}, [8, 4]))
    unet = {"model.arch": "unet", "model.widths": [3, 5], "model.depth": 2}
    for mode in ["concat", "add", "gate", "attention_gate", "zero"]:
        cases.append(case(unet | {"model.skip.at": [2, 4], "model.skip.mode": mode, "model.residual": "add"}, [4, 4]))
    cases.append(case(unet | {"model.residual": "none"}, [4, 6]))
    cases.append(case(unet | {"model.residual": "add", "model.attention_at": [2, 4], "model.skip.at": [4]}, [4, 4], 3))
    # Wider than groups, three levels, channels in and out as with latents and a learned variance.
    wide = {"model.widths": [10, 8, 12], "model.depth": 1, "model.residual": "add", "model.skip.at": [2, 4, 8], "model.attention_at": [2]}
    cases.append(case(unet | wide, [8, 8], 1, channels=2, outputs=4))
    text = {
        "made_by": "PyTorch " + torch.__version__.split("+")[0],
        "classifiers": [full_size({"model.arch": "cnn", "model.size": size}) for size in ["small", "large"]],
        "cases": cases,
    }
    lines = ",\n".join(json.dumps(case) for case in cases)
    head = json.dumps({key: value for key, value in text.items() if key != "cases"})
    pathlib.Path(__file__).with_name("networks.json").write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    write()
