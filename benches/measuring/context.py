"""What every measurement needs to know: programs, folders, how thorough to be."""

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "benches" / "peers"
RUST_PEERS = ["step", "candle_peer", "worker_start"]

# Makes glibc keep freed memory, as ablate's trainer does by itself (src/train/memory.rs): PyTorch's tuning guide advises
# an allocator that does, and it is worth a tenth of a step to PyTorch too.
KEEP_FREED = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1),
    "MALLOC_TOP_PAD_": str(32 << 20),
}


@dataclass
class Context:
    # Program paths: "ablate" and RUST_PEERS.
    programs: dict
    # Python with torch, numpy and h5py.
    python: str
    # Python with hyperqueue and submitit.
    tools: str
    # A folder on the disk that results would be written to.
    scratch: pathlib.Path
    rounds: int
    quick: bool


def build(features):
    """Builds the binary and the peers that are written in Rust; their paths."""
    command = ["cargo", "build", "--release", "--locked", *features, "--bin", "ablate"]
    for name in RUST_PEERS:
        command += ["--bench", name]
    command += ["--message-format=json-render-diagnostics"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in out.splitlines()]
    built = {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}
    return {name: built[name] for name in ["ablate", *RUST_PEERS]}


def data_folder():
    """`ABLATE_DATA_DIR` where it has MNIST, else None."""
    folder = os.environ.get("ABLATE_DATA_DIR")
    name = "train-images-idx3-ubyte.gz"
    return folder if folder and os.path.exists(os.path.join(folder, "mnist", name)) else None
