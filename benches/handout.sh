#!/usr/bin/env bash
# How many trials a second a coordinator hands out to 4 ranks beside its own (argument: another number of ranks in all), and how much of a core
# idle supervisors take while their workers train. Needs mpirun and a release build of `make`.
set -euo pipefail
cd "$(dirname "$0")/.."
ranks=${1:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
read -r -a features <<<"$(cat .setup/features 2>/dev/null || true)"
bench=$(cargo bench --no-run --bench handout "${features[@]}" --message-format json 2>/dev/null |
    grep -o '"executable":"[^"]*handout[^"]*"' | tail -n 1 | cut -d'"' -f4)
for _ in 1 2 3; do
    mpirun --oversubscribe --bind-to none -n "$ranks" "$bench" 100000
done

# Two ranks with a worker each: processor time of the supervisors over the time that the trials took.
ablate=${ABLATE:-${CARGO_TARGET_DIR:-target}/release/ablate}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/load.yaml" <<'YAML'
name: load
base:
  data: { dataset: digits, train: 1000, test: 100 }
  model: { widths: [16, 32], bottleneck: none, decoder: [16, 16], skip: { at: [14] } }
  train: { epochs: 40 }
seeds: 4
YAML
mpirun --oversubscribe --bind-to none -n 2 "$ablate" run "$scratch/load.yaml" --workers 1 --device cpu --results "$scratch" >/dev/null 2>&1 &
sleep 6
ticks() { # user and system time of the ranks, in hundredths of a second
    for pid in $(pgrep -f "^$ablate run $scratch/load.yaml"); do awk '{print $14 + $15}' "/proc/$pid/stat"; done
}
before=$(ticks | paste -sd' ')
sleep 10
after=$(ticks | paste -sd' ')
echo "hundredths of a core that each rank's supervisor used before and after 10 s: $before -> $after (10 of them are 1 %)"
wait
