#!/usr/bin/env bash
# The unsafe code (SIMD kernels, mallopt) under AddressSanitizer, on every instruction set of this machine, against the definition
# and each other; and a short sweep under valgrind, where its emulated processor has AVX2 but no AVX-512.
set -euo pipefail
cd "$(dirname "$0")/.."
read -r -a features <<<"$(cat .setup/features 2>/dev/null || true)"
target=$(rustc -vV | sed -n 's/^host: //p')
if cargo +nightly --version >/dev/null 2>&1; then
    # HDF5 keeps what it allocates once: no leak of ours.
    RUSTFLAGS="-Zsanitizer=address" ASAN_OPTIONS=detect_leaks=0 CARGO_TARGET_DIR=target/sanitize \
        cargo +nightly test --locked "${features[@]}" --target "$target" --lib -- nn:: train::memory
else
    echo "sanitize: nightly Rust is missing (rustup toolchain install nightly): AddressSanitizer was left out" >&2
fi
command -v valgrind >/dev/null || { echo "sanitize: valgrind is missing (apt install valgrind)" >&2; exit 1; }
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
cargo build --locked "${features[@]}"
valgrind --quiet --trace-children=yes --error-exitcode=99 --errors-for-leak-kinds=none \
    --suppressions=scripts/valgrind.supp target/debug/ablate run jobs/smoke.yaml --quick --results "$results" --workers 1
echo "sanitize: nothing found"
