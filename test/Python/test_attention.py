# REQUIRES: bitnet-compile, bitnet-opt
# RUN: %pytest %s --junitxml=%t.pytest.xml
# UNSUPPORTED: sanitize
"""Attention in tiles gives the bits of the naive lowering, for all shapes and masks."""

import os
import pathlib
import subprocess

import ml_dtypes
import numpy as np
import pytest

from bitnet.library import Library

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("BITNET_TOOLS", ROOT / "build/release/bin"))
MODULE = """
func.func @main(%q: tensor<?x{heads}x?x{d}xf32> {{onnx.name = "q", onnx.dims = ["b", "", "s", ""]}},
    %k: tensor<?x{kv}x?x{d}x{kind}> {{onnx.name = "k", onnx.dims = ["b", "", "t", ""]}},
    %v: tensor<?x{kv}x?x{e}x{kind}> {{onnx.name = "v", onnx.dims = ["b", "", "t", ""]}},
    %m: {mask} {{onnx.name = "m", onnx.dims = ["b", "", "s", "t"]}})
    -> (tensor<?x{heads}x?x{e}xf32> {{onnx.name = "y"}}) {{
  %y = bitnet.attention %q, %k, %v mask %m : {mask} scale 0.3
      : tensor<?x{heads}x?x{d}xf32>, tensor<?x{kv}x?x{d}x{kind}>,
        tensor<?x{kv}x?x{e}x{kind}> -> tensor<?x{heads}x?x{e}xf32>
  return %y : tensor<?x{heads}x?x{e}xf32>
}}
"""
TYPES = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
SHAPES = [
    dict(heads=1, kv=1, d=16, e=16),
    dict(heads=4, kv=2, d=64, e=64),
    dict(heads=8, kv=2, d=128, e=128),
    dict(heads=6, kv=2, d=20, e=36),
    dict(heads=5, kv=1, d=8, e=160),
    dict(heads=40, kv=1, d=32, e=16),
]
LENGTHS = [(1, 1), (1, 77), (1, 1024), (1, 1300), (2, 2), (3, 35), (16, 16), (37, 70)]

pytestmark = pytest.mark.skipif(
    not (TOOLS / "bitnet-opt").exists(), reason=f"no {TOOLS}/bitnet-opt"
)


def compile_both(module, folder):
    """The fast code and the naive code."""
    fast, naive = folder / "fast.mlir", folder / "naive.mlir"
    fast.write_text(module)
    command = [TOOLS / "bitnet-opt", fast, "--convert-bitnet-to-linalg", "-o", naive]
    subprocess.run(command, check=True)
    for path in (fast, naive):
        library = path.with_suffix(".so")
        command = [TOOLS / "bitnet-compile", path, "--emit=so", "-o", library]
        subprocess.run(command, check=True)
    return Library(folder / "fast.so"), Library(folder / "naive.so")


def masks(rng, shape):
    """Causal, padded on the left, at random; so that some queries see no key."""
    batch, heads, queries, keys = shape
    causal = np.tril(np.ones((queries, keys), bool), keys - queries)
    yield np.broadcast_to(causal, shape)
    start = rng.integers(0, keys + 1, (batch, heads, 1, 1))
    yield causal & (np.arange(keys) >= start)
    yield rng.random(shape) < 0.3


def numbers(rng, shape, kind="f32"):
    return rng.standard_normal(shape).astype(TYPES[kind])


def assert_same_bits(libraries, inputs):
    fast, naive = (library.run(inputs)["y"] for library in libraries)
    assert np.isfinite(naive).all()
    np.testing.assert_array_equal(fast.view(np.uint32), naive.view(np.uint32))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_truth_values(shape, kind, tmp_path):
    rng = np.random.default_rng(1)
    module = MODULE.format(mask="tensor<?x1x?x?xi1>", kind=kind, **shape)
    libraries = compile_both(module, tmp_path)
    heads, kv, d, e = shape.values()
    for queries, keys in LENGTHS:
        for mask in masks(rng, (2, 1, queries, keys)):
            inputs = {
                "q": numbers(rng, (2, heads, queries, d)),
                "k": numbers(rng, (2, kv, keys, d), kind),
                "v": numbers(rng, (2, kv, keys, e), kind),
                "m": np.ascontiguousarray(mask),
            }
            # What nobody sees may be anything.
            unseen = ~mask.any((1, 2))
            for name in "kv":
                inputs[name][np.broadcast_to(unseen[:, None], (2, kv, keys))] = np.nan
            assert_same_bits(libraries, inputs)


@pytest.mark.parametrize("own", [False, True], ids=["one mask", "each head its own"])
def test_numbers_are_added(own, tmp_path):
    rng = np.random.default_rng(2)
    heads, kv, d, e = shape = (8, 2, 64, 64)
    mask = f"tensor<?x{heads if own else 1}x?x?xf32>"
    module = MODULE.format(
        mask=mask, kind="f32", **dict(zip(("heads", "kv", "d", "e"), shape))
    )
    libraries = compile_both(module, tmp_path)
    for queries, keys in LENGTHS:
        for seen in masks(rng, (2, heads if own else 1, queries, keys)):
            # Far apart, so that weights of keys that are seen vanish, too.
            added = numbers(rng, seen.shape) * np.float32(60)
            inputs = {
                "q": numbers(rng, (2, heads, queries, d)),
                "k": numbers(rng, (2, kv, keys, d)),
                "v": numbers(rng, (2, kv, keys, e)),
                "m": np.where(seen, added, np.float32(-np.inf)),
            }
            assert_same_bits(libraries, inputs)
