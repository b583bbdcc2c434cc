"""Numbers that Python and Rust (tests/vectors/mod.rs) compute alike, so that vector files hold results only."""

import numpy as np
import torch


def wave(shape, phase, scale=1.0, step=0.0, rate=1.7):
    """scale·sin(rate·i + phase) in f64, rounded to multiples of `step` where that is above 0, as f32."""
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    x = scale * np.sin(rate * i + phase)
    if step > 0:
        x = np.floor(x / step + 0.5) * step
    return torch.from_numpy(x.astype(np.float32).reshape(shape))


def short(tensor):
    """Nine significant digits: all that f32 holds."""
    return [float(f"{x:.9g}") for x in tensor.detach().reshape(-1).tolist()]
