# RUN: %pytest %s --junitxml=%t.pytest.xml
# UNSUPPORTED: sanitize
"""lib/Reference (C++) and bitnet.reference (NumPy), written apart, agree."""

import ctypes
import os
import pathlib

import ml_dtypes
import numpy as np
import pytest

from bitnet import reference

LIBRARY = pathlib.Path(os.environ.get("BITNET_LIBS", ""), "libBitNetReferenceABI.so")
if not LIBRARY.exists():
    pytest.skip(f"no {LIBRARY}: set BITNET_LIBS", allow_module_level=True)
cpp = ctypes.CDLL(str(LIBRARY))
for name in ("lane_sum", "ternarize", "binarize", "quantize"):
    getattr(cpp, "reference_" + name).restype = ctypes.c_float
cpp.reference_packed_size.restype = ctypes.c_int64

LENGTHS = [1, 2, 15, 16, 17, 64, 100, 256, 704]


def at(array):
    """The address of an array's first element."""
    return None if array is None else ctypes.c_void_p(array.ctypes.data)


def struct(*fields):
    """A C struct of int64, float and pointers (arrays), by reference."""

    def kind(field):
        if isinstance(field, int):
            return ctypes.c_int64
        return ctypes.c_float if isinstance(field, float) else ctypes.c_void_p

    members = [(f"field{i}", kind(field)) for i, field in enumerate(fields)]
    made = type("Struct", (ctypes.Structure,), {"_fields_": members})
    values = [at(f) if kind(f) is ctypes.c_void_p else f for f in fields]
    return ctypes.byref(made(*values))


def n(value):
    return ctypes.c_int64(value)


@pytest.fixture
def rng():
    return np.random.default_rng(20240227)


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def close(actual, expected, ulps):
    """Within `ulps` of the largest magnitude of the row."""
    bound = ulps * np.finfo(np.float32).eps * max(np.abs(expected).max(), 1e-30)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)


@pytest.mark.parametrize("count", LENGTHS)
def test_lane_sum(rng, count):
    x = floats(rng, count)
    actual = cpp.reference_lane_sum(at(x), n(count))
    bound = np.finfo(np.float32).eps * (count / 16 + 5) * np.abs(x).sum()
    assert abs(actual - x.sum(dtype=np.float64)) <= bound


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("count", LENGTHS)
def test_ternarize(rng, count, exact):
    w, codes = floats(rng, count) * np.float32(0.03), np.zeros(count, np.int8)
    scale = cpp.reference_ternarize(at(w), n(count), exact, at(codes))
    expected = reference.ternarize(w, exact_division=exact)
    assert scale == expected.scale
    np.testing.assert_array_equal(codes, expected.codes)


@pytest.mark.parametrize("count", LENGTHS)
def test_binarize(rng, count):
    w, codes = floats(rng, count), np.zeros(count, np.int8)
    scale = cpp.reference_binarize(at(w), n(count), at(codes))
    expected = reference.binarize(w)
    assert scale == expected.scale
    np.testing.assert_array_equal(codes, expected.codes)


def quantize_cases(rng, count):
    yield floats(rng, count)
    yield np.zeros(count, np.float32)
    yield np.full(count, -3e-6, np.float32)
    yield floats(rng, count) * np.float32(1e30)
    # Multiples of half a step: many ties, which one ulp of the scale decides.
    ties = rng.integers(-254, 255, count).astype(np.float32) / 2
    ties[0] = 127
    yield ties
    yield ties * np.float32(0.1)


class Quantizer(ctypes.Structure):
    _fields_ = [
        ("scheme", ctypes.c_int),
        ("limit", ctypes.c_float),
        ("floor", ctypes.c_float),
        ("low", ctypes.c_int),
        ("high", ctypes.c_int),
        ("division", ctypes.c_int),
        ("precision", ctypes.c_int),
    ]


PRECISIONS = [np.float32, np.float16, ml_dtypes.bfloat16]


@pytest.mark.parametrize("precision", range(3))
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("count", LENGTHS)
def test_quantize(rng, count, exact, precision):
    dtype = PRECISIONS[precision]
    floor = float(np.float32(1e-5).astype(dtype))
    quantizer = Quantizer(0, 127, floor, -128, 127, exact, precision)
    for x in quantize_cases(rng, count):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            x = x.astype(dtype).astype(np.float32)
            expected = reference.quantize(x, exact_division=exact, dtype=dtype)
        # Infinity has no code to compare: it is where f16 overflows.
        if not np.isfinite(expected.scale) or not np.isfinite(x).all():
            continue
        codes = np.zeros(count, np.int8)
        scale = cpp.reference_quantize(
            at(x), n(count), ctypes.byref(quantizer), at(codes)
        )
        assert scale == expected.scale
        np.testing.assert_array_equal(codes, expected.codes)


@pytest.mark.parametrize("count", LENGTHS)
def test_quantize_int4(rng, count):
    quantizer = ctypes.byref(Quantizer(1, 7**0.5, 1e-5, -8, 7, 0))
    x, codes = floats(rng, count), np.zeros(count, np.int8)
    scale = cpp.reference_quantize(at(x), n(count), quantizer, at(codes))
    expected = reference.quantize_int4(x)
    # A mean has the rounding of its order; a code may flip at a tie.
    assert scale == pytest.approx(expected.scale, rel=1e-6)
    assert np.abs(codes - expected.codes).max() <= 1
    assert (codes != expected.codes).sum() <= 1


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("count", LENGTHS)
def test_quantize_above_minimum(rng, count, exact):
    quantizer = ctypes.byref(Quantizer(2, 128, 1e-5, 0, 127, exact))
    for x in quantize_cases(rng, count):
        codes = np.zeros(count, np.int8)
        scale = cpp.reference_quantize(at(x), n(count), quantizer, at(codes))
        expected = reference.quantize_above_minimum(x, exact_division=exact)
        assert scale == expected.scale
        np.testing.assert_array_equal(codes, expected.codes)


