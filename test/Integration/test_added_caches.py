# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""A model of ids alone gets caches, and says bit for bit what it would say if it
computed everything again."""

import json

import numpy as np
import pytest

from cacheless import without_caches
from language_model import inputs_for
from program import BUNDLED, MODELS, compile_model

GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
NAMES = ["ste-nocache-opset18", "ste-nocache-opset23"]


def compile_both(model, folder):
    """With caches, and by computing again."""
    programs = []
    for name, option in [("cached", "true"), ("again", "false")]:
        (folder / name).mkdir()
        option = f"--add-caches={option}"
        programs.append(compile_model(model, folder / name, option))
    return programs


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cacheless")
    return compile_both(without_caches(folder / "austen.onnx"), folder)


def present_as_past(outputs):
    return {
        name.replace("present", "past_key_values"): array
        for name, array in outputs.items()
        if name.startswith("present")
    }


def run_in_chunks(program, ids, lengths):
    """The logits of ids that are fed in chunks of these lengths."""
    logits, past = [], {}
    for chunk in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        outputs = program.run({"input_ids": chunk, **past})
        past = present_as_past(outputs)
        logits.append(outputs["logits"])
    return np.concatenate(logits, axis=1)


def assert_same_bits(actual, expected):
    np.testing.assert_array_equal(actual.view(np.uint32), expected.view(np.uint32))


def check_chunks(programs, ids):
    cached, again = programs
    wanted = again.run({"input_ids": ids})["logits"]
    length = ids.shape[1]
    for lengths in ([length], [1] * length, [5, length - 5], [length - 1, 1]):
        assert_same_bits(run_in_chunks(cached, ids, lengths), wanted)


@pytest.mark.parametrize("case", GREEDY[:8], ids=lambda case: case["prompt"])
def test_continues_bundled_prompt(bundled, case):
    count = len(case["new_ids"])
    assert bundled[0].generate(case["ids"], count) == case["new_ids"]


def test_says_that_it_is_slow_without(bundled):
    cached, again = (p.call("generate", "--ids", "1,2", "-n", 3) for p in bundled)
    assert cached.stdout == again.stdout
    assert cached.stderr == ""
    assert "the model has no caches" in again.stderr and "slow" in again.stderr


def test_signature_has_caches(bundled):
    text = bundled[0].output()
    for name in ("past_key_values.5.value", "present.0.key", "past + sequence"):
        assert name in text
    assert "past" not in bundled[1].output()


def test_bundled_bits(austen, bundled):
    rows = [(case["ids"] + case["new_ids"])[:21] for case in GREEDY[:2]]
    ids = np.array(rows)
    check_chunks(bundled, ids)
    with_caches = austen.run(inputs_for(ids))["logits"]
    assert_same_bits(bundled[0].run({"input_ids": ids})["logits"], with_caches)


@pytest.mark.models
@pytest.mark.parametrize("name", NAMES)
def test_exported_bits(name, tmp_path):
    model = MODELS / "export" / f"{name}.onnx"
    programs = compile_both(model, tmp_path)
    with np.load(model.with_suffix(".npz")) as file:
        ids, wanted = file["in.input_ids"], file["out.logits"]
    logits = run_in_chunks(programs[0], ids, [2, ids.shape[1] - 2])
    np.testing.assert_allclose(logits, wanted, atol=1e-4)
    check_chunks(programs, np.random.default_rng(3).integers(0, 128, (2, 19)))
