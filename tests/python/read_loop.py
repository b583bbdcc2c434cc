"""Reads what is visible of a results folder, again and again, as people do beside a run: sweep.h5, trials/*.h5, shards/*.h5.

Goes on until its standard input ends, then looks once more and prints what it found as JSON. A file that vanished between
listing and opening was packed, which is no fault; any other file has to open, and all that is in it to be read.
"""

import json
import pathlib
import select
import shutil
import subprocess
import sys

import h5py
import pandas as pd

folder = pathlib.Path(sys.argv[1])
h5dump = shutil.which("h5dump")


def read_all(file):
    """Every attribute and every value."""

    def read(_, item):
        dict(item.attrs)
        if isinstance(item, h5py.Dataset):
            item[()]

    dict(file.attrs)
    file.visititems(read)


def look(path):
    """Opens one file as h5py, pandas and h5dump do."""
    with h5py.File(path, "r") as file:
        read_all(file)
        if path.name == "sweep.h5":
            rows = pd.DataFrame({name: column[:] for name, column in file["trials"].items()})
            assert len(rows) == len(file["trials"]["id"])
    if h5dump is not None:
        dumped = subprocess.run([h5dump, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # It opens the file by its name again.
        if dumped.returncode != 0 and path.exists():
            raise OSError(f"h5dump: {dumped.stderr}")


print("reading", flush=True)
looks, failed = {}, []
asked_to_stop = False
while True:
    for path in [*folder.glob("sweep.h5"), *sorted(folder.glob("trials/*.h5")), *sorted(folder.glob("shards/*.h5"))]:
        kind = path.name if path.name == "sweep.h5" else path.parent.name
        try:
            look(path)
            looks[kind] = looks.get(kind, 0) + 1
        except Exception as error:  # whatever it is, it is what a user would see
            if path.exists():
                failed.append(f"{path}: {error!r}")
    if asked_to_stop:
        break
    asked_to_stop = bool(select.select([sys.stdin], [], [], 0)[0])

print(json.dumps({"looks": looks, "failed": failed}))
