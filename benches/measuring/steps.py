"""Steps and forward passes: ours, PyTorch in every layout, stock candle."""

import itertools
import statistics

from .context import KEEP_FREED, PEERS
from .peer import Peer, started
from .turns import best, quartiles, ratio, take_turns

# Oracle: science.md §1.
PARAMETERS = {"R4s": 14_193, "R4": 185_873, "R5": 260_177, "R6": 429_098, "R10": 303_969}

# Holds both sides to AVX2: ablate's kernels; MKL, oneDNN and ATen.
AVX2 = {
    "ABLATE_SIMD": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
}

# Multiply-accumulates of R5's first convolution: its input gradient, which nobody needs, is not counted.
R5_FIRST = 28 * 28 * 64 * 9
BATCH = 128
# Of nets that are trained with another batch.
BATCHES = {"R10": 64}


def ours(context, net, threads, dtype="f32", env=None):
    command = [context.programs["step"], "--net", net, "--threads", threads, "--batch", BATCHES.get(net, BATCH), "--dtype", dtype]
    # As a supervisor starts its workers.
    return Peer("ablate", command, {"RAYON_NUM_THREADS": "1", **(env or {})})


def candle(context, net, threads):
    command = [context.programs["candle_peer"], "--net", net, "--batch", BATCH]
    yield Peer("candle", command, {"RAYON_NUM_THREADS": str(threads), **KEEP_FREED})


def torch(context, net, threads, dtype="f32", adams=("foreach", "fused"), env=None):
    """One peer for every layout, form of Adam and way of the allocator."""
    memories = {"": {}, " kept": KEEP_FREED}
    for layout, adam, memory in itertools.product(["contiguous", "channels_last"], adams, memories):
        command = [context.python, PEERS / "torch_peer.py", "--net", net, "--threads", threads]
        command += ["--batch", BATCHES.get(net, BATCH), "--dtype", dtype, "--layout", layout, "--adam", adam]
        env_of_peer = {"OMP_NUM_THREADS": str(threads), **memories[memory], **(env or {})}
        yield Peer(f"torch {layout} {adam}{memory}", command, env_of_peer)


def sgemm(context, threads):
    """The machine's sgemm rate is the best of two libraries and three sizes: MKL is not at its best everywhere."""
    for library, size in itertools.product(["mkl", "openblas"], [512, 1024, 2048]):
        command = [context.python, PEERS / "sgemm_peer.py", "--size", size, "--threads", threads, "--library", library]
        env = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        yield Peer(f"sgemm {library} {size}", command, env)


def check(peers, net, threads):
    """All peers train the same net with as many threads as asked."""
    for peer in peers:
        said = peer.ready
        if said.get("net") != net:
            continue
        if said["params"] != PARAMETERS[net]:
            raise SystemExit(f"{peer.name}: {net} has {said['params']} parameters, expected {PARAMETERS[net]}")
        if said["threads"] != threads:
            raise SystemExit(f"{peer.name}: {said['threads']} threads, expected {threads}")


def race(row, ours, rivals, command, rounds, net, threads=1):
    """Fills the row with how much faster we are than PyTorch's best; the raw times too.

    `rivals` start only when they are listed: after ours, which may refuse.
    """
    with started([ours]) as (first, refused):
        if refused:
            row.missing = refused["ablate"]
            return
        with started(list(rivals)) as (others, refused):
            ready = first + others
            check(ready, net, threads)
            times = take_turns(ready, command, rounds)
            row.raw = {
                "milliseconds": times,
                "ready": {peer.name: peer.ready for peer in ready},
                "peak_mb": {peer.name: peer.ask("peak") for peer in ready},
                "refused": refused,
            }
    fill(row, times)


def fill(row, times):
    rival = best(times, [name for name in times if name.startswith("torch")])
    if rival is None:
        row.missing = "no PyTorch peer: " + "; ".join(row.raw["refused"].values())
        return
    row.raw["ratio"] = found = ratio(times[rival], times["ablate"])
    row.value = found["of_medians"]
    low, high = found["quartiles_of_rounds"]
    row.detail = f"{milliseconds(times['ablate'])}; {rival} {milliseconds(times[rival])}; by round {low:.2f}–{high:.2f}"
    if "candle" in times:
        row.raw["ratio_candle"] = against = ratio(times["candle"], times["ablate"])
        row.detail += f"; stock candle {milliseconds(times['candle'])}, {against['of_medians']:.1f} ×"
    for name, why in row.raw["refused"].items():
        row.detail += f"; {name} did not run: {why}"


def milliseconds(times):
    low, middle, high = quartiles(times)
    return f"{middle:.1f} ms [{low:.1f}–{high:.1f}]"


def share(row, step, context):
    """Direct FLOPs of an R5 step per second, as a share of the sgemm rate; `step` is the row of the R5 race."""
    times = step.raw.get("milliseconds", {})
    names = [name for name in times if name.startswith("sgemm")]
    if step.value is None or not names:
        row.missing = "needs the R5 step and the sgemm peers: " + (step.missing or "none started")
        return
    ready = step.raw["ready"]
    rates = {name: ready[name]["flop"] / statistics.median(times[name]) / 1e6 for name in names}
    name = max(rates, key=rates.get)
    flop = 2 * BATCH * (3 * ready["ablate"]["macs"] - R5_FIRST)
    ours_rate = flop / statistics.median(times["ablate"]) / 1e6
    row.value = 100 * ours_rate / rates[name]
    row.raw = {"flop": flop, "gflop_per_second": ours_rate, "sgemm_gflop_per_second": rates}
    row.detail = f"{flop / 1e9:.1f} GFLOP at {ours_rate:.0f} GFLOP/s; {name} {rates[name]:.0f} GFLOP/s"


def run(row, context):
    """Measures a row whose key is `kind-net` or `kind-net-threads`."""
    kind, net, *threads = row.key.split("-")
    threads = int(threads[0]) if threads else 1
    setting = (context, net, threads)
    command = "eval" if kind == "eval" else "train"
    form = {"avx2": {"env": AVX2}, "bf16": {"dtype": "bf16"}}.get(kind, {})
    rivals = torch(*setting, **form, adams=["foreach"]) if kind == "eval" else torch(*setting, **form)
    if not form:
        # candle has neither form.
        rivals = itertools.chain(candle(*setting), rivals)
    if row.key == "step-R5":
        rivals = itertools.chain(rivals, sgemm(context, threads))
    race(row, ours(*setting, **form), rivals, command, context.rounds, net, threads)
