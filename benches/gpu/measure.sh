#!/usr/bin/env bash
# Measures ablate-cuda beside PyTorch on this machine's first GPU (`make bench-gpu`); arguments go to measure.py (--quick).
# Needs nvcc (module load cuda12.2/toolkit) and a Python with PyTorch for CUDA: the one named by ABLATE_BENCH_PYTHON, or
# .venv-bench's, into which PyTorch is installed where it is missing.
# For packing with MPS, start its daemon first: nvidia-cuda-mps-control -d
set -euo pipefail
cd "$(dirname "$0")/../.."

nvidia-smi >/dev/null 2>&1 || { echo "bench-gpu: there is no GPU here: nvidia-smi does not answer" >&2; exit 1; }
scripts/setup.sh run
step=$(scripts/cuda.sh step)

python=${ABLATE_BENCH_PYTHON:-.venv-bench/bin/python}
if [ -z "${ABLATE_BENCH_PYTHON:-}" ]; then
    [ -x .venv-bench/bin/python ] || python3 -m venv .venv-bench
    $python -c 'import torch' 2>/dev/null || $python -m pip install --quiet torch==2.15.0 numpy h5py
fi
exec "$python" benches/gpu/measure.py --python "$python" --step "$step" "$@"