@pytest.mark.parametrize("block", [1, 2, 16, 128])
def test_hadamard(rng, block):
    x, y = floats(rng, 256), np.zeros(256, np.float32)
    cpp.reference_hadamard(at(x), n(256), n(block), at(y))
    close(y, reference.hadamard(x, block), 8)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 5, 33), (3, 64, 100), (1, 65, 704)])
@pytest.mark.parametrize("extreme", [None, -128, 127])
def test_matmul(rng, shape, extreme):
    M, N, K = shape
    x = rng.integers(-128, 128, (M, K)).astype(np.int8)
    w = rng.integers(-1, 2, (N, K)).astype(np.int8)
    if extreme is not None:
        x[:], w[:] = extreme, -1
    y = np.zeros((M, N), np.int32)
    cpp.reference_matmul(at(x), at(w), struct(M, N, K), at(y))
    np.testing.assert_array_equal(y, reference.matmul(x, w))


@pytest.mark.parametrize("with_bias", [False, True])
def test_linear(rng, with_bias):
    M, N, K = 3, 37, 100
    x, w = floats(rng, M, K), rng.integers(-1, 2, (N, K)).astype(np.int8)
    bias, y = floats(rng, N) if with_bias else None, np.zeros((M, N), np.float32)
    # codes and a float leave a hole before the pointer; ctypes lays it out alike.
    weights = struct(w, 0.04, bias)
    cpp.reference_linear(at(x), weights, struct(M, N, K), at(y))
    expected = reference.linear(x, w, np.float32(0.04), bias)
    np.testing.assert_array_equal(y, expected)


class Norm(ctypes.Structure):
    _fields_ = [
        ("gain", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("epsilon", ctypes.c_float),
        ("division", ctypes.c_int),
    ]


@pytest.mark.parametrize("count", LENGTHS)
def test_norms(rng, count):
    x, gain, bias = floats(rng, count), floats(rng, count), floats(rng, count)
    y, epsilon = np.zeros(count, np.float32), float(np.float32(1e-5))
    for division in (0, 1):
        plain = Norm(at(gain), None, epsilon, division)
        cpp.reference_rms_norm(at(x), n(count), ctypes.byref(plain), at(y))
        close(y, reference.rms_norm(x, gain, epsilon), 8)
        # Centring cancels: the error is relative to x, not to the result.
        shifted = Norm(at(gain), at(bias), epsilon, division)
        cpp.reference_layer_norm(at(x), n(count), ctypes.byref(shifted), at(y))
        close(y, reference.layer_norm(x, gain, bias, epsilon), 64)


class Angles(ctypes.Structure):
    _fields_ = [
        ("cos", ctypes.c_void_p),
        ("sin", ctypes.c_void_p),
        ("form", ctypes.c_int),
    ]


@pytest.mark.parametrize("interleaved", [False, True])
def test_rope(rng, interleaved):
    x, y = floats(rng, 64), np.zeros(64, np.float32)
    angle = 511 * 10000.0 ** (-np.arange(32) / 32)
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    angles = Angles(at(cos), at(sin), int(interleaved))
    cpp.reference_rope(at(x), n(64), ctypes.byref(angles), at(y))
    close(y, reference.rope(x, angle, interleaved=interleaved), 2)


@pytest.mark.parametrize("count", LENGTHS)
def test_softmax(rng, count):
    x, y = floats(rng, count) * np.float32(8), np.zeros(count, np.float32)
    include = rng.integers(0, 2, count).astype(bool)
    for chosen in (None, include, np.zeros(count, bool)):
        cpp.reference_softmax(at(x), n(count), at(chosen), at(y))
        close(y, reference.softmax(x, chosen), 8)


@pytest.mark.parametrize("heads,kv_heads", [(1, 1), (4, 2), (6, 1)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_attention(rng, heads, kv_heads, masked, biased):
    queries, keys, dim = 5, 37, 24
    q, y = floats(rng, heads, queries, dim), np.zeros((heads, queries, dim), np.float32)
    k, v = floats(rng, kv_heads, keys, dim), floats(rng, kv_heads, keys, dim)
    mask = np.tril(np.ones((queries, keys), bool), keys - queries) if masked else None
    if masked:
        mask[2] = False  # a query that sees nothing
    bias = floats(rng, queries, keys) if biased else None
    if biased:
        bias[:, 3] = -np.inf
        bias[1] = -np.inf  # another one
    scale = float(np.float32(dim**-0.5))
    inputs = struct(q, k, v, mask, scale, bias)
    cpp.reference_attention(inputs, struct(heads, kv_heads, queries, keys, dim), at(y))
    close(y, reference.attention(q, k, v, scale, mask, bias), 16)


@pytest.mark.parametrize("fields", [4, 5, 8])
@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (33, 7), (64, 4), (65, 100), (200, 256)])
def test_packing(rng, shape, lanes, fields):
    weights = rng.integers(-1, 2, shape).astype(np.int8)
    if fields == 8:
        weights[weights == 0] = 1
    expected = reference.pack_panel(weights, lanes, fields)
    layout = struct(lanes, fields, 4)
    size = cpp.reference_packed_size(n(shape[0]), n(shape[1]), layout)
    assert size == expected.size
    actual = np.zeros(size, np.uint8)
    cpp.reference_pack(at(weights), struct(1, *shape), layout, at(actual))
    np.testing.assert_array_equal(actual, expected)
