"""The machine's sgemm rate: `train` multiplies two square f32 matrices with PyTorch (MKL) once."""

import argparse

import torch
from protocol import serve
from torch_nets import exact_f32


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    exact_f32(args.threads)
    a, b = torch.rand(args.size, args.size), torch.rand(args.size, args.size)
    product = torch.empty_like(a)

    def multiply():
        torch.mm(a, b, out=product)

    multiply()
    serve({"flop": 2 * args.size**3, "threads": torch.get_num_threads()}, multiply, multiply)


main()
