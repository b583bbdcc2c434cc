#!/usr/bin/env bash
# Lets libFuzzer look for bytes that ablate does not bear: each format in fuzz/fuzz_targets/ for ABLATE_FUZZ_SECONDS (600), or
# only those that are named. Needs nightly Rust and cargo-fuzz. What it finds lies in fuzz/artifacts/; put it into
# fuzz/seeds/<format>/, where `make test` tries it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo +nightly --version >/dev/null 2>&1 || { echo "fuzz: nightly Rust is missing: rustup toolchain install nightly" >&2; exit 1; }
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
# Records are read by the program itself, in its limited child.
cargo build --locked
export ABLATE_TEST_BINARY=$PWD/target/debug/ablate
formats=("$@")
[ ${#formats[@]} -gt 0 ] || formats=(sweep images checkpoint message record)
status=0
for format in "${formats[@]}"; do
    seeds=("fuzz/seeds/$format")
    [ "$format" != sweep ] || seeds+=(jobs tests/broken)
    mkdir -p "fuzz/corpus/$format"
    echo "fuzz: $format"
    # A text is refused within a second and 256 MiB (promise 19); the sanitizer takes memory of its own. A record may take the
    # reader of each look at it ten seconds of computing, its limit (src/cli/guarded.rs): HDF5 loops over some.
    patience=10
    [ "$format" != record ] || patience=120
    cargo +nightly fuzz run "$format" "fuzz/corpus/$format" "${seeds[@]}" -- \
        -max_total_time="${ABLATE_FUZZ_SECONDS:-600}" -timeout="$patience" -rss_limit_mb=2048 -malloc_limit_mb=1024 \
        -print_final_stats=1 -verbosity=0 || status=1
done
exit "$status"
