#!/usr/bin/env python3
"""Measures ablate beside PyTorch, candle and schedulers, and writes benches/README.md: `make bench`."""

import argparse
import dataclasses
import json
import os
import shlex
import shutil
import sys
import traceback

from measuring import machine, overhead, page, row, runs, steps
from measuring.context import ROOT, Context, build

WHOLE_RUNS = {
    "sweep": runs.whole_sweep,
    "overhead": overhead.run,
    "start": runs.worker_start,
    "memory": runs.memory,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", metavar="KEY", help="only these rows; the page is then left alone")
    parser.add_argument("--quick", action="store_true", help="few rounds, small sweeps: shows that everything works, measures little")
    parser.add_argument("--rounds", type=int, help="turns of every peer [default: 9, quick 2]")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch, numpy and h5py")
    parser.add_argument("--tools", default=sys.executable, help="a Python with hyperqueue and submitit")
    parser.add_argument("--features", default="", help="flags for cargo")
    args = parser.parse_args()
    known = [each.key for each in row.rows()]
    for key in args.rows or []:
        if key not in known:
            parser.error(f"there is no row {key}; rows are {', '.join(known)}")
    return args


def command(args):
    """How to get the same measurements."""
    options = ["--quick"] * args.quick + (["--rounds", str(args.rounds)] if args.rounds else [])
    options += ["--rows", *args.rows] if args.rows else []
    return f'make bench BENCH="{" ".join(options)}"' if options else "make bench"


def measure(each, done, context):
    """Fills one row. What goes wrong is the row's result, so that the others are still measured; whether all went well."""
    try:
        if each.key == "share":
            steps.share(each, done["step-R5"], context)
        else:
            WHOLE_RUNS.get(each.key, steps.run)(each, context)
    except Exception as problem:
        traceback.print_exc()
        each.value, each.missing = None, f"{type(problem).__name__}: {problem}"
        return False
    return True


def keep(path, rows, facts):
    """After every row, so that a long run that is cut off leaves what it had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"facts": facts, "rows": [dataclasses.asdict(each) | {"verdict": each.verdict()} for each in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n")


def main():
    args = arguments()
    load = os.getloadavg()[0]
    scratch = ROOT / ".setup" / f"bench-{os.getpid()}"
    scratch.mkdir(parents=True)
    rounds = args.rounds or (2 if args.quick else 9)
    programs = build(shlex.split(args.features))
    context = Context(programs, args.python, args.tools, scratch, rounds, args.quick)
    facts = machine.describe(context, command(args), load)
    whole = not args.rows and not args.quick
    folder = ROOT / "benches" / "results" if whole else ROOT / ".setup" / "bench"
    results = folder / f"{facts['date'][:10]}.json"

    wanted = set(args.rows or [each.key for each in row.rows()])
    if "share" in wanted:
        wanted.add("step-R5")
    # By key: the share follows from the R5 step.
    done, sound = {}, True
    for each in row.rows():
        if each.key not in wanted:
            continue
        print(f"measuring {each.key} …", file=sys.stderr, flush=True)
        sound &= measure(each, done, context)
        done[each.key] = each
        print(f"  {each.measured()}: {each.verdict()}\n  {each.detail}", file=sys.stderr, flush=True)
        keep(results, done.values(), facts)
    shutil.rmtree(scratch)

    part = page.render(list(done.values()), facts, results if whole else None)
    if whole:
        page.put(ROOT / "benches" / "README.md", part)
    print(part)
    print(f"raw numbers: {results}", file=sys.stderr)
    # A target that is missed is a finding; a row that broke is a fault.
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
