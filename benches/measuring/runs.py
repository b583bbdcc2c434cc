"""Whole runs of `ablate run`: from nothing to a merged file, with PyTorch beside it; memory; starts."""

import os
import random
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass

from .context import KEEP_FREED, PEERS, data_folder
from .peer import Peer, started
from .turns import quartiles, ratio, take_turns

# The lecture's small net, with and without its skip: the sweep of the issue. `auto` is MNIST where it is found.
SMALL = """\
name: bench_{seeds}_{epochs}
base:
  task: denoise
  data: {{ dataset: auto, train: 1000, valid: 0, test: 1000 }}
  noise: {{ kind: uniform_walk, rounds: 16, amplitude: 0.2, resample: fixed }}
  model:
    arch: autoencoder
    widths: [16, 32]
    bottleneck: none
    decoder: [16, 16]
    skip: {{ mode: concat, tap: after_pool }}
  train:
    epochs: {epochs}
    batch: 128
    lr: 1e-2
    evaluate_every: {epochs}
    samples_every: {epochs}
    init: pytorch
grid:
  model.skip.at: [[], [14]]
seeds: {seeds}
"""

R5 = """\
name: bench_memory
base:
  data: {{ dataset: auto, train: 1000, test: {test} }}
  model: {{ skip: {{ at: [14, 28] }} }}
  train: {{ epochs: 1, batch: 128 }}
seeds: 1
"""


@dataclass
class Run:
    # Seconds from the start of the process until `sweep.h5` is in place, and until the process has ended.
    merged: float
    ended: float
    # The most memory that one process of the run held, in MB.
    peak_mb: float


def results(context, name):
    """An empty results folder."""
    folder = context.scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def sweep_file(context, text, **values):
    path = context.scratch / "sweep.yaml"
    path.write_text(text.format(**values))
    return path


def ablate_run(context, sweep, folder, workers):
    """From nothing: also the verdict on the data, which ablate keeps in the user's cache, is not there yet."""
    cache = context.scratch / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    command = [context.programs["ablate"], "run", str(sweep), "--results", str(folder), "--workers", str(workers), "--device", "cpu"]
    with open(context.scratch / "ablate.log", "w") as log:
        clock, start = time.time(), time.perf_counter()
        env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        # Of the process and all that it waited for: its workers.
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"ablate run ended with code {process.returncode}; see {log.name}")
    (merged,) = folder.glob("*/sweep.h5")
    # Its last change is the rename that put it there.
    return Run(merged.stat().st_ctime - clock, ended, usage.ru_maxrss * 1024 / 1e6)


def torch_sweep(context, layout, seeds, epochs):
    """Seconds from start to end of the same trials in PyTorch."""
    command = [context.python, PEERS / "torch_sweep.py", "--out", results(context, "torch"), "--layout", layout]
    command += ["--seeds", seeds, "--epochs", epochs]
    if data_folder():
        command += ["--data", data_folder()]
    start = time.perf_counter()
    env = {**os.environ, "OMP_NUM_THREADS": "1", **KEEP_FREED}
    subprocess.run([str(part) for part in command], check=True, env=env)
    return time.perf_counter() - start


def whole_sweep(row, context):
    """Ours and PyTorch's layouts in turn; both until their processes have ended, ours with its report."""
    seeds, epochs, rounds = (2, 2, 1) if context.quick else (8, 10, 3)
    sweep = sweep_file(context, SMALL, seeds=seeds, epochs=epochs)
    ours, layouts = [], {"contiguous": [], "channels_last": []}
    order = random.Random(0)
    for _ in range(rounds):
        for turn in order.sample(["ours", *layouts], 3):
            if turn == "ours":
                ours.append(ablate_run(context, sweep, results(context, "ours"), workers=2))
            else:
                layouts[turn].append(torch_sweep(context, turn, seeds, epochs))
    layout = min(layouts, key=lambda name: statistics.median(layouts[name]))
    merged, ended = [run.merged for run in ours], [run.ended for run in ours]
    row.raw = {
        "seeds": seeds,
        "epochs": epochs,
        "ours_merged": merged,
        "ours_ended": ended,
        "torch": layouts,
        "ratio": ratio(layouts[layout], ended),
    }
    row.value = row.raw["ratio"]["of_medians"]
    row.detail = f"{statistics.median(ended):.2f} s, report included (merged after {statistics.median(merged):.2f} s); "
    row.detail += f"torch {layout}, two processes, {statistics.median(layouts[layout]):.2f} s; {rounds} rounds"
    if context.quick:
        row.detail += f"; only {seeds} seeds, {epochs} epochs"


def memory(row, context):
    test = 1000 if context.quick else 10_000
    run = ablate_run(context, sweep_file(context, R5, test=test), results(context, "ours"), workers=1)
    row.value = run.peak_mb
    row.detail = f"largest process of a run with one worker, 1000 training and {test} test images, one epoch"
    row.raw = {"peak_mb": run.peak_mb, "test": test}


def worker_start(row, context):
    sweep = sweep_file(context, SMALL, seeds=1, epochs=1)
    command = [context.programs["worker_start"], "--sweep", sweep, "--results", results(context, "start")]
    with started([Peer("start", command)]) as (ready, refused):
        if refused:
            row.missing = refused["start"]
            return
        times = take_turns(ready, "train", context.rounds)["start"]
        first = ready[0].ready["first_start_ms"]
    low, row.value, high = quartiles(times)
    row.detail = f"quartiles {low:.1f}–{high:.1f} ms; the first start of all {first:.0f} ms; "
    row.detail += "MNIST" if data_folder() else "procedural digits"
    row.raw = {"milliseconds": times, "first_start_ms": first}
