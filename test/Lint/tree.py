"""The project's files as the checks see them, and how a check complains."""

from __future__ import annotations

import collections
import json
import os
import pathlib
import re
import subprocess
from collections.abc import Iterable, Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LLVM = pathlib.Path(os.environ.get("BITNET_LLVM_TOOLS", "/usr/lib/llvm-22/bin"))
TOOLS = pathlib.Path(os.environ.get("BITNET_TOOLS", ROOT / "build/release/bin"))
NOT_OURS = {".cache", ".git", "__pycache__", "build"}


def paths() -> list[pathlib.Path]:
    """Every file of the checkout that git does not ignore, relative to the root."""
    command = ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode == 0:
        found = [pathlib.Path(line) for line in listed.stdout.splitlines()]
    else:  # an unpacked archive
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
    return sorted(
        path
        for path in found
        if not NOT_OURS & set(path.parts) and (ROOT / path).is_file()
    )


def files(*suffixes: str, under: Iterable[str] = ("",)) -> Iterator[pathlib.Path]:
    """The files with one of these endings in one of these folders."""
    for path in paths():
        inside = any(not top or path.is_relative_to(top) for top in under)
        if inside and path.name.endswith(suffixes):
            yield path


def text(path: pathlib.Path) -> str:
    return (ROOT / path).read_text()


def matches(
    pattern: str, chosen: Iterable[pathlib.Path]
) -> Iterator[tuple[str, re.Match]]:
    """Each match of a pattern as ("file:line", match)."""
    for path in chosen:
        content = text(path)
        for match in re.finditer(pattern, content, re.MULTILINE):
            line = content.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}", match


def report(problems: Iterable[str]) -> None:
    """Fails with one line for each problem, if there is one."""
    found = list(problems)
    if found:
        pytest.fail(f"{len(found)} problems\n" + "\n".join(found), pytrace=False)


class Record(collections.UserDict):
    """An op or pass as TableGen resolved it."""

    def __init__(self, path: pathlib.Path, fields: dict) -> None:
        super().__init__(fields)
        self.path = path

    @property
    def place(self) -> str:
        """file:line of its def; TableGen says only the name of an included file."""
        name, line = self["!locs"][0].rsplit(":", 1)
        beside = self.path.parent / pathlib.Path(name).name
        return f"{beside}:{line}"

    @property
    def blocks(self) -> list[str]:
        """The IR in its description."""
        return re.findall(r"```mlir\n(.*?)```", self["description"], re.DOTALL)


def records(path: pathlib.Path, kind: str) -> list[Record]:
    """The records of class `kind` that a .td file and its includes define."""
    include = [f"-I{LLVM.parent / 'include'}", f"-I{ROOT}", f"-I{ROOT / 'include'}"]
    command = [LLVM / "llvm-tblgen", "--dump-json", *include, ROOT / path]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"{path}: {done.stderr}", pytrace=False)
    dump = json.loads(done.stdout)
    return [Record(path, dump[name]) for name in dump["!instanceof"].get(kind, [])]


def all_records(tables: Iterable[pathlib.Path], kind: str) -> list[Record]:
    """The records of several files, those that two of them include once."""
    found = (record for path in tables for record in records(path, kind))
    return list({record.place: record for record in found}.values())


def passes() -> list[Record]:
    """Every pass of the project."""
    return all_records(files("Passes.td", under=["include"]), "PassBase")


def ops() -> list[Record]:
    """Every op of the project's dialects."""
    return all_records(files("AllOps.td", "DeviceOps.td", under=["dialects"]), "Op")
