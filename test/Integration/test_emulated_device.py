# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Kernels for NVIDIA and AMD compute what the CPU's code computes."""

import numpy as np
import pytest

from emulated_device import emulate
from program import BUNDLED, compile_model

MODEL = BUNDLED / "austen" / "model.onnx"
PROMPTS = [[0], [0, 12, 7], list(range(3, 40))]
"""Rows of a decode step, and those of blocks of 16 with some left over."""


@pytest.fixture(scope="module", params=["cuda:sm_80", "hip:gfx942", "hip:gfx1100"])
def device(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.replace(":", "-"))
    return emulate(MODEL, request.param, folder)


@pytest.fixture(scope="module")
def cpu(tmp_path_factory):
    return compile_model(MODEL, tmp_path_factory.mktemp("cpu"))


@pytest.mark.parametrize("prompt", PROMPTS, ids=len)
def test_device_continues_as_the_cpu(device, cpu, prompt):
    assert device.generate(prompt, 8) == cpu.generate(prompt, 8)


def test_logits_are_those_of_the_cpu(device, cpu):
    ids = np.array([PROMPTS[-1]], dtype=np.int64)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    inputs["position_ids"] = np.arange(ids.size).reshape(ids.shape)
    ours, theirs = device.run(inputs)["logits"], cpu.run(inputs)["logits"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
