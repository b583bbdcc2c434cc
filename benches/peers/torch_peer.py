"""PyTorch's side of `make bench`: eager, the same nets, loss, batch and Adam (see protocol.rs)."""

import argparse
import contextlib

import torch
from protocol import serve
from torch_nets import CLASSES, MEMORY, SIDE, build, count, exact_f32, loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--net", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--layout", choices=list(MEMORY), default="contiguous")
    parser.add_argument("--adam", choices=["foreach", "fused"], default="foreach")
    args = parser.parse_args()

    exact_f32(args.threads)
    torch.manual_seed(0)
    memory = MEMORY[args.layout]
    net = build(args.net).to(memory_format=memory)
    images = torch.rand(args.batch, 1, SIDE, SIDE).contiguous(memory_format=memory)
    if args.net == "R6":
        targets = torch.randint(CLASSES, (args.batch,))
    else:
        targets = torch.rand(args.batch, 1, SIDE, SIDE).contiguous(memory_format=memory)
    adam = torch.optim.Adam(net.parameters(), 1e-3, **{args.adam: True})

    def precision():
        if args.dtype == "bf16":
            return torch.autocast("cpu", torch.bfloat16)
        return contextlib.nullcontext()

    def train():
        adam.zero_grad(set_to_none=True)
        with precision():
            value = loss(args.net, net(images), targets)
        value.backward()
        adam.step()

    def evaluate():
        with torch.inference_mode(), precision():
            net(images)

    train()
    ready = {
        "net": args.net,
        "params": count(net),
        "threads": torch.get_num_threads(),
        "dispatch": torch.backends.cpu.get_cpu_capability(),
        "version": torch.__version__,
    }
    serve(ready, train, evaluate)


main()
