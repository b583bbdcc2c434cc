#!/usr/bin/env bash
# The unsafe code (SIMD kernels, mallopt) under AddressSanitizer, on every instruction set of this machine, against the definition
# and each other; and training under valgrind, whose emulated processor has AVX2 but no AVX-512: steps, checkpoints, going on from
# them. (A whole `ablate run` cannot be: it starts its workers by /proc/self/exe, which is valgrind itself there.)
set -euo pipefail
cd "$(dirname "$0")/.."
read -r -a features <<<"$(cat .setup/features 2>/dev/null || true)"
target=$(rustc -vV | sed -n 's/^host: //p')
if cargo +nightly --version >/dev/null 2>&1; then
    # HDF5 keeps what it allocates once: no leak of ours. A quick build: the sanitizer takes longer than what it watches.
    RUSTFLAGS="-Zsanitizer=address" ASAN_OPTIONS=detect_leaks=0 CARGO_TARGET_DIR=target/sanitize \
        cargo +nightly test --locked "${features[@]}" --target "$target" --lib \
        --config 'profile.dev.package."*".opt-level=1' --config profile.dev.opt-level=1 -- nn:: train::memory
else
    echo "sanitize: nightly Rust is missing (rustup toolchain install nightly): AddressSanitizer was left out" >&2
fi
command -v valgrind >/dev/null || { echo "sanitize: valgrind is missing (apt install valgrind)" >&2; exit 1; }
tests=$(cargo test --locked "${features[@]}" --no-run --test train --message-format=json |
    grep '"name":"train"' | grep -o '"executable":"[^"]*"' | cut -d'"' -f4)
valgrind --quiet --error-exitcode=99 --errors-for-leak-kinds=none "$tests" --test-threads 1 resume same::a_real_network
echo "sanitize: nothing found"
