# Written by `ablate export --to mlflow`: logs the trials of a sweep.h5 as runs of an MLflow experiment.
#
#   pip install mlflow h5py pillow
#   python to_mlflow.py sweep.h5 --uri sqlite:///mlflow.db     # then: mlflow ui --backend-store-uri sqlite:///mlflow.db
#
# Runs carry the tag `ablate.id`; those that the experiment has already, whole, are left out, so it can be run again when
# more trials are done.
import argparse
import json
import sys
import zlib
from datetime import datetime

import h5py
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

AT_ONCE = 1000  # metrics that MLflow takes in one call; 100 for parameters
LONGEST = 6000  # letters of a parameter


def label(axes, values, seed):
    """What people call a trial: `model.depth 2 · seed 0`."""
    told = [(axis, value) for axis, value in zip(axes, values) if value is not None and (axis, value) != ("control", "none")]
    arm = [f"{axis} {value}" for axis, value in told]
    return " · ".join([*arm, f"seed {seed}"])


def curves(trial, start):
    """One metric for every number measured after an epoch; missing ones are NaN in the record."""
    epochs = {name: values[:] for name, values in trial["epochs"].items()}
    names = [name for name in epochs if name != "epoch"]
    times = start + np.nancumsum(epochs["seconds"]) if "seconds" in epochs else None
    for row, step in enumerate(epochs["epoch"] if names else []):
        time = int(1000 * (start if times is None else times[row]))
        for name in names:
            value = float(epochs[name][row])
            if not np.isnan(value):
                yield Metric(f"epochs/{name}", value, time, int(step))


def log(client, experiment, axes, row, trial, pictures):
    ended = datetime.fromisoformat(trial.attrs["ended"].replace("Z", "+00:00")).timestamp()
    start = max(0.0, ended - np.nan_to_num(row["wall_seconds"]))
    tags = {"ablate.id": row["id"], "ablate.outcome": row["outcome"], **dict(trial["environment"].attrs)}
    run = client.create_run(
        experiment,
        start_time=int(1000 * start),
        run_name=label(axes, json.loads(row["axes"]), row["seed"]),
        tags={name: str(value) for name, value in tags.items()},
    ).info.run_id
    params = {**json.loads(trial.attrs["config"]), "seed": int(row["seed"])}
    params = [Param(name, (v if isinstance(v, str) else json.dumps(v))[:LONGEST]) for name, v in params.items()]
    finals = {f"metrics/{name}": value for name, value in trial["metrics"].attrs.items()}
    # What a trial cost is 0 where it is not known.
    finals.update({f"metrics/{name}": row[name] for name in ["params", "macs", "wall_seconds"] if row[name] > 0})
    time, last = int(1000 * ended), int(np.max(trial["epochs/epoch"], initial=0)) if "epochs/epoch" in trial else 0
    metrics = [*curves(trial, start)]
    metrics += [Metric(name, float(v), time, last) for name, v in finals.items() if not np.isnan(v)]
    for at in range(0, len(params), 100):
        client.log_batch(run, params=params[at : at + 100])
    for at in range(0, len(metrics), AT_ONCE):
        client.log_batch(run, metrics=metrics[at : at + AT_ONCE])
    for name, samples in trial["samples"].items() if pictures else []:
        for step, images in zip(samples.attrs["epochs"], samples):
            client.log_image(run, np.hstack(images[:16]), key=name, step=int(step), timestamp=time)
    client.set_terminated(run, "FINISHED" if row["outcome"] == "completed" else "FAILED", end_time=time)


def check(path):
    """Ends with a message unless the file is what its first 512 bytes, its seal, say: the length and CRC-32 of the rest."""
    with open(path, "rb") as file:
        seal = file.read(512).rstrip(b"\0").decode(errors="replace").splitlines()
        length, crc = 512, 0
        while part := file.read(1 << 20):
            length, crc = length + len(part), zlib.crc32(part, crc)
    if seal[:1] != ["ablate record 1"]:
        sys.exit(f"{path} is no sweep.h5 that this script can read: write the script anew with `ablate export --to mlflow`")
    if seal[1:] != [f"bytes {length}", f"crc32 {crc:08x}"]:
        sys.exit(f"{path} is damaged: it does not match its seal. Copy it again, or run the sweep again, which finishes what is missing")


def rows(table):
    """The rows of a table that left something, as dictionaries."""
    columns = {name: values.asstr()[:] if values.dtype.kind == "O" else values[:] for name, values in table.items()}
    for number in range(len(columns["id"])):
        row = {name: values[number] for name, values in columns.items()}
        if row["outcome"] in ("completed", "diverged"):
            yield row


def is_there(client, experiment, id):
    """Whether a whole run of this trial is there; what an earlier try left half-logged is deleted."""
    found = client.search_runs([experiment], f"tags.`ablate.id` = '{id}'")
    for run in found:
        if run.info.status == "RUNNING":
            client.delete_run(run.info.run_id)
    return any(run.info.status != "RUNNING" for run in found)


def main():
    options = argparse.ArgumentParser(description="Logs the trials of a sweep.h5 as runs of an MLflow experiment.")
    options.add_argument("record", nargs="?", default="sweep.h5", help="default: %(default)s")
    options.add_argument("--uri", help="MLflow's tracking URI [default: MLFLOW_TRACKING_URI, or what MLflow itself takes]")
    options.add_argument("--experiment", help="default: the name of the sweep")
    options.add_argument("--no-pictures", action="store_true", help="leave out pictures, which take longest")
    given = options.parse_args()
    check(given.record)
    client = MlflowClient(given.uri)
    with h5py.File(given.record, "r") as record:
        name = given.experiment or record.attrs["name"]
        experiment = client.get_experiment_by_name(name)
        experiment = experiment.experiment_id if experiment else client.create_experiment(name)
        client.set_experiment_tag(experiment, "mlflow.note.content", record.attrs["question"])
        for table in (record[name] for name in ["trials", "evaluations"] if name in record):
            axes = json.loads((table if "axes" in table.attrs else record).attrs["axes"])
            for row in rows(table):
                if is_there(client, experiment, row["id"]):
                    continue
                log(client, experiment, axes, row, record["trial"][row["id"]], not given.no_pictures)
                print(label(axes, json.loads(row["axes"]), row["seed"]), flush=True)


if __name__ == "__main__":
    main()
