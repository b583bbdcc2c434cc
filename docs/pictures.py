"""Draws the pictures of jobs/README.md and README.md from records: python docs/pictures.py RESULTS (needs h5py, Pillow)."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
from PIL import Image, ImageDraw

RESULTS = Path(sys.argv[1])
DOCS = Path(__file__).parent
GAP, LABEL, SCALE = 2, 190, 2


def rows_of(table):
    """The rows of `/trials` or `/evaluations` as dicts: text, numbers, and lists as JSON."""
    columns = {name: values[:] for name, values in table.items()}
    for number in range(len(columns["id"])):
        row = {name: values[number] for name, values in columns.items()}
        yield {name: value.decode() if isinstance(value, bytes) else value for name, value in row.items()}


def find(record, table, seed, **wanted):
    """The id of the row with this seed whose axes (by their last names) have these values."""
    wanted = {name: json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value for name, value in wanted.items()}
    for row in rows_of(record[table]):
        axes = {name.rsplit(".", 1)[-1]: value for name, value in row.items()}
        if row["seed"] == seed and all(axes[name] == value for name, value in wanted.items()):
            return row["id"]
    raise KeyError(wanted)


def samples(record, trial, name, count):
    return list(record[f"trial/{trial}/samples/{name}"][-1][:count])


def sheet(path, rows):
    """Rows of (label, pictures) below each other."""
    height, width = rows[0][1][0].shape
    columns = max(len(pictures) for _, pictures in rows)
    size = (LABEL + SCALE * columns * (width + GAP), SCALE * len(rows) * (height + GAP))
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for y, (label, pictures) in enumerate(rows):
        top = SCALE * y * (height + GAP)
        draw.text((4, top + SCALE * height // 2 - 6), label, fill=0)
        for x, picture in enumerate(pictures):
            drawn = Image.fromarray(np.asarray(picture)).resize((SCALE * width, SCALE * height), Image.NEAREST)
            image.paste(drawn, (LABEL + SCALE * x * (width + GAP), top))
    image.save(DOCS / path, optimize=True)


def record(name):
    return h5py.File(RESULTS / name / "sweep.h5", "r")


with record("ddpm") as r:
    trial = find(r, "trials", 0)
    every = r[f"trial/{trial}/samples/samples"]
    epochs = every.attrs["epochs"]
    rows = [(f"after {epoch} epochs", list(pictures[:12])) for epoch, pictures in zip(epochs, every)]
    sheet("ddpm.png", [*rows, ("one on its way", samples(r, trial, "chain", 12)), ("real digits", samples(r, trial, "real", 12))])

with record("gate") as r:
    rows = []
    for combine in ["sum", "product", "sigmoid_gate", "softmax_gate"]:
        trials = [find(r, "trials", 0, combine=combine, units=units) for units in [1, 4, 16]]
        target = samples(r, trials[0], "target", 1)
        rows.append((combine, [samples(r, trial, "output", 1)[0] for trial in trials] + target))
    sheet("lessons/gate.png", rows)

with record("attention") as r:
    rows = []
    for attention in ["softmax", "sigmoid", "uniform"]:
        for seed in [0, 1, 2]:
            trial = find(r, "trials", seed, attention=attention, position="learned", key_width=20)
            rows.append((f"{attention}, seed {seed}", samples(r, trial, "attention", 2)))
    sheet("lessons/attention.png", rows)

with record("iterate") as r:
    rows = []
    for at in [[], [14, 28]]:
        for pairs in ["noisy", "noisy_and_clean"]:
            trial = find(r, "trials", 0, at=at, pairs=pairs)
            rows = rows or [("input", samples(r, trial, "input", 8)), ("target", samples(r, trial, "target", 8))]
            rows.append((f"skips {at}, {pairs}: 1 pass", samples(r, trial, "output", 8)))
            use = find(r, "evaluations", 0, at=at, pairs=pairs, passes=8, rule="plain")
            rows.append(("     8 passes", samples(r, use, "output", 8)))
    sheet("lessons/iterate.png", rows)

with record("small_steps") as r:
    trial = find(r, "trials", 0, aim="clean", rule="cold")
    rows = [("input", samples(r, trial, "input", 8)), ("target", samples(r, trial, "target", 8))]
    uses = [("next level", "next_level", "plain"), ("clean image", "clean", "plain"), ("cold diffusion", "clean", "cold")]
    for name, aim, rule in uses:
        for passes in [1, 7]:
            use = find(r, "evaluations", 0, aim=aim, rule=rule, passes=passes)
            rows.append((f"{name}: {passes} step{'s' * (passes > 1)}", samples(r, use, "output", 8)))
    sheet("lessons/small_steps.png", rows)

with record("latent") as r:
    rows = []
    for at in [[], [4, 8]]:
        trial = find(r, "trials", 0, at=at)
        rows.append((f"skips {at}", samples(r, trial, "samples", 12)))
        rows.append(("one on its way", samples(r, trial, "chain", 12)))
    sheet("lessons/latent.png", rows)
