#!/usr/bin/env bash
# Builds ablate-cuda, the build that trains on NVIDIA GPUs, into target/cuda, and puts it beside a plain ablate (no
# argument); or runs the tests on a GPU (test); or builds the bench of an optimiser step and prints its path (step).
#
# With nvcc on the PATH (`module load cuda12.2/toolkit`), against that CUDA, 12 or newer. CUDA_COMPUTE_CAP says for which
# GPU: 70 for V100 (CUDA 12 only: 13 no longer knows it), 80 for A100, 90 for H100 and H200; where nvidia-smi answers, it
# need not be said.
#
# Without nvcc, against NVIDIA's wheels from PyPI (CUDA 13, about 1 GB into .venv-cuda) and a stub of the driver: so the GPU
# code compiles and links on machines without CUDA or GPU. That program does not run: it is a check, not a product.
#
# candle's kernels for quantised models, which nobody here calls, would take nvcc far longer than all else together: there
# only their names are made.
#
# Seen so far: the build and link against wheels and stub (quarter of an hour on two cores, 2026-12-01), and of the tests on a
# GPU. Not yet seen: any build with a CUDA module.
set -euo pipefail
cd "$(dirname "$0")/.."
read -r -a features <<<"$(cat .setup/features 2>/dev/null || true)"
here=target/cuda
mkdir -p $here

# An nvcc for candle's build script, which compiles all kernels that it needs to PTX, and those for quantised models to objects.
nvcc_but_for_quantised() {
    cat <<NVCC
#!/usr/bin/env bash
out=
for ((at = 1; at < \$#; at++)); do
    [ "\${!at}" != -o ] || { next=\$((at + 1)) && out=\${!next}; }
done
case \$out in
*/mmq_quantize-*.o) # one object has all names
    grep -oE '\bfn [A-Za-z0-9_]+' "\$CARGO_MANIFEST_DIR/src/ffi.rs" | sort -u | sed 's/fn \(.*\)/int \1(void) { return 34; }/' |
        exec cc -w -fPIC -x c -c - -o "\$out"
    ;;
*.o) exec cc -x c -c /dev/null -o "\$out" ;;
*) exec "$1" "\$@" ;;
esac
NVCC
}

# A CUDA_HOME out of wheels: links with the names that builds look for, and a libcuda that defines everything and does nothing.
home_from_wheels() {
    local packages=(nvidia-cuda-nvcc nvidia-cuda-runtime nvidia-nvvm nvidia-cuda-crt nvidia-cuda-cccl nvidia-cublas nvidia-cuda-nvrtc)
    local wheels home=$1
    [ -x .venv-cuda/bin/python ] || python3 -m venv .venv-cuda
    wheels=$(compgen -G ".venv-cuda/lib/python3*/site-packages/nvidia/cu13" || true)
    if [ ! -e "$wheels/bin/nvcc" ] || [ ! -e "$wheels/include/curand.h" ]; then
        echo >&2 "cuda: installing NVIDIA's wheels into .venv-cuda"
        .venv-cuda/bin/python -m pip install --quiet "${packages[@]/%/==13.0.*}" nvidia-curand ||
            { echo "cuda: NVIDIA's wheels could not be installed, and there is no nvcc on the PATH" >&2; exit 1; }
        wheels=$(compgen -G ".venv-cuda/lib/python3*/site-packages/nvidia/cu13")
    fi
    wheels=$PWD/$wheels
    [ ! -L "$home/bin" ] || rm "$home/bin" # as earlier versions made it
    mkdir -p "$home/lib64/stubs" "$home/bin"
    for part in include nvvm; do
        ln -sfn "$wheels/$part" "$home/$part"
    done
    nvcc_but_for_quantised "$wheels/bin/nvcc" >"$home/bin/nvcc"
    chmod +x "$home/bin/nvcc"
    local library name
    for library in "$wheels"/lib/*.so*; do
        name=$(basename "$library")
        ln -sfn "$library" "$home/lib64/$name"
        ln -sfn "$library" "$home/lib64/${name%%.so*}.so"
    done
    ln -sfn "$wheels"/lib/libcudadevrt.a "$wheels"/lib/libcudart_static.a "$home/lib64/"
    # Every function that the header or its macros name; 34 is CUDA_ERROR_STUB_LIBRARY.
    grep -ohE '\bcu[A-Z][A-Za-z0-9]*(_v[0-9]+)?(_ptds|_ptsz)?\b' "$wheels/include/cuda.h" | sort -u |
        sed 's/.*/int &(void) { return 34; }/' >"$home/stub.c"
    cc -w -fPIC -shared -Wl,-soname,libcuda.so.1 -o "$home/lib64/stubs/libcuda.so" "$home/stub.c"
}

if nvcc=$(command -v nvcc); then
    CUDA_HOME=${CUDA_HOME:-$(dirname "$(dirname "$(readlink -f "$nvcc")")")}
    if [ -z "${CUDA_COMPUTE_CAP:-}" ]; then
        CUDA_COMPUTE_CAP=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .) || true
        [ -n "$CUDA_COMPUTE_CAP" ] || {
            echo "cuda: for which GPU? CUDA_COMPUTE_CAP=70 (V100), 80 (A100) or 90 (H100, H200) make cuda" >&2
            exit 2
        }
    fi
    stub=false
    profile=release
else
    CUDA_HOME=$PWD/$here/home
    home_from_wheels "$CUDA_HOME"
    CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
    stub=true
    profile=dev # checked, not run: the quicker build
    export PATH="$CUDA_HOME/bin:$PATH"
fi
export CUDA_HOME CUDA_COMPUTE_CAP
echo >&2 "cuda: building for sm_$CUDA_COMPUTE_CAP with $("$CUDA_HOME/bin/nvcc" --version | grep -o 'release [0-9.]*') of $CUDA_HOME"

# cudarc looks for libraries in places of its own; the linker finds these in any case.
export LIBRARY_PATH="$CUDA_HOME/lib64:$CUDA_HOME/lib64/stubs${LIBRARY_PATH:+:$LIBRARY_PATH}"
run_cargo() {
    local command=$1
    shift
    "${CARGO:-cargo}" "$command" --locked --target-dir $here --features cuda "${features[@]}" "$@"
}
case ${1:-build} in
build)
    run_cargo build --profile $profile
    made=$here/${profile/dev/debug}
    cp "$made/ablate" "$made/ablate-cuda"
    if $stub; then
        echo "cuda: compiled and linked; against a stub of the driver, so $made/ablate-cuda is not to be run"
    elif [ -d target/release ]; then
        cp "$made/ablate-cuda" target/release/ablate-cuda
        echo "cuda: target/release/ablate-cuda"
    fi
    ;;
test)
    # One after the other: what a process multiplies is one setting of it.
    run=(-- --test-threads=1)
    ! $stub || run=(--no-run)
    run_cargo test --profile $profile --test on_gpu "${run[@]}"
    ;;
step)
    run_cargo bench --bench step --no-run --message-format=json | grep '"name":"step"' | grep -o '"executable":"[^"]*"' | cut -d'"' -f4
    ;;
esac
