"""PyTorch's side of `make bench-gpu`: the nets of benches/peers/torch_nets.py on a GPU, eager or compiled, optimiser steps
on command (benches/peers/protocol.rs). Steps of a command follow each other without waiting, as in training; their time
ends when the GPU has done the last one. `--device cpu` is for trying the script where there is no GPU."""

import argparse
import contextlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "peers"))

import torch  # noqa: E402
from protocol import serve  # noqa: E402
from torch_nets import CLASSES, MEMORY, SIDE, build, count, loss  # noqa: E402


def launches(train):
    """Kernels (and copies) of one step, as PyTorch's profiler counts them."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        train()
        torch.cuda.synchronize()
    return sum(event.count for event in seen.key_averages())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--net", required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--layout", choices=list(MEMORY), default="channels_last")
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16", "f16"], default="f32", help="bf16 and f16: autocast, f16 with loss scaling")
    parser.add_argument("--compile", choices=["no", "default", "reduce-overhead"], default="no", help="reduce-overhead: CUDA graphs")
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    on_gpu = args.device == "cuda"

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.precision == "tf32"
    torch.backends.cudnn.benchmark = True  # its best
    torch.manual_seed(0)
    torch.set_default_device(args.device)
    memory = MEMORY[args.layout]
    net = build(args.net).to(args.device).to(memory_format=memory)
    images = torch.rand(args.batch, 1, SIDE, SIDE).contiguous(memory_format=memory)
    if args.net == "R6":
        targets = torch.randint(CLASSES, (args.batch,))
    else:
        targets = torch.rand(args.batch, 1, SIDE, SIDE).contiguous(memory_format=memory)
    adam = torch.optim.Adam(net.parameters(), 1e-3, fused=True)

    short = {"bf16": torch.bfloat16, "f16": torch.float16}.get(args.precision)
    scaler = torch.amp.GradScaler(args.device, enabled=args.precision == "f16")

    def shortened():
        return torch.autocast(args.device, short) if short else contextlib.nullcontext()

    def forward(x):
        with shortened():  # losses take f32 there
            return loss(args.net, net(x), targets)

    if args.compile != "no":
        forward = torch.compile(forward, mode=args.compile)

    def train():
        adam.zero_grad(set_to_none=True)
        scaler.scale(forward(images)).backward()
        scaler.step(adam)
        scaler.update()

    def evaluate():
        with torch.inference_mode(), shortened():
            net(images)

    for _ in range(5):
        train()
    ready = {"net": args.net, "params": count(net), "version": torch.__version__}
    if on_gpu:
        ready |= {
            "gpu": torch.cuda.get_device_name(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "launches": launches(train),
            "memory_mb": torch.cuda.max_memory_allocated() / 1e6,
        }
    serve(ready, train, evaluate, torch.cuda.synchronize if on_gpu else None)


main()
