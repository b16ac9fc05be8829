# REQUIRES: bitnet-compile
# RUN: %pytest %s --junitxml=%t.pytest.xml
# UNSUPPORTED: sanitize
"""TopK against NumPy: every axis, k, direction, and equal elements."""

import os
import pathlib
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from forms.graph import Graph
from forms.library import Library
from forms.oracle import Run

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = pathlib.Path(
    os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
)
SHAPE = (3, 5, 17)


def write(shape):
    """All axes, directions and some k, each with its values and positions."""
    g = Graph(24)
    g.input("x", shape)
    for axis in (-1, 0, 1):
        for k in sorted({0, 1, 2, SHAPE[axis] // 2, SHAPE[axis]}):
            for largest in (0, 1):
                name = f"axis{axis}_k{k}_largest{largest}"
                attributes = {"axis": axis, "largest": largest, "sorted": k % 2}
                values, at = g.node("TopK", ["x", g.ints(k)], 2, **attributes)
                g.output(values, f"{name}_values", len(SHAPE))
                g.output(g.cast(at, TensorProto.FLOAT), f"{name}_at", len(SHAPE))
    return g.model()


@pytest.mark.skipif(not COMPILER.exists(), reason=f"no {COMPILER}")
@pytest.mark.parametrize("shape", [SHAPE, ["a", "b", "c"]], ids=["fixed", "open"])
@pytest.mark.parametrize("elements", ["different", "many equal"])
def test_top_k(shape, elements, tmp_path):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(SHAPE).astype(np.float32)
    if elements == "many equal":
        x = np.round(x)
    model, library = tmp_path / "topk.onnx", tmp_path / "topk.so"
    onnx.save(write(shape), model)
    subprocess.run([COMPILER, model, "--emit=so", "-o", library], check=True)
    outputs = Library(library).run({"x": x})
    expected = Run(write(shape), {"x": x}).values
    assert outputs
    for name, actual in outputs.items():
        np.testing.assert_array_equal(actual, expected[name], name)
