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

HEAD = """
func.func @main(%x: tensor<?x{k}xf32> {{onnx.name = "x"}})
    -> (tensor<?x{n}xf32> {{onnx.name = "y"}}) {{
  %codes = arith.constant dense_resource<codes> : tensor<{codes}xi8>
  %scales = arith.constant dense_resource<scales> : tensor<{scales}x{type}>
  %y = bitnet.scaled_matmul %x, %codes, %scales bits {bits}
      : tensor<?x{k}xf32>, tensor<{codes}xi8>, tensor<{scales}x{type}> -> tensor<?x{n}xf32>
  return %y : tensor<?x{n}xf32>
}}
{{-# dialect_resources: {{ builtin: {{ codes: "0x01000000{code_bytes}", scales: "0x04000000{scale_bytes}" }} }} #-}}
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


def head_weights(codes, scales, bits):
    """[rows, inputs] of a product whose codes lie in panels."""
    panels, blocks = codes.shape[:2]
    parts = [codes] if bits == 8 else [(codes << 4) >> 4, codes >> 4]
    split = np.stack(parts, axis=2)  # [panels, blocks, parts, 4, 16]
    wide = split.transpose(0, 3, 1, 2, 4).reshape(panels * 4, -1).astype(np.float64)
    groups = scales.transpose(0, 2, 1).reshape(panels * 4, -1).astype(np.float64)
    return wide * np.repeat(groups, wide.shape[1] // groups.shape[1], axis=1)


@pytest.mark.parametrize("bits, groups", [(8, 1), (8, 3), (4, 1), (4, 6), (4, 2)])
@pytest.mark.parametrize("rows, n", [(1, 8), (7, 5), (13, 16), (6, 1)])
def test_scaled_matmul(bits, groups, rows, n, tmp_path):
    """Also by all codes: -128 and -8 are among them."""
    rng, blocks = np.random.default_rng(n), 6
    panels, k = -(-n // 4), blocks * 16 * 8 // bits
    codes = rng.integers(-128, 128, (panels, blocks, 4, 16)).astype(np.int8)
    scales = rng.uniform(0.01, 0.02, (panels, groups, 4)).astype(np.float32)
    if bits == 4:  # as bf16
        scales = (scales.view(np.uint32) & 0xFFFF0000).view(np.float32)
    stored = (scales.view(np.uint32) >> 16).astype(np.uint16) if bits == 4 else scales
    module = HEAD.format(
        k=k,
        n=n,
        codes="x".join(map(str, codes.shape)),
        scales="x".join(map(str, scales.shape)),
        type="bf16" if bits == 4 else "f32",
        bits=bits,
        code_bytes=codes.tobytes().hex(),
        scale_bytes=stored.tobytes().hex(),
    )
    x = rng.standard_normal((rows, k)).astype(np.float32)
    outputs = run_both(module, x, tmp_path)
    compare(outputs)
    wanted = x.astype(np.float64) @ head_weights(codes, scales, bits)[:n].T
    np.testing.assert_allclose(outputs[0]["y"], wanted, rtol=1e-4, atol=1e-4)
