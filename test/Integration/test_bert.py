# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Float Transformers of other projects give the numbers of onnxruntime."""

import numpy as np
import pytest

from language_model import assert_same_bits
from program import MODELS, compile_model

pytestmark = pytest.mark.models

DUMMY_MEAN = [
    -0.6178509, -0.8135831, 0.34416935, 0.3912577, -0.13068882, 2.5897025e-4, -0.18638384
]  # fmt: skip
"""The mean over tokens 1..5, published in the test of the project it is from."""


def token_inputs(names, batch, sequence):
    """Ids of the smaller vocabulary (20), and a mask that ends one row early."""
    rng = np.random.default_rng(7)
    mask = np.ones((batch, sequence), np.int64)
    mask[-1, sequence // 2 + 1 :] = 0
    known = {
        "input_ids": rng.integers(1, 20, (batch, sequence)),
        "attention_mask": mask,
        "token_type_ids": np.zeros((batch, sequence), np.int64),
    }
    return {name: known[name] for name in names}


@pytest.mark.parametrize("batch,sequence", [(1, 5), (2, 16), (3, 33)])
def test_equals_onnxruntime(bert, batch, sequence):
    onnxruntime = pytest.importorskip("onnxruntime")
    program, model = bert
    session = onnxruntime.InferenceSession(str(model))
    inputs = token_inputs([i.name for i in session.get_inputs()], batch, sequence)
    outputs = program.run(inputs)
    for output, expected in zip(session.get_outputs(), session.run(None, inputs)):
        actual = outputs[output.name]
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=2e-6)


def test_threads_change_nothing(bert):
    program, model = bert
    names = ["input_ids", "attention_mask"]
    names += ["token_type_ids"] if model.stem == "bert-dummy" else []
    inputs = token_inputs(names, 2, 16)
    one, two = (program.run(inputs, threads=threads) for threads in (1, 2))
    assert_same_bits(one, two)


def test_dummy_gives_the_published_numbers(tmp_path):
    program = compile_model(MODELS / "bert-dummy.onnx", tmp_path)
    inputs = token_inputs(["input_ids", "attention_mask", "token_type_ids"], 1, 5)
    inputs["input_ids"] = np.array([[1, 2, 3, 4, 5]])
    inputs["attention_mask"][:] = 1
    mean = program.run(inputs)["output_0"].mean(axis=1)[0, : len(DUMMY_MEAN)]
    np.testing.assert_allclose(mean, DUMMY_MEAN, rtol=1e-4, atol=1e-6)
