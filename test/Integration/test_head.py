# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""The bundled model with a head of fewer bits: what it costs is known."""

import json
import re
import subprocess

import numpy as np
import pytest

from language_model import assert_same_bits, inputs_for, run_in_chunks
from program import BUNDLED, COMPILER, compile_model

FOLDER = BUNDLED / "austen"
TYPES = ["f32", "f16", "bf16", "int8", "int4"]

IDENTICAL = {"f32": 64, "f16": 64, "bf16": 64, "int8": 64, "int4": 43}
"""Of the 64 recorded continuations, how many stay what they are."""

DEVIATION = {"f32": 0, "f16": 0.006, "bf16": 0.05, "int8": 0.15, "int4": 2.0}
"""A little above the largest difference of a logit from the exact head's, over 128
positions."""


@pytest.fixture(scope="module", params=TYPES)
def head(request, tmp_path_factory):
    """A type, and the model with a head of it."""
    folder = tmp_path_factory.mktemp(request.param)
    model = compile_model(FOLDER / "model.onnx", folder, f"--head={request.param}")
    return request.param, model


@pytest.fixture(scope="module")
def ids():
    cases = json.loads((FOLDER / "greedy.json").read_text())
    rows = [(case["ids"] + case["new_ids"])[:32] for case in cases]
    return np.array([row for row in rows if len(row) == 32][:4])


def test_continuations_stay_the_same(head):
    kind, program = head
    cases = json.loads((FOLDER / "greedy.json").read_text())
    assert len(cases) == 64
    same = sum(
        program.generate(case["ids"], len(case["new_ids"])) == case["new_ids"]
        for case in cases
    )
    assert same == IDENTICAL[kind]


def test_logits_deviate_by_what_was_measured(head, austen, ids):
    kind, program = head
    exact, rounded = (p.run(inputs_for(ids)) for p in (austen, program))
    difference = np.abs(exact["logits"] - rounded["logits"]).max()
    assert difference <= DEVIATION[kind], difference
    assert (difference > 0) == (kind != "f32")
    for name, array in exact.items():
        assert name == "logits" or (array == rounded[name]).all(), name


def test_chunks_and_threads_change_no_bit(head, ids):
    _, program = head
    whole = program.run(inputs_for(ids))
    assert_same_bits(run_in_chunks(program, ids, [1, 9, 22]), whole)
    for threads in (1, 3):
        assert_same_bits(program.run(inputs_for(ids), threads=threads), whole)


def report_of(model, *options):
    command = [COMPILER, model, "--report=-", *options]
    report = json.loads(subprocess.check_output(command))
    return next(layer for layer in report["layers"] if "reason" in layer)


@pytest.mark.parametrize(
    "kind, bytes_after", [("f16", 2), ("bf16", 2), ("int8", 1), ("int4", 0.5)]
)
def test_report_says_what_was_lost(kind, bytes_after):
    layer = report_of(FOLDER / "model.onnx", f"--head={kind}")
    scales = {"int8": 4 / 256, "int4": 2 / 32}.get(kind, 0)
    assert layer["bytes"] == 2048 * 256 * (bytes_after + scales)
    head = layer["head"]
    assert head["type"] == kind
    assert 0 < head["mean_deviation"] < head["largest_deviation"] < head["logit"]


def test_report_of_an_exact_head_is_silent():
    assert "head" not in report_of(FOLDER / "model.onnx")


def test_table_says_it_in_words():
    command = [COMPILER, FOLDER / "model.onnx", "--report", "--head=int8"]
    lines = subprocess.check_output(command, text=True).splitlines()
    (place,) = (i for i, line in enumerate(lines) if line.startswith("head: "))
    assert lines[place] == "head: int8, 2097152 bytes before, 532480 after"
    assert re.fullmatch(
        r"  logits for random inputs of rms 1 \(root mean squares\): 2\.12 each,"
        r" off by 0\.015 on average and 0\.037 at most",
        lines[place + 1],
    )
