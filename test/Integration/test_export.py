# REQUIRES: models
# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Every exported fixture: each BitLinear layer is raised, no near miss is, numbers agree.

Language models: RoPE, attention and caches are raised too, and nothing of the quantizers is left.
"""

import collections
import re
import subprocess

import numpy as np
import pytest

from program import COMPILER, MODELS, compile_model

pytestmark = pytest.mark.models

FIXTURES = sorted((MODELS / "export").glob("*.onnx")) if MODELS else []

BOUND = 2e-5
HALF_BOUNDS = {
    "f16-ste-opset18": 0.72,
    "bf16-ste-opset23": 1.3,
    "bf16-hf-autobitlinear-offline": 0.27,
}
"""How far PyTorch's halves are from its own f32, since roundings flip."""

LANGUAGE_MODEL = 14
OTHER_LAYERS = {
    "torchscript-opset13": 2,
    "torchscript-opset17": 2,
    "dynamo-mlp-opset18": 2,
    "gemm-bias": 2,
    "gemm-bias-offline": 2,
    "fused-qkv": 1,
    "fused-qkv-folded": 1,
    "int8-matmulinteger": 2,
    "ternary-other-quantizer": 1,
    "ternary-other-quantizer-folded": 1,
}


def expected_layers(name):
    if name.startswith("near-miss"):
        return 0
    return OTHER_LAYERS.get(name, LANGUAGE_MODEL)


def raised(model):
    """The model after raise, as text."""
    command = [str(COMPILER), str(model), "--emit=bitnet", "-o", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def count_ops(text):
    """How many there are of each op, by name."""
    return collections.Counter(re.findall(r"= ([a-z_]+\.[a-z_]+)\b", text))


def check_block_structure(text):
    """Two layers: nothing of attention is left that is not an op of its own."""
    ops = count_ops(text)
    assert ops["bitnet.attention"] == 2
    assert ops["bitnet.rope"] == 4
    assert ops["bitnet.kv_append"] == 4  # added where the file has none
    assert ops["bitnet.rms_norm"] >= 9
    assert ops["math.sqrt"] == ops["math.exp"] == ops["linalg.batch_matmul"] == 0
    assert not re.search(r'"reduction".*ins\([^)]*xf32', text)


def check_nothing_is_left(text):
    """No float product of a layer, and nothing of the quantizers."""
    ops = count_ops(text)
    # Only the head is a product of floats.
    assert ops["linalg.matmul"] <= 1
    assert ops["math.roundeven"] == 0
    assert not re.search(r"arith.constant -?1\.2[78]0*e\+02", text)


def take(file, prefix):
    """The arrays called prefix.NAME, by name."""
    return {
        key.removeprefix(prefix + "."): file[key]
        for key in file.files
        if key.startswith(prefix + ".")
    }


@pytest.mark.parametrize("model", FIXTURES, ids=lambda model: model.stem)
def test_export(model, tmp_path):
    layers = expected_layers(model.stem)
    text = raised(model)
    assert count_ops(text)["bitnet.linear"] == layers
    if layers:
        check_nothing_is_left(text)
    # Blocks of halves round between their ops: they stay as they are.
    if layers == LANGUAGE_MODEL and model.stem not in HALF_BOUNDS:
        check_block_structure(text)

    bound = HALF_BOUNDS.get(model.stem, BOUND)
    program = compile_model(model, tmp_path)
    recorded = np.load(model.with_suffix(".npz"))
    for number in ("", "2", "3"):
        inputs = take(recorded, "in" + number)
        if not inputs:
            continue
        outputs = program.run(inputs)
        for name, expected in take(recorded, "out" + number).items():
            np.testing.assert_allclose(
                outputs[name].astype(np.float64), expected, rtol=0, atol=bound
            )


def test_unfolded_weights_give_the_same_program():
    listings = []
    for name in ("model", "exported"):
        model = MODELS / "austen" / f"{name}.onnx"
        command = [str(COMPILER), str(model), "--emit=asm", "-o", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        listings.append([x for x in lines if "bitnet 1" not in x and ".size" not in x])
    assert listings[0] == listings[1]
