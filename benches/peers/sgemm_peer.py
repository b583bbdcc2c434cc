"""The machine's sgemm rate: `train` multiplies two square f32 matrices once, with MKL or OpenBLAS."""

import argparse

from protocol import serve


def with_mkl(size, threads):
    import torch
    from torch_nets import exact_f32

    exact_f32(threads)
    a, b = torch.rand(size, size), torch.rand(size, size)
    product = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=product)


def with_openblas(size, _threads):
    """NumPy's; `OPENBLAS_NUM_THREADS` says how many threads."""
    import numpy as np

    a, b = np.random.rand(2, size, size).astype(np.float32)
    product = np.empty_like(a)
    return lambda: np.matmul(a, b, out=product)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--library", choices=["mkl", "openblas"], default="mkl")
    args = parser.parse_args()
    multiply = {"mkl": with_mkl, "openblas": with_openblas}[args.library](args.size, args.threads)
    multiply()
    serve({"flop": 2 * args.size**3, "threads": args.threads}, multiply, multiply)


main()
