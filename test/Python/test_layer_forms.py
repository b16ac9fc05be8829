# REQUIRES: bitnet-compile
# RUN: %pytest -rA %s --junitxml=%t.pytest.xml
# UNSUPPORTED: sanitize
"""Every way to write a BitLinear is found and computes what ONNX says; no near miss is.

A few hundred small models are written, each of an activation form, a weight form and
random choices of everything else, compiled, and compared with NumPy op by op. A
sample runs by default; BITNET_FORMS=all (lit: --param forms=all) runs every one,
and BITNET_FORMS=NAME those whose name has NAME in it.
"""

import os
import pathlib

import pytest

from forms import check, layers, near_misses

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = pathlib.Path(
    os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
)
WANTED = os.environ.get("BITNET_FORMS", "")
SEED = "20231017"
DRAWS = 3
"""Models of each pair of an activation form and a weight form."""
SAMPLE = 10
"""One of so many models runs by default."""

pytestmark = pytest.mark.skipif(not COMPILER.exists(), reason=f"no {COMPILER}")


def wanted(cases):
    cases = list(cases)
    if WANTED == "all":
        return cases
    if WANTED:
        return [case for case in cases if WANTED in case.name]
    return cases[::SAMPLE]


def run(cases, folder):
    """What is wrong, and a line that counts."""
    about = {case.name: f"opset {case.opset}, {case.about}" for case in cases}
    verdicts = {}
    for group in check.bundle(cases):
        verdicts |= check.check(group, COMPILER, folder)
    failed = {name: wrong for name, wrong in verdicts.items() if wrong}
    for name, wrong in failed.items():
        print(f"{name}: {wrong} ({about[name]})")
    print(f"{len(verdicts) - len(failed)} passed, {len(failed)} failed")
    return failed


def test_every_form(tmp_path):
    assert not run(wanted(layers.write_cases(DRAWS, SEED)), tmp_path)


def test_near_misses(tmp_path):
    cases = list(near_misses.write_near_misses(SEED))
    assert not run(cases, tmp_path)
