"""Machines other than this one: what to compile for, and how to run it here."""

from __future__ import annotations

import os
import pathlib
import shutil
from typing import NamedTuple

from program import COMPILER

LIBRARIES = pathlib.Path(os.environ.get("BITNET_LIBS", COMPILER.parents[1] / "lib"))
CPUINFO = pathlib.Path("/proc/cpuinfo")


class Machine(NamedTuple):
    """A CPU by LLVM's name, and those by qemu's name that run its programs."""

    architecture: str
    cpu: str
    emulated: tuple[str, ...]

    def options(self) -> list[str]:
        """What bitnet-compile is told."""
        return [f"--target={self.architecture}-linux-gnu", f"--cpu={self.cpu}"]

    def emulator(self, emulated: str) -> tuple[str, ...]:
        return (str(shutil.which(f"qemu-{self.architecture}-static")), "-cpu", emulated)

    def missing(self) -> str:
        """What is missing to make and run its programs here, or nothing."""
        if not shutil.which(f"qemu-{self.architecture}-static"):
            return f"no qemu-{self.architecture}-static"
        runtime = LIBRARIES / "bitnet" / f"{self.architecture}-linux-gnu"
        if self.architecture != os.uname().machine and not runtime.exists():
            return f"no runtime for {self.architecture}"
        return ""


def riscv(vlen: int) -> str:
    return f"rv64,v=true,vlen={vlen},vext_spec=v1.0"


LENGTHS = tuple(f"max,sve-max-vq={n}" for n in (1, 2, 4))

MACHINES = {
    "": [Machine("aarch64", "generic", ("cortex-a53",))],
    "neon": [Machine("aarch64", "cortex-a53", ("cortex-a53",))],
    "dotprod": [Machine("aarch64", "cortex-a76", ("cortex-a76",))],
    "i8mm": [Machine("aarch64", "neoverse-v1", LENGTHS)],
    "sve": [Machine("aarch64", "a64fx", LENGTHS)],
    "m": [Machine("riscv64", "generic-rv64", ("rv64",))],
    "v": [Machine("riscv64", "generic-rv64+v", (riscv(128), riscv(256)))],
    "zvl256b": [Machine("riscv64", "generic-rv64+v+zvl256b", (riscv(256),))],
    "avx2": [Machine("x86_64", "x86-64-v3", ("max",))],
}
"""The machines that have a feature of the tile table."""

IN_CPUINFO = {
    "avxvnni": "avx_vnni",
    "avx512vnni": "avx512_vnni",
    "avx512vbmi": "avx512_vbmi",
    "amx-int8": "amx_int8",
    "neon": "asimd",
    "dotprod": "asimddp",
}
"""Features that /proc/cpuinfo calls by another name."""


def is_native(feature: str) -> bool:
    """Whether this machine has one of the features between bars, all that pluses join."""
    words = set(CPUINFO.read_text().split()) if CPUINFO.exists() else set()
    return any(
        all(IN_CPUINFO.get(name, name) in words for name in together.split("+"))
        for together in feature.split("|")
    )
