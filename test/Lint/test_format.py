# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""C++ is formatted by clang-format 22, Python by black and checked by mypy."""

import collections
import importlib.util
import re
import subprocess
import sys

import pytest

from tree import LLVM, ROOT, files, report


def complaints(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stderr + done.stdout if done.returncode else ""


def test_clang_format():
    sources = files(".cpp", ".h", under=["dialects", "include", "lib", "tools", "test"])
    output = complaints(LLVM / "clang-format", "--dry-run", "-Werror", *sources)
    places = re.findall(r"^(.+?):(\d+):\d+: error: ", output, re.MULTILINE)
    first = {path: line for path, line in reversed(places)}
    counts = collections.Counter(path for path, _ in places)
    report(f"{p}:{first[p]}: {n} places to format" for p, n in counts.items())


def test_clang_format_is_of_this_version():
    version = subprocess.run(
        [LLVM / "clang-format", "--version"], capture_output=True, text=True
    )
    assert "version 22" in version.stdout


def require(module):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def test_black():
    require("black")
    output = complaints(sys.executable, "-m", "black", "--check", "-q", *files(".py"))
    assert not output, output


def test_mypy():
    require("mypy")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--ignore-missing-imports",
        "--cache-dir=/dev/null",
    ]
    output = complaints(*command, *files(".py", under=["python"]))
    report(line for line in output.splitlines() if " error: " in line)
