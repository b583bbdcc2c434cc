"""`make bench-gpu`: our optimiser step on a GPU beside PyTorch's (eager, compiled), launches a step, and how many trials
a GPU trains at once. Prints a table and leaves it in benches/gpu/results/<date>-<gpu>.md.

Peers take turns, several rounds; a number is the median over rounds of a round's mean step, with the range: steps of a round
follow each other without waiting, and its time ends when the GPU has done the last one.
"""

import argparse
import contextlib
import datetime
import itertools
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "benches"))

from measuring.peer import Peer, Refused  # noqa: E402


def asked(*command):
    """What a command prints, or "unknown"."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


# Who is packed: ours, and PyTorch as most people run it and as it is fastest.
PACKED = ["ablate", "PyTorch eager", "PyTorch compile, CUDA graphs"]


def machine():
    """Lines that say where and with what it was measured."""
    query = "--query-gpu=name,memory.total,driver_version,compute_cap,clocks.max.sm,mig.mode.current"
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    mps = "yes" if os.environ.get("CUDA_MPS_PIPE_DIRECTORY") or asked("pgrep", "-x", "nvidia-cuda-mps-control") != "unknown" else "no"
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "gpu": asked("nvidia-smi", query, "--format=csv,noheader"),
        "cpu": f"{cpu[1] if cpu else platform.processor()}, {os.cpu_count()} cores",
        "MPS": mps,
        "commit": asked("git", "describe", "--always", "--dirty", "--abbrev=12"),
        "nvcc": asked("nvcc", "--version").splitlines()[-1],
        "rustc": asked("rustc", "--version"),
    }


class Median:
    """Rounds of step times, in milliseconds."""

    def __init__(self):
        self.rounds = []

    def add(self, times):
        self.rounds.append(statistics.median(times))

    def __str__(self):
        return f"{self.value:.2f} ({min(self.rounds):.2f}–{max(self.rounds):.2f})"

    @property
    def value(self):
        return statistics.median(self.rounds)


def commands(args, net, batch, precision):
    """How each peer is started."""
    torch = [args.python, HERE / "torch_gpu_peer.py", "--net", net, "--batch", batch, "--precision", precision]
    return {
        "ablate": [args.step, "--net", net, "--batch", batch, "--gpu", 0, "--dtype", precision],
        "PyTorch eager": torch,
        "PyTorch compile": [*torch, "--compile", "default"],
        "PyTorch compile, CUDA graphs": [*torch, "--compile", "reduce-overhead"],
    }


def peak(args, precision):
    """Floating-point operations a second of a large product of matrices, by PyTorch; None where it cannot."""
    peer = Peer("peak", [args.python, HERE / "matmul_peer.py", "--precision", precision])
    try:
        peer.wait()
        peer.ask("train 10")  # warm
        return peer.ready["flop"] / (statistics.median(peer.ask("train 30")) / 1e3)
    except Refused:
        return None
    finally:
        peer.quit()


def share(macs, steps_a_second, batch, peak):
    """Of the peak, in percent: a step makes each product of its forward pass three times, there and twice on the way back."""
    return f"{100 * 2 * 3 * macs * batch * steps_a_second / peak:.1f} %" if macs and peak else ""


def step_times(args, net, batch, precision):
    """What is known of one net: milliseconds by peer, why others refused, launches, products of an image's forward pass."""
    peers, found, refused = {}, {}, {}
    with contextlib.ExitStack() as stack:
        for name, command in commands(args, net, batch, precision).items():
            peer = Peer(name, command)
            stack.callback(peer.quit)
            try:
                peer.wait()
                peer.ask(f"train {args.steps}")  # warm
                peers[name], found[name] = peer, Median()
            except Refused as why:
                refused[name] = str(why)
                if name == "ablate":
                    break  # PyTorch takes f32 where a GPU knows no TF32, and does not say so
        for _ in range(args.rounds):
            for name, peer in peers.items():
                found[name].add(peer.ask(f"train {args.steps}"))
        launches = {name: peer.ready.get("launches", "") for name, peer in peers.items()}
        macs = peers["ablate"].ready["macs"] if "ablate" in peers else None
    return found, refused, launches, macs


def packed(args, net, batch, who, count):
    """Steps a second of `count` processes on one GPU, together."""
    peers = [Peer(f"{who} {number}", commands(args, net, batch, "f32")[who]) for number in range(count)]
    try:
        for peer in peers:
            peer.wait()
        # All are asked before any is heard.
        for peer in peers:
            print(f"train {args.steps * 4}", file=peer.process.stdin, flush=True)
        answers = [peer._read() for peer in peers]
        return sum(1e3 / statistics.median(times) for times in answers)
    finally:
        for peer in peers:
            peer.quit()


