"""What a benchmark found, and how it is written down."""

from __future__ import annotations

import json
import pathlib
from typing import NamedTuple


class Figure(NamedTuple):
    """One number beside what it is to reach."""

    name: str
    value: float
    median: float
    target: float | None
    """None: stands for itself."""
    unit: str
    threads: int

    def as_json(self) -> dict[str, object]:
        return self._asdict()

    def line(self) -> str:
        target = "" if self.target is None else f"{self.target:.4g}"
        met = (
            ""
            if self.target is None
            else ("yes" if self.value >= self.target else "no")
        )
        return (
            f"| {self.name} | {self.threads} | {self.value:.4g} | {self.median:.4g} "
            f"| {target} | {self.unit} | {met} |"
        )


HEAD = """\
| what | threads | best | median | target | unit | met |
|---|---|---|---|---|---|---|"""


class Report:
    """All figures of a run; each is printed when it is known."""

    def __init__(self, machine: dict[str, object]) -> None:
        self.machine = machine
        self.limits: dict[str, dict[str, float]] = {}
        self.figures: list[Figure] = []
        self.skipped: list[str] = []
        self.peers: list[dict[str, object]] = []

    def add(self, figure: Figure) -> None:
        if not self.figures:
            print(HEAD)
        self.figures.append(figure)
        print(figure.line(), flush=True)

    def skip(self, what: str, why: str) -> None:
        self.skipped.append(f"{what}: {why}")
        print(f"| {what} | | | | | {why} | |", flush=True)

    def write(self, path: pathlib.Path) -> None:
        data = {
            "machine": self.machine,
            "limits": self.limits,
            "targets": [figure.as_json() for figure in self.figures],
            "skipped": self.skipped,
            "peers": self.peers,
        }
        path.write_text(json.dumps(data, indent=1) + "\n")
