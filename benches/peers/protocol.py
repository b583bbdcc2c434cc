"""The Python side of the line protocol that protocol.rs describes."""

import json
import sys
import time


def timed(work, count, finish):
    """Milliseconds of each of so many calls; with `finish`, which waits for work that calls only begin, each one's share."""
    if finish:
        finish()
        start = time.perf_counter()
        for _ in range(count):
            work()
        finish()
        return [(time.perf_counter() - start) * 1e3 / count] * count
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def peak_memory():
    """The most memory that this process has held, in MB; None where the kernel does not tell."""
    try:
        with open("/proc/self/status") as status:
            lines = [line for line in status if line.startswith("VmHWM:")]
    except OSError:
        return None
    return int(lines[0].split()[1]) * 1024 / 1e6


def serve(ready, train, evaluate, finish=None):
    """Answers until `quit`; `train` and `evaluate` do one step and one pass, or begin it where there is a `finish`."""
    say({"ready": ready})
    for line in sys.stdin:
        command, _, count = line.strip().partition(" ")
        if command == "quit":
            return
        if command == "peak":
            say(peak_memory())
        else:
            say(timed({"train": train, "eval": evaluate}[command], int(count), finish))


def say(line):
    print(json.dumps(line), flush=True)
