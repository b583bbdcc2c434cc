#!/usr/bin/env bash
# Measures ablate beside its peers and writes benches/README.md; arguments go to benches/bench.py (--quick, --rows …).
# Leaves .venv-bench with the peers: HyperQueue and submitit, and PyTorch (about 3 GB from PyPI) unless
# ABLATE_BENCH_PYTHON names a Python that has torch, numpy and h5py. ABLATE_BENCH_INDEX names another index for torch,
# such as https://download.pytorch.org/whl/cpu, whose builds are smaller.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv-bench
has() { "$1" -c "import ${2// /, }" 2>/dev/null; }
if [ ! -x $venv/bin/python ]; then
    python3 -m venv $venv || {
        echo "bench: needs Python 3 with venv: apt install python3-venv, module load python, or conda install python" >&2
        exit 1
    }
fi
python=${ABLATE_BENCH_PYTHON:-$venv/bin/python}
if [ -z "${ABLATE_BENCH_PYTHON:-}" ] && ! has $python "torch numpy h5py"; then
    echo "bench: installing PyTorch, NumPy and h5py into $venv"
    $venv/bin/python -m pip install --quiet ${ABLATE_BENCH_INDEX:+--index-url "$ABLATE_BENCH_INDEX"} torch==2.15.0
    $venv/bin/python -m pip install --quiet numpy h5py
fi
if ! has "$python" "torch numpy h5py"; then
    echo "bench: $python cannot import torch, numpy and h5py" >&2
    echo "  next: install them there, or leave ABLATE_BENCH_PYTHON unset" >&2
    exit 1
fi
# Each on its own: where one has no build for this machine, its cell in the table says so.
for package in hyperqueue==0.27.0 submitit==1.5.4; do
    has $venv/bin/python "${package%%=*}" || $venv/bin/python -m pip install --quiet "$package" ||
        echo "bench: $package could not be installed" >&2
done
command -v parallel >/dev/null || echo "bench: GNU parallel is not installed (apt install parallel): its cell stays empty" >&2

exec "$python" benches/bench.py --python "$python" --tools $venv/bin/python --features="$(cat .setup/features 2>/dev/null || true)" "$@"
