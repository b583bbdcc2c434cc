"""A thousand trials that hardly train: what a trial costs beside its training, and what others cost for `true`."""

import json
import os
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor

from .context import PEERS
from .runs import ablate_run, results, sweep_file

TINY = """\
name: bench_overhead
base:
  data: {{ dataset: digits, train: 1, test: 1 }}
  model: {{ widths: [1], bottleneck: none, decoder: [1] }}
  train: {{ epochs: 1 }}
seeds: {trials}
"""

WORKERS = 2


def commit(folder, numbers, size):
    """The least that a durable commit does: temp, fsync, link, fsync of the folder, unlink of the temp."""
    content = os.urandom(size)
    directory = os.open(folder, os.O_RDONLY)
    for number in numbers:
        temp, final = (os.path.join(folder, f"{number}{end}") for end in (".tmp", ".h5"))
        file = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(file, content)
        os.fsync(file)
        os.close(file)
        os.link(temp, final)
        os.fsync(directory)
        os.unlink(temp)
    os.close(directory)


def floor(context, trials, size, processes):
    """Seconds of so many commits, shared by so many processes."""
    folder = str(results(context, "floor"))
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(abs, range(processes)))  # the processes are there before the clock starts
        start = time.perf_counter()
        shares = [pool.submit(commit, folder, range(part, trials, processes), size) for part in range(processes)]
        for share in shares:
            share.result()
        return time.perf_counter() - start


def gnu_parallel(trials):
    """Seconds of so many runs of `true`, or why not."""
    if not shutil.which("parallel"):
        return "not available: apt install parallel"
    numbers = "\n".join(map(str, range(trials)))
    start = time.perf_counter()
    subprocess.run(["parallel", "--will-cite", f"-j{WORKERS}", "-n0", "true"], input=numbers, text=True, check=True)
    return time.perf_counter() - start


def scheduler(context, name, trials):
    """As `gnu_parallel`, for a Python library with a script in benches/peers."""
    command = [context.tools, PEERS / f"{name}_true.py", str(trials), str(WORKERS), str(results(context, name))]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        return f"not available: {done.stderr.strip().splitlines()[-1]}"
    return json.loads(done.stdout.splitlines()[-1])


def loose_trial_size(folder):
    """Bytes of a trial file, of those that were not packed into a shard."""
    return int(statistics.median(path.stat().st_size for path in folder.glob("*/trials/*.h5")))


def run(row, context):
    trials, rounds = (100, 1) if context.quick else (1000, 3)
    sweep = sweep_file(context, TINY, trials=trials)
    runs, floors, others, size = [], {1: [], WORKERS: []}, {"HyperQueue": [], "GNU parallel": []}, 0
    for _ in range(rounds):
        folder = results(context, "ours")
        runs.append(ablate_run(context, sweep, folder, WORKERS))
        size = loose_trial_size(folder)
        for processes, seconds in floors.items():
            seconds.append(floor(context, trials, size, processes))
        others["HyperQueue"].append(scheduler(context, "hyperqueue", trials))
        others["GNU parallel"].append(gnu_parallel(trials))
    # Takes minutes for a thousand: a tenth is enough.
    submitit = scheduler(context, "submitit", trials // 10)
    merged = statistics.median(run.merged for run in runs)
    floor_now = statistics.median(floors[WORKERS])
    row.value = merged * 1000 / trials
    row.must = max(6, 2 * floor_now * 1000 / trials)
    row.must_text = f"≤ 6 s, or ≤ 2 × the commit floor ({2 * floor_now * 1000 / trials:.2f} s)"
    parts = [
        f"floor of {size} B files: {statistics.median(floors[1]):.2f} s by one process, {floor_now:.2f} s by {WORKERS}",
        *(f"{name} {typical(times)}" for name, times in others.items()),
        f"submitit local {typical([submitit])} for {trials // 10}, not {trials}",
        f"report written after {statistics.median(run.ended for run in runs):.2f} s; {rounds} rounds",
    ]
    if trials != 1000:
        parts.append(f"scaled from {trials} trials ({merged:.2f} s); the others are not")
    row.detail = "; ".join(parts)
    row.raw = {
        "trials": trials,
        "ours_merged": [run.merged for run in runs],
        "ours_ended": [run.ended for run in runs],
        "floor_seconds_by_processes": floors,
        "trial_file_bytes": size,
        "others": others,
        "submitit": {"runs": trials // 10, "seconds": submitit},
    }


def typical(times):
    """The median, or why there is none."""
    problems = [time for time in times if isinstance(time, str)]
    return problems[0] if problems else f"{statistics.median(times):.2f} s"
