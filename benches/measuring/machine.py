"""Where and with what it was measured."""

import datetime
import os
import platform
import re
import subprocess

from .context import ROOT, data_folder

# Of the processor's flags, those that decide which kernels can run.
ISA = re.compile(r"avx2|fma|avx512f|avx512_bf16|avx512_vnni|amx_\w+")


def output(*command):
    """What a command prints, or why it cannot be asked."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        return f"unknown ({problem})"
    return done.stdout.strip()


def processor():
    """Model, cores and instruction sets of the first processor."""
    try:
        with open("/proc/cpuinfo") as file:
            lines = [line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line]
    except OSError:
        lines = []
    facts = {name.strip(): value.strip() for name, value in lines}
    isa = sorted(flag for flag in facts.get("flags", "").split() if ISA.fullmatch(flag))
    family = f"family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"
    return {
        "model": f"{facts.get('model name', platform.processor())}, {family}",
        "cores": os.cpu_count(),
        "isa": " ".join(isa) or "unknown",
        "kernel": platform.release(),
    }


def locked(name):
    """The version of a crate in Cargo.lock."""
    found = re.search(rf'name = "{name}"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text())
    return found[1] if found else "unknown"


def versions(context):
    build = output(context.python, "-c", "import torch; print(torch.__version__); print(torch.__config__.show())")
    torch, _, config = build.partition("\n")
    library = lambda pattern: (re.search(pattern, config) or [None, "unknown"])[1]
    return {
        "rustc": output("rustc", "--version").split()[1],
        "candle": locked("candle-core"),
        "torch": torch,
        "oneDNN": library(r"MKL-DNN v([\d.]+)"),
        "MKL": library(r"Math Kernel Library Version ([\w.]+)"),
        "numpy": output(context.python, "-c", "import numpy; print(numpy.__version__)"),
        "hyperqueue": package(context, "hyperqueue"),
        "submitit": package(context, "submitit"),
        "parallel": output("parallel", "--version").splitlines()[0],
    }


def package(context, name):
    return output(context.tools, "-c", f"import importlib.metadata as m; print(m.version('{name}'))")


def describe(context, command, load):
    """`load` is the one-minute load average from before the build, so that it is not our own."""
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": output("git", "describe", "--always", "--dirty", "--abbrev=12"),
        "command": command,
        "load": load,
        "processor": processor(),
        "versions": versions(context),
        "data": "MNIST" if data_folder() else "procedural digits and random images",
    }
