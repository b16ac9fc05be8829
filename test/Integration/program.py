"""Compiles a model and runs the program that comes out, under an empty environment."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time
from typing import NamedTuple

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "test" / "Models"
MODELS = (
    pathlib.Path(os.environ["BITNET_MODELS"]) if "BITNET_MODELS" in os.environ else None
)
COMPILER = pathlib.Path(
    os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
)

Arrays = dict[str, np.ndarray]


class Cost(NamedTuple):
    """What a command took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


class Program:
    """A compiled model, and what it runs under."""

    def __init__(
        self, path: pathlib.Path, cost: Cost, emulator: tuple[str, ...] = ()
    ) -> None:
        self.path = path
        self.cost = cost
        self.emulator = emulator
        self.environment: dict[str, str] = {}
        self.calls = 0

    def under(self, *emulator: str, **environment: str) -> Program:
        """The same program, run by a command, with variables."""
        program = Program(self.path, self.cost, emulator)
        program.environment = environment
        return program

    def call(
        self, *arguments: object, threads: int | None = None
    ) -> subprocess.CompletedProcess:
        """Runs it, whatever comes out."""
        environment = dict(self.environment)
        if threads is not None:
            environment["BITNET_THREADS"] = str(threads)
        command = [*self.emulator, str(self.path), *map(str, arguments)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120
        )

    def output(self, *arguments: object, threads: int | None = None) -> str:
        """What it prints when all goes well."""
        done = self.call(*arguments, threads=threads)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        return done.stdout

    def run(self, inputs: Arrays, threads: int | None = None) -> Arrays:
        """The outputs for these inputs, by name."""
        self.calls += 1
        given = self.path.parent / f"in-{self.calls}.npz"
        taken = self.path.parent / f"out-{self.calls}.npz"
        np.savez(given, **inputs)
        self.output("run", given, "-o", taken, threads=threads)
        with np.load(taken) as file:
            outputs = dict(file)
        given.unlink()
        taken.unlink()
        return outputs

    def generate(
        self, ids: list[int], count: int, threads: int | None = None
    ) -> list[int]:
        """The next ids, greedily."""
        prompt = ",".join(map(str, ids))
        line = self.output("generate", "--ids", prompt, "-n", count, threads=threads)
        return [int(word) for word in line.strip().split(",")]


def measured(command: list[str], log: pathlib.Path) -> Cost:
    """Runs a command that has to succeed."""
    start = time.monotonic()
    with log.open("w") as file:
        child = subprocess.Popen(command, stdout=file, stderr=file)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    assert (
        child.returncode == 0
    ), f"{command}: exit {child.returncode}\n{log.read_text()}"
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def compile_model(model: pathlib.Path, folder: pathlib.Path, *options: str) -> Program:
    """bitnet-compile model -o folder/stem"""
    path = folder / model.stem
    command = [str(COMPILER), str(model), "-o", str(path), *options]
    return Program(path, measured(command, folder / "compile.log"))