def launches_of_ours(args, net, batch, precision):
    """Launches a step, by Nsight Systems where it is installed."""
    if asked("nsys", "--version") == "unknown":
        return "nsys is not installed"
    report = ROOT / "target/cuda/launches"
    command = [args.step, "--net", net, "--batch", str(batch), "--gpu", "0", "--dtype", precision]
    traced = ["nsys", "profile", "--trace=cuda", "--force-overwrite=true", "-o", str(report), *map(str, command)]
    counts = []
    for steps in (10, 30):
        subprocess.run(traced, input=f"train {steps}\nquit\n", text=True, capture_output=True, check=False)
        stats = asked("nsys", "stats", "--report", "cuda_api_sum", "--format", "csv", "--force-export=true", f"{report}.nsys-rep")
        calls = re.findall(r"^[\d.]+,\d+,(\d+),.*(?:cuLaunchKernel|cudaLaunchKernel)", stats, re.MULTILINE)
        counts.append(sum(map(int, calls)))
    return f"{(counts[1] - counts[0]) / 20:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="with torch for CUDA")
    parser.add_argument("--step", required=True, type=Path, help="benches/step.rs, built with --features cuda")
    parser.add_argument("--nets", nargs="+", default=["R4s", "R5", "R6", "R10"])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--precisions", nargs="+", default=["f32", "tf32", "bf16", "f16"])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packs", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--quick", action="store_true", help="a look: two nets, two rounds")
    args = parser.parse_args()
    if args.quick:
        args.nets, args.steps, args.rounds, args.packs = ["R5", "R10"], 20, 2, [1, 4]
        args.precisions = ["f32", "bf16"]
    facts = machine()
    page = ["# On a GPU", "", *(f"* {name}: {fact}" for name, fact in facts.items()), ""]
    page += [f"Milliseconds of an optimiser step, batch {args.batch}; ratios are of the same precision.", ""]
    peaks = {precision: peak(args, precision) for precision in args.precisions}
    measured = [f"{precision} {rate / 1e12:.1f}" for precision, rate in peaks.items() if rate]
    page += [f"Measured peak, products of 8192 x 8192 by cuBLAS, in TFLOP/s: {', '.join(measured)}.", ""]
    page += ["| net | precision | | ms: median of rounds (range) | ours / theirs | of the peak | launches a step |", "|---|---|---|---|---|---|---|"]
    products = {}
    for net, precision in itertools.product(args.nets, args.precisions):
        found, refused, launches, macs = step_times(args, net, args.batch, precision)
        products[net] = products.get(net) or macs
        ours = found.get("ablate")
        for name, median in found.items():
            ratio = f"{ours.value / median.value:.2f}" if ours and name != "ablate" else ""
            count = launches_of_ours(args, net, args.batch, precision) if name == "ablate" else launches[name]
            of_peak = share(macs, 1e3 / median.value, args.batch, peaks[precision])
            page.append(f"| {net} | {precision} | {name} | {median} | {ratio} | {of_peak} | {count} |")
        page += [f"| {net} | {precision} | {name} | none: {why} | | | |" for name, why in refused.items()]
    page += ["", "Steps a second of several trials (processes) on one GPU, together, in f32; in brackets times those of one, and the share of the peak:", ""]
    page += ["| net | | " + " | ".join(map(str, args.packs)) + " |", "|---|---|" + "---|" * len(args.packs)]
    for net in args.nets:
        for who in PACKED:
            cells, alone = [], None
            for count in args.packs:
                try:
                    rate = packed(args, net, args.batch, who, count)
                    alone = alone or rate / count
                    of_peak = share(products[net], rate, args.batch, peaks.get("f32"))
                    cells.append(f"{rate:.0f} ({rate / alone:.1f}; {of_peak})")
                except Refused as why:
                    cells.append(str(why))
            page.append(f"| {net} | {who} | " + " | ".join(cells) + " |")
    text = "\n".join(page) + "\n"
    print(text)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    gpu = re.sub(r"\W+", "-", facts["gpu"].split(",")[0]).strip("-").lower()
    path = results / f"{facts['date'][:10]}-{gpu}.md"
    path.write_text(text)
    print(f"bench-gpu: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
