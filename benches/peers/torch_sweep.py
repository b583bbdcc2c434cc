"""The sweep of `make bench` in PyTorch: 2 arms × 8 seeds of R4s, as two single-thread processes that share the trials.

Each process imports torch, loads the images, trains its trials, evaluates each once and saves its losses with h5py.
Less is recorded than by ablate (no pictures, no other measures, no merge), which is PyTorch's gain.
"""

import argparse
import gzip
import os
import subprocess
import sys

ARMS = ["R4s_plain", "R4s"]
BATCH = 128
TEST_BATCH = 250


def load(images, part, n):
    """The first images of MNIST where `ABLATE_DATA_DIR` has it, else random ones: times are equal."""
    import numpy as np
    import torch

    name = {"train": "train", "test": "t10k"}[part] + "-images-idx3-ubyte.gz"
    if images is None:
        return torch.rand(n, 1, 28, 28)
    with gzip.open(os.path.join(images, "mnist", name)) as file:
        raw = file.read(16 + n * 784)
    pixels = np.frombuffer(raw, np.uint8, n * 784, offset=16).astype(np.float32) / 255
    return torch.from_numpy(pixels).reshape(n, 1, 28, 28)


def walk(images, generator):
    """Noise `uniform_walk`: 16 rounds of x + U(−0.2, 0.2), clipped to [0, 1] each."""
    import torch

    for _ in range(16):
        images = (images + torch.rand(images.shape, generator=generator).mul(0.4).sub(0.2)).clamp(0, 1)
    return images


def train(name, seed, clean, clean_test, epochs, memory):
    """One trial: losses of its epochs and its test loss."""
    import torch
    from torch_nets import build, loss

    generator = torch.Generator().manual_seed(seed)
    noisy, noisy_test = walk(clean, generator), walk(clean_test, generator)
    torch.manual_seed(seed)
    net = build(name).to(memory_format=memory)
    adam = torch.optim.Adam(net.parameters(), 1e-2, fused=True)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(clean), generator=generator).split(BATCH):
            x = noisy[batch].contiguous(memory_format=memory)
            y = clean[batch].contiguous(memory_format=memory)
            adam.zero_grad(set_to_none=True)
            value = loss(name, net(x), y)
            value.backward()
            adam.step()
            total += value.item() * len(batch)
        losses.append(total / len(clean))
    total = 0.0
    with torch.inference_mode():
        for x, y in zip(noisy_test.split(TEST_BATCH), clean_test.split(TEST_BATCH)):
            logits = net(x.contiguous(memory_format=memory))
            total += loss(name, logits, y.contiguous(memory_format=memory)).item() * len(x)
    return losses, total / len(clean_test)


def work(args):
    """One process: every second seed, both arms."""
    import h5py
    from torch_nets import MEMORY, exact_f32

    exact_f32(1)
    clean, clean_test = load(args.data, "train", args.train), load(args.data, "test", args.test)
    with h5py.File(os.path.join(args.out, f"losses-{args.part}.h5"), "w") as file:
        for seed in range(args.part, args.seeds, 2):
            for arm in ARMS:
                losses, test = train(arm, seed, clean, clean_test, args.epochs, MEMORY[args.layout])
                trial = file.create_group(f"{arm}/{seed}")
                trial["train_loss"] = losses
                trial.attrs["test_bce"] = test


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="folder of the losses")
    parser.add_argument("--data", help="folder that has mnist/; random images without it")
    parser.add_argument("--layout", default="contiguous")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--part", type=int, help="be the process that trains these seeds: 0 or 1")
    args = parser.parse_args()
    if args.part is not None:
        return work(args)
    command = [sys.executable, *sys.argv]
    parts = [subprocess.Popen([*command, "--part", str(part)]) for part in (0, 1)]
    if any([part.wait() for part in parts]):
        sys.exit("a process of the PyTorch sweep failed")


main()
