#!/usr/bin/env bash
# What ablate costs beside training: 1000 trials of one step each, two workers, every trial committed durably and merged
# into sweep.h5, until the report is written; beside it the commit floor of the same disk (temp, fsync, link, fsync of
# the folder, unlink, 1000 times); and how long a worker takes from its start to the end of its first step.
# Prints a row for each of RUNS runs (3) and the medians. Needs a release build (ABLATE=path for another one), MNIST
# (ABLATE_DATA_DIR) and python3. Results go below the folder named first (default: the working folder), because the
# disk counts. A run's count is that of its finished trials.
set -euo pipefail
start=$PWD
cd "$(dirname "$0")/.."
ablate=$(realpath "${ABLATE:-${CARGO_TARGET_DIR:-target}/release/ablate}")
folder=$(mktemp -d -p "${1:-$start}" overhead.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/overhead.yaml" <<'YAML'
name: overhead
base:
  data: { dataset: mnist, train: 16, test: 1 }
  model: { widths: [1], bottleneck: none }
  train: { epochs: 1, batch: 16 }
seeds: 1000
YAML
cat >"$folder/start.yaml" <<'YAML'
name: start
base:
  data: { dataset: mnist, train: 1000, test: 1000 }
  model: { widths: [16, 32], bottleneck: none, decoder: [16, 16] }
  train: { epochs: 1, batch: 16 }
seeds: 1
YAML

overhead() { # seconds of the run and of the floor, and the number of trials in sweep.h5
    rm -rf "$folder/results"
    python3 - "$ablate" "$folder" <<'PY'
import csv, os, subprocess, sys, time

ablate, folder = sys.argv[1:]
began = time.monotonic()
command = [ablate, "run", f"{folder}/overhead.yaml", "--results", f"{folder}/results", "--workers", "2", "--device", "cpu"]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
run = time.monotonic() - began
results = f"{folder}/results/overhead"
with open(f"{results}/trials.csv") as table:
    trials = sum(row["outcome"] == "completed" for row in csv.DictReader(table))

content = os.urandom(16 << 10)  # a trial file of this sweep
place = f"{folder}/results/floor"
os.mkdir(place)

def fsync(path, flags, data=b""):
    file = os.open(path, flags)
    if data:
        os.write(file, data)
    os.fsync(file)
    os.close(file)

began = time.monotonic()
for number in range(1000):
    temp = f"{place}/.{number}.tmp"
    fsync(temp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, content)
    os.link(temp, f"{place}/{number}.h5")
    fsync(place, os.O_RDONLY)
    os.unlink(temp)
print(f"{run:.2f} {time.monotonic() - began:.2f} {trials}")
PY
}

first_step() { # milliseconds; the supervisor says it at ABLATE_LOG=ablate=debug
    rm -rf "$folder/results"
    ABLATE_LOG=ablate=debug "$ablate" run "$folder/start.yaml" --results "$folder/results" --workers 1 --device cpu 2>&1 >/dev/null |
        sed -n 's/.*first step done \([0-9.]*\) ms after its start.*/\1/p'
}

first_step >/dev/null # verifies the data, once
runs=${RUNS:-3}
printf '%-6s %9s %9s %9s %15s\n' run trials seconds floor_s first_step_ms
for run in $(seq "$runs"); do
    read -r seconds floor trials <<<"$(overhead)"
    printf '%-6s %9s %9s %9s %15s\n' "$run" "$trials" "$seconds" "$floor" "$(first_step)" | tee -a "$folder/rows"
done
median() { awk -v column="$1" '{print $column}' "$folder/rows" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
printf '%-6s %9s %9s %9s %15s\n' median "$(median 2)" "$(median 3)" "$(median 4)" "$(median 5)"
