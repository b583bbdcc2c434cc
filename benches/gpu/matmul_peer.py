"""The GPU's measured peak: `train` multiplies two square matrices once, by cuBLAS through PyTorch, in one precision."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "peers"))

import torch  # noqa: E402
from protocol import serve  # noqa: E402

DTYPES = {"f32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--precision", choices=list(DTYPES), default="f32")
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = args.precision == "tf32"
    a, b = torch.rand(2, args.size, args.size, device=args.device, dtype=DTYPES[args.precision])
    product = torch.empty_like(a)

    def multiply():
        torch.mm(a, b, out=product)

    multiply()
    on_gpu = args.device == "cuda"
    serve({"flop": 2 * args.size**3}, multiply, multiply, torch.cuda.synchronize if on_gpu else None)


main()
