#!/usr/bin/env bash
# How long `ablate plan` takes for a sweep of 10^6 trials, ids included, and for one of 10^12 points (refused).
# Promised: under 5 s and 300 MB; under 1 s. Needs GNU time (Debian: apt install time) and a release build.
set -euo pipefail
cd "$(dirname "$0")/.."
ablate=${ABLATE:-${CARGO_TARGET_DIR:-target}/release/ablate}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
measure() { /usr/bin/time -f "$1: %e s, %M KB at most" "${@:2}" >/dev/null; }
cat >"$folder/million.yaml" <<'YAML'
name: million
base: { data: { dataset: digits } }
grid: { train.epochs: { from: 1, to: 1000 }, train.batch: { from: 1, to: 125 } }
seeds: 8
YAML
cat >"$folder/trillion.yaml" <<'YAML'
name: trillion
grid: { train.epochs: { from: 1, to: 10000 }, train.batch: { from: 1, to: 10000 }, data.train: { from: 1, to: 10000 } }
YAML
for _ in 1 2 3; do
    measure "10^6 trials" "$ablate" plan --max-trials 1000000 "$folder/million.yaml"
    measure "10^12 points, refused" "$ablate" plan "$folder/trillion.yaml" 2>&1 | tail -n 1 || true
done
