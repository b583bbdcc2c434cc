"""A row of the table: what was promised, what was measured, and what follows."""

from dataclasses import dataclass, field


@dataclass
class Row:
    key: str
    what: str
    must: float | None
    aim: float
    unit: str = "×"
    # Whether more is better (ratios, shares) or less (seconds, MB).
    more: bool = True
    value: float | None = None
    # How it came about: peers' medians, quartiles.
    detail: str = ""
    # Why there is no value.
    missing: str = ""
    # Condition in words, where a bound is not just a number.
    must_text: str = ""
    raw: dict = field(default_factory=dict)

    def reaches(self, bound):
        return self.value >= bound if self.more else self.value <= bound

    def verdict(self):
        if self.value is None:
            return f"not measured: {self.missing}"
        if self.reaches(self.aim):
            return "aim met"
        if self.must is None:
            return "**aim missed** (no must)"
        return "must met" if self.reaches(self.must) else "**MISSED**"

    def bound(self, value):
        if value is None:
            return "–"
        return f"{'≥' if self.more else '≤'} {number(value)} {self.unit}"

    def must_in_words(self):
        return self.must_text or self.bound(self.must)

    def measured(self):
        return "–" if self.value is None else f"{number(self.value)} {self.unit}"


def number(value):
    """Three digits."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def step(net, key, must, aim, threads=1, what="training step", batch=128):
    plural = "thread" if threads == 1 else "threads"
    return Row(key, f"{what}, {net}, batch {batch}, {threads} {plural}, against PyTorch", must, aim)


def rows():
    """Every row of the issue, in its order, without values."""
    return [
        step("R5", "step-R5", 1.8, 3.2),
        step("R4s", "step-R4s", 1.5, 2.5),
        step("R4", "step-R4", 1.5, 2.5),
        step("R6", "step-R6", 1.5, 2.5),
        step("R10", "step-R10", 1.0, 2.5, what="training step, the U-Net of jobs/ddpm.yaml", batch=64),
        step("R5", "step-R5-2", 1.6, 3.0, threads=2),
        step("R5", "eval-R5", 1.8, 3.0, what="evaluation (forward only)"),
        Row("share", "share of the machine's sgemm rate, R5, direct FLOPs", 85, 150, "%"),
        Row("sweep", "whole sweep (2 arms × 8 seeds), cold start to merged file, against PyTorch", 2.5, 4.0),
        Row("overhead", "overhead: 1000 trials of one step, two workers, merged", 6, 2, "s", more=False),
        Row("start", "worker start to the end of the first step (R4s), data verified before", 100, 30, "ms", more=False),
        step("R5", "avx2-R5", 1.5, 2.5, what="both sides held to AVX2: training step"),
        Row("memory", "peak memory of a worker training R5, batch 128", 600, 200, "MB", more=False),
        step("R5", "bf16-R5", None, 1.5, what="`precision: bf16`: training step"),
    ]
