# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""The polynomials of bitnet-expand-math against float64, over a sweep of floats.

The bounds are those of the table in Passes.td. BITNET_SWEEP=17 tries every 17th
float, which is how they were measured.
"""

import ctypes
import math
import os
import pathlib
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("BITNET_TOOLS", ROOT / "build/release/bin"))
LLVM = pathlib.Path(os.environ.get("BITNET_LLVM_TOOLS", "/usr/lib/llvm-22/bin"))
STEP = int(os.environ.get("BITNET_SWEEP", 20011))

WIDTHS = [0, 1, 7, 16]  # 0 is a scalar
MULTIPLE = 112  # of all of them

# Largest error in units in the last place; for sine and cosine times 2^-24.
BOUNDS = {
    "exp": 0.9,
    "exp2": 0.9,
    "expm1": 1.5,
    "tanh": 1.82,
    "erf": 1.0,
    "log": 0.86,
    "log1p": 1.45,
    "rsqrt": 1.5,
    "sin": 1.25,
    "cos": 1.25,
    "powf": 0.51,
}

erf = np.frompyfunc(math.erf, 1, 1)
EXACT = {
    "erf": lambda x, y: np.asarray(erf(x), np.float64),
    "rsqrt": lambda x, y: 1 / np.sqrt(x),
    "powf": np.power,
}

SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e-40, -1e-40, 1e-45]
    + [3.4e38, -3.4e38, 8388609.0, 1e30, -1e30, np.inf, -np.inf, np.nan, -np.nan],
    dtype=np.float32,
)


def exact(op, x, y):
    """The right result, in float64."""
    function = EXACT.get(op, lambda x, y: getattr(np, op)(x))
    with np.errstate(all="ignore"):
        return function(x.astype(np.float64), y.astype(np.float64))


def function_text(op, width):
    """MLIR that computes z = op(x) or op(x, y) in vectors of one length."""
    kind = f"vector<{width}xf32>" if width else "f32"
    dialect = "vector" if width else "memref"
    buffer = "memref<?xf32>"
    tail = f"{buffer}, {kind}" if width else buffer
    operands = "%u, %v" if op == "powf" else "%u"
    return f"""
func.func @{op}_{width}(%x: {buffer}, %y: {buffer}, %z: {buffer}) {{
  %zero = arith.constant 0 : index
  %step = arith.constant {max(width, 1)} : index
  %n = memref.dim %x, %zero : {buffer}
  scf.for %i = %zero to %n step %step {{
    %u = {dialect}.load %x[%i] : {tail}
    %v = {dialect}.load %y[%i] : {tail}
    %w = math.{op} {operands} : {kind}
    {dialect}.store %w, %z[%i] : {tail}
  }}
  return
}}
"""


def descriptor(array):
    """The arguments that a memref<?xf32> is."""
    pointer = array.ctypes.data_as(ctypes.c_void_p)
    return pointer, pointer, *map(ctypes.c_int64, (0, len(array), 1))


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """Calls compiled code: op and length of vectors, x, y -> op(x) or op(x, y)."""
    folder = tmp_path_factory.mktemp("expand-math")
    text = "".join(function_text(op, width) for op in BOUNDS for width in WIDTHS)
    (folder / "ops.mlir").write_text(text)

    def tool(path, *arguments):
        subprocess.run([path, *arguments], cwd=folder, check=True)

    tool(TOOLS / "bitnet-opt", "--bitnet-to-llvm", "ops.mlir", "-o", "llvm.mlir")
    tool(LLVM / "mlir-translate", "--mlir-to-llvmir", "llvm.mlir", "-o", "ops.ll")
    flags = ["-O3", "-march=native", "-Wno-override-module", "-shared", "-fPIC"]
    tool(LLVM / "clang", *flags, "ops.ll", "-o", "ops.so", "-lm")
    library = ctypes.CDLL(folder / "ops.so")

    def run(op, width, x, y):
        padding = -len(x) % MULTIPLE
        x, y = (np.pad(values, (0, padding)) for values in (x, y))
        z = np.zeros_like(x)
        arguments = [*descriptor(x), *descriptor(y), *descriptor(z)]
        library[f"{op}_{width}"](*arguments)
        return z[: len(z) - padding]

    return run


@pytest.fixture(scope="module")
def sweep(evaluate):
    """Results over all floats but NaNs, STEP apart, in pieces."""
    x = np.arange(0, 2**32, STEP, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = x[~np.isnan(x)]
    # Exponents of every size, and such that the power is a float.
    y = np.random.default_rng(1).uniform(-90, 90, len(x)).astype(np.float32)
    with np.errstate(all="ignore"):
        y[::2] /= np.abs(np.log(np.abs(x[::2])))
    y = np.nan_to_num(y)
    pieces = range(0, len(x), 1 << 20)
    return [(x[i:][: 1 << 20], y[i:][: 1 << 20]) for i in pieces]


def error(op, x, want, got):
    """How far off a result is, in the unit of BOUNDS."""
    finite = np.isfinite(got) & (np.abs(want) < 3.4028235e38)
    got, want, x = got[finite], want[finite], x[finite]
    if op in ("sin", "cos"):
        return np.abs(got - want)[np.abs(x) <= 1e6].max(initial=0) * 2**24
    unit = np.spacing(np.abs(want).astype(np.float32)).astype(np.float64)
    return (np.abs(got - want) / unit).max(initial=0)


def test_errors_are_as_documented(evaluate, sweep):
    worst = dict.fromkeys(BOUNDS, 0.0)
    for op in BOUNDS:
        for x, y in sweep:
            off = error(op, x, exact(op, x, y), evaluate(op, 16, x, y))
            worst[op] = max(worst[op], off)
    print(worst)
    assert {op: off for op, off in worst.items() if off > BOUNDS[op]} == {}


@pytest.mark.parametrize("op", BOUNDS)
def test_every_vector_length_gives_the_same_bits(evaluate, sweep, op):
    for x, y in [sweep[0], (SPECIAL, SPECIAL[::-1].copy())]:
        bits = evaluate(op, 16, x, y).view(np.uint32)
        for width in WIDTHS:
            same = evaluate(op, width, x, y).view(np.uint32) == bits
            assert same.all(), (width, x[~same], y[~same])


@pytest.mark.parametrize("op", BOUNDS)
def test_special_values_are_those_of_c(evaluate, op):
    x, y = (values.ravel() for values in np.meshgrid(SPECIAL, SPECIAL))
    got = evaluate(op, 7, x, y)
    with np.errstate(all="ignore"):
        want = exact(op, x, y).astype(np.float32)
    checked = ~np.isfinite(want) | np.isin(want, [0, 1])
    if op in ("sin", "cos"):
        checked &= (np.abs(x) <= 1e6) | np.isinf(x)
    same = (got.view(np.uint32) == want.view(np.uint32)) | (
        np.isnan(got) & np.isnan(want)
    )
    wrong = checked & ~same
    assert not wrong.any(), (x[wrong], y[wrong], want[wrong], got[wrong])
