# REQUIRES: bitnet-compile, bitnet-opt
# RUN: %pytest %s --junitxml=%t.pytest.xml
# UNSUPPORTED: sanitize
"""The naive lowering of a layer and the one that is fast give the same bits."""

import itertools
import os
import pathlib
import subprocess

import numpy as np
import pytest

from forms.library import Library

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("BITNET_TOOLS", ROOT / "build/release/bin"))
ROWS = 7

QUANTIZER = (
    "#bitnet.quantizer<{scheme}, {granularity}, limit = {limit} : f32,"
    " floor = 1.0e-5 : f32, low = {low}, high = {high}, reciprocal = {reciprocal}>"
)
CODES = """
func.func @main(%x: tensor<{rows}x{k}xf32> {{onnx.name = "x"}})
    -> (tensor<{rows}x{k}xi8> {{onnx.name = "codes"}}, tensor<{rows}xf32> {{onnx.name = "scales"}}) {{
  %q, %s = bitnet.quantize %x {{quantizer = {quantizer}}}
      : tensor<{rows}x{k}xf32> -> tensor<{rows}x{k}xi8>, tensor<{rows}xf32>
  return %q, %s : tensor<{rows}x{k}xi8>, tensor<{rows}xf32>
}}
"""
LAYER = """
func.func @main(%x: tensor<{rows}x{k}xf32> {{onnx.name = "x"}})
    -> (tensor<{rows}x{n}xf32> {{onnx.name = "y"}}) {{
  %w = bitnet.constant dense_resource<w> : tensor<{n}x{k}x!bitnet.trit>
  %scale = arith.constant dense<{scale}> : tensor<{scales}xf32>
  %bias = arith.constant dense<{bias}> : tensor<{n}xf32>
  %y = bitnet.linear %x, %w, %scale {inverse} bias %bias : tensor<{n}xf32> {{quantizer = {quantizer}}}
      : tensor<{rows}x{k}xf32>, tensor<{n}x{k}x!bitnet.trit>, tensor<{scales}xf32> -> tensor<{rows}x{n}xf32>
  return %y : tensor<{rows}x{n}xf32>
}}
{{-# dialect_resources: {{ builtin: {{ w: "0x01000000{weights}" }} }} #-}}
"""

pytestmark = pytest.mark.skipif(
    not (TOOLS / "bitnet-opt").exists(), reason=f"no {TOOLS}/bitnet-opt"
)


def quantizer(scheme="absmax", granularity="token", reciprocal="true"):
    limits = {
        "absmax": ("127.0", -128, 127),
        "absmean": ("2.6457512", -8, 7),
        "shifted": ("128.0", 0, 127),
    }
    limit, low, high = limits[scheme]
    return QUANTIZER.format(
        scheme=scheme,
        granularity=granularity,
        limit=limit,
        low=low,
        high=high,
        reciprocal=reciprocal,
    )


def activations(rng, k):
    """With a row of zeros, a tiny one, and one of ties."""
    x = rng.standard_normal((ROWS, k)).astype(np.float32)
    x[1] = 0
    x[2] *= np.float32(1e-7)
    x[3] = rng.integers(-253, 254, k) / 2
    x[3, 0] = 127
    return x


def run_both(module, x, folder):
    """What the fast code and the naive code compute."""
    outputs = []
    fast, naive = folder / "fast.mlir", folder / "naive.mlir"
    fast.write_text(module)
    command = [TOOLS / "bitnet-opt", fast, "--convert-bitnet-to-linalg", "-o", naive]
    subprocess.run(command, check=True)
    for path in (fast, naive):
        library = path.with_suffix(".so")
        command = [TOOLS / "bitnet-compile", path, "--emit=so", "-o", library]
        subprocess.run(command, check=True)
        outputs.append(Library(library).run({"x": x}))
    return outputs


def compare(outputs):
    fast, naive = outputs
    assert fast.keys() == naive.keys() and fast
    for name in fast:
        np.testing.assert_array_equal(
            fast[name].view(np.uint8), naive[name].view(np.uint8), name
        )


@pytest.mark.parametrize(
    "scheme, granularity",
    itertools.product(["absmax", "absmean", "shifted"], ["token", "tensor"]),
)
@pytest.mark.parametrize("k", [5, 16, 100, 200])
def test_quantize(scheme, granularity, k, tmp_path):
    reciprocal = "true" if k % 8 else "false"
    spelled = quantizer(scheme, granularity, reciprocal)
    module = CODES.format(rows=ROWS, k=k, quantizer=spelled)
    compare(run_both(module, activations(np.random.default_rng(k), k), tmp_path))


@pytest.mark.parametrize("groups", [0, 1, 2, 4])
@pytest.mark.parametrize("inverse", ["", "inverse"])
def test_linear(groups, inverse, tmp_path):
    if groups > 1 and inverse:
        pytest.skip("groups have no inverse scales")
    rng, n, k = np.random.default_rng(groups), 70, 64
    shape = (n,) if groups == 0 else (groups, n) if groups > 1 else (1,)
    module = LAYER.format(
        rows=ROWS,
        n=n,
        k=k,
        scale=rng.uniform(0.01, 0.2, shape).tolist(),
        scales="x".join(map(str, shape)),
        bias=rng.standard_normal(n).tolist(),
        inverse=inverse,
        weights=rng.integers(-1, 2, (n, k)).astype(np.int8).tobytes().hex(),
        quantizer=quantizer(),
    )
    compare(run_both(module, activations(rng, k), tmp_path))
