"""The lines of results/README.md, run on the sweep.h5 given as argument; prints what they find as JSON."""

import json
import sys

import h5py
import pandas as pd

path = sys.argv[1]

# README: the table
f = h5py.File(path, "r")
trials = pd.DataFrame({k: v[:] for k, v in f["trials"].items()})

# README: texts
trials["id"] = trials["id"].str.decode("utf-8")

# README: one trial
trial = f["trial"][trials["id"][0]]
epochs = pd.DataFrame({k: v[:] for k, v in trial["epochs"].items()})

# README: a picture
picture = trial["samples"]["output"][-1, 0]

print(
    json.dumps(
        {
            "format": int(f.attrs["ablate_format"]),
            "name": f.attrs["name"],
            "rows": len(trials),
            "columns": sorted(trials.columns),
            "lr": [float(x) for x in trials["train.lr"]],
            "bce": [float(x) for x in trials["test.bce"].dropna()],
            "outcomes": [x.decode() for x in trials["outcome"]],
            "losses": [float(x) for x in epochs["train_loss"]],
            "signal": trial[trial.attrs["default"]].attrs["signal"],
            "picture": list(picture.shape),
            "ink": int(picture.sum()),
            "class": trial["samples"]["output"].attrs["CLASS"],
            "host": trial["environment"].attrs["host"],
        }
    )
)
