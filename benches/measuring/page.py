"""The generated part of benches/README.md."""

import re

BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"

NOTES = """\
How to read it: peers of a row take turns within one run, in an order drawn anew every round; a time is the median over
rounds, with its quartiles in brackets. "Against PyTorch" divides the median of PyTorch's best (eager, contiguous or
channels_last, `foreach` or `fused` Adam, glibc as it is or told to keep freed memory as ablate tells it, whichever had
the lowest median) by ours; "by round" are the quartiles of the rounds' own ratios. All sides train for real: forward, loss, backward, Adam; ours through `ablate::train::run`, with
its checks. PyTorch's evaluation is `net(images)` in inference mode; ours is what an evaluation does, its measures
included. Both sides of the whole sweep run until their processes have ended, ours with an empty cache and with its
report. Stock candle's gradients are known to be wrong, so only its time counts. The sgemm rate is the best median
of MKL (PyTorch) and OpenBLAS (NumPy) at sizes 512, 1024, 2048, in turns with the steps; direct FLOPs leave out the
input gradient of the first convolution. HyperQueue, GNU parallel and submitit run `true` and record nothing.
"""


def table(rows):
    head = ["| | must | aim | measured | verdict |", "|---|---|---|---|---|"]
    body = [
        f"| {row.what} | {row.must_in_words()} | {row.bound(row.aim)} | {row.measured()} | {row.verdict()} |"
        for row in rows
    ]
    return "\n".join(head + body)


def details(rows):
    lines = ["| | how it came about |", "|---|---|"]
    lines += [f"| {row.key} | {row.detail} |" for row in rows if row.detail]
    return "\n".join(lines)


# More than that, and something else was running.
QUIET = 0.5


def provenance(facts):
    cpu, load = facts["processor"], facts["load"]
    parts = [
        f"Machine: {cpu['model']}, {cpu['cores']} cores, {cpu['isa']}; Linux {cpu['kernel']}; "
        f"load before the build {load:.2f}{'' if load < QUIET else ' (**not quiet: measure again before citing**)'}.",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items()) + ".",
        f"Data: {facts['data']}. Date: {facts['date']}. Commit: {facts['commit']}. Command: `{facts['command']}`.",
    ]
    return "\n\n".join(parts)


def render(rows, facts, results):
    """The whole part, markers included."""
    missed = sum("MISSED" in row.verdict() for row in rows)
    absent = sum(row.value is None for row in rows)
    summary = f"{len(rows)} rows: {missed} below their must, {absent} not measured."
    raw = f"Raw numbers: [{results.name}](results/{results.name})." if results else ""
    parts = [BEGIN, "## Faster than PyTorch on a CPU (`make bench`)", summary, table(rows), details(rows)]
    parts += [provenance(facts), *filter(None, [raw]), NOTES.strip(), END]
    return "\n\n".join(parts) + "\n"


def put(readme, part):
    """Replaces the generated part of the page, or adds it at the end."""
    text = readme.read_text()
    old = re.compile(re.escape(BEGIN) + ".*" + re.escape(END) + "\n?", re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: part, text)
    else:
        text = text.rstrip() + "\n\n" + part
    readme.write_text(text)
