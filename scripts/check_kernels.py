#!/usr/bin/env python3
"""Compiles the GPU kernels, src/nn/ops/cuda/*.cu, with NVRTC of CUDA 12, for V100 (sm_70), A100 (sm_80) and H100 and
H200 (sm_90): to PTX, and on to the machine code of each. Needs no GPU and no CUDA installation, only the wheel
nvidia-cuda-nvrtc-cu12 (or -cu13, which no longer knows sm_70, so that arch is then left out and said to be).

What uses products.cuh is compiled once for each precision: Single and Half for all, Bf16 and Tf32 from sm_80 on.

Prints each kernel with its registers and shared memory a block. Exits with 1 on any error, warning or register spill.
"""

import ctypes
import pathlib
import re
import sys

KERNELS = pathlib.Path(__file__).resolve().parent.parent / "src/nn/ops/cuda"
ARCHITECTURES = (70, 80, 90)
PRODUCTS = {"Single": 70, "Half": 70, "Bf16": 80, "Tf32": 80}  # the first architecture of each
DEPRECATED = "Architectures prior to"  # what CUDA 12.8 and newer say of the V100, which is what we want to know


def library():
    """NVRTC out of the wheel, with its compiler's other half loaded first."""
    import nvidia

    folders = [pathlib.Path(folder) for folder in nvidia.__path__]
    found = sorted(path for folder in folders for path in folder.glob("*/lib/libnvrtc.so.*"))
    if not found:
        sys.exit("check_kernels: no NVRTC: pip install nvidia-cuda-nvrtc-cu12")
    for builtins in sorted(found[0].parent.glob("libnvrtc-builtins.so.*")):
        ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(found[0]))


class Compiler:
    """NVRTC by way of its C interface."""

    def __init__(self):
        self.nvrtc = library()
        self.nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p
        major, minor = ctypes.c_int(), ctypes.c_int()
        self.call("Version", ctypes.byref(major), ctypes.byref(minor))
        self.version = (major.value, minor.value)

    def call(self, name, *arguments):
        code = getattr(self.nvrtc, "nvrtc" + name)(*arguments)
        if code:
            raise RuntimeError(self.nvrtc.nvrtcGetErrorString(code).decode())

    def text(self, program, size, get):
        length = ctypes.c_size_t()
        self.call(size, program, ctypes.byref(length))
        buffer = ctypes.create_string_buffer(length.value)
        self.call(get, program, buffer)
        return buffer.raw.rstrip(b"\0").decode(errors="replace")

    def compile(self, path, architecture, products):
        """What the compilers had to say on the way to machine code, and the PTX; None where one failed."""
        headers = sorted(KERNELS.glob("*.cuh"))
        texts = (ctypes.c_char_p * len(headers))(*(header.read_bytes() for header in headers))
        names = (ctypes.c_char_p * len(headers))(*(header.name.encode() for header in headers))
        program = ctypes.c_void_p()
        self.call("CreateProgram", ctypes.byref(program), path.read_bytes(), path.name.encode(), len(headers), texts, names)
        options = [f"--gpu-architecture=sm_{architecture}", "--std=c++17", "--ptxas-options=--verbose", f"-DPRODUCTS={products}"]
        encoded = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        code = self.nvrtc.nvrtcCompileProgram(program, len(options), encoded)
        log = self.text(program, "GetProgramLogSize", "GetProgramLog")
        ptx = None if code else self.text(program, "GetPTXSize", "GetPTX")
        self.nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return log, ptx


def used(log):
    """Registers, spilled bytes and shared memory of each kernel, out of what ptxas tells."""
    told = {}
    for block in log.split("Compiling entry function '")[1:]:
        number = lambda pattern: int((re.search(pattern, block) or [0, 0])[1])
        told[block.split("'")[0]] = (
            number(r"Used (\d+) registers"),
            number(r"(\d+) bytes spill stores"),
            number(r"(\d+) bytes smem"),
        )
    return told


def main():
    compiler = Compiler()
    version = ".".join(map(str, compiler.version))
    known = [arch for arch in ARCHITECTURES if arch >= 75 or compiler.version < (13, 0)]
    for arch in sorted(set(ARCHITECTURES) - set(known)):
        print(f"NVRTC {version} does not know sm_{arch}: not checked for it")
    failed = False
    table = {}
    for path in sorted(KERNELS.glob("*.cu")):
        text = path.read_text()
        names = re.findall(r'extern "C" __global__ void (\w+)\(', text)
        variants = PRODUCTS if '#include "products.cuh"' in text else ["Single"]
        for arch, products in ((arch, products) for arch in known for products in variants if arch >= PRODUCTS[products]):
            log, ptx = compiler.compile(path, arch, products)
            missing = [name for name in names if ptx is None or f".entry {name}(" not in ptx]
            found = used(log)
            complaints = [line for line in log.splitlines() if re.search("warning|error", line) and DEPRECATED not in line]
            if complaints or missing or set(found) != set(names):
                failed = True
                print(f"{path.name}, {products}, for sm_{arch}: " + "\n  ".join(complaints or [log]), f"\n  not compiled: {missing}")
                continue
            for name in names:
                table.setdefault((path.name, name, products), {})[arch] = found[name]
    print(f"kernels compiled by NVRTC {version}; registers a thread for " + ", ".join(f"sm_{arch}" for arch in known))
    for (file, name, products), row in table.items():
        name += "" if products == "Single" else f" {products}"
        registers = " ".join(f"{row[arch][0]:4}" if arch in row else "   -" for arch in known)
        shared = max(entry[2] for entry in row.values())
        spilled = max(entry[1] for entry in row.values())
        failed = failed or spilled > 0
        print(f"  {file:14} {name:32} {registers}   {shared:6} bytes shared" + (f", {spilled} SPILLED" if spilled else ""))
    print(f"{len({name for _, name, _ in table})} kernels" + (", with errors" if failed else ", no error"))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
