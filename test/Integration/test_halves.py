# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Models of f16 and bf16: each operator rounds its result once, and nothing rounds it less."""

import re
import subprocess

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from program import COMPILER, Cost, Program, compile_model

TYPES = [np.float16, ml_dtypes.bfloat16]
NUMBER = {
    np.float16: TensorProto.FLOAT16,
    ml_dtypes.bfloat16: TensorProto.BFLOAT16,
}
UNIT = {np.float16: 2.0**-11, ml_dtypes.bfloat16: 2.0**-8}
"""Half of the distance from 1 to the next number."""

halves = pytest.mark.parametrize("dtype", TYPES, ids=["f16", "bf16"])


def save(path, dtype, nodes, shapes, constants=()):
    """Writes a model from x to y, whose shapes are given."""
    x, y = (
        helper.make_tensor_value_info(name, NUMBER[dtype], shape)
        for name, shape in zip("xy", shapes)
    )
    initializers = [
        numpy_helper.from_array(value, name) for name, value in dict(constants).items()
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], initializers)
    imports = [helper.make_opsetid("", 23)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=10), path)
    return path


def run(path, dtype, x):
    """y of a model, as the numbers of its type."""
    program = compile_model(path, path.parent)
    return program.run({"x": x.astype(np.float32)})["y"].astype(dtype)


def run_on_any_cpu(path, dtype, x):
    """The same of a program that knows nothing of this CPU."""
    target = path.parent / "generic"
    command = [str(COMPILER), str(path), "--cpu=generic", "-o", str(target)]
    subprocess.run(command, check=True)
    program = Program(target, Cost(0, 0, 0))
    return program.run({"x": x.astype(np.float32)})["y"].astype(dtype)


def count_layers(path):
    command = [str(COMPILER), str(path), "--emit=bitnet", "-o", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return len(re.findall(r"= bitnet\.linear ", done.stdout))


@halves
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_each_result_is_rounded(tmp_path, dtype, size):
    rng = np.random.default_rng(size)
    x, a, b = (rng.standard_normal(size).astype(dtype) for _ in range(3))
    nodes = [
        helper.make_node("Mul", ["x", "a"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["s"]),
        helper.make_node("Sub", ["s", "x"], ["d"]),
        helper.make_node("Div", ["d", "a"], ["q"]),
        helper.make_node("Mul", ["q", "q"], ["t"]),
        helper.make_node("Sqrt", ["t"], ["r"]),
        helper.make_node("Add", ["r", "b"], ["y"]),
    ]
    path = save(tmp_path / "m.onnx", dtype, nodes, [["n"], ["n"]], {"a": a, "b": b})
    with np.errstate(over="ignore"):
        q = ((x * a + b) - x) / a
        expected = np.sqrt(q * q) + b
    np.testing.assert_array_equal(run(path, dtype, x), expected)
    np.testing.assert_array_equal(run_on_any_cpu(path, dtype, x), expected)


@halves
def test_products_are_added_in_f32(tmp_path, dtype):
    rng = np.random.default_rng(3)
    x, w = (rng.standard_normal(s).astype(dtype) for s in [(5, 300), (300, 7)])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = save(tmp_path / "m.onnx", dtype, nodes, [["n", 300], ["n", 7]], {"w": w})
    y = run(path, dtype, x).astype(np.float64)
    x, w = x.astype(np.float64), w.astype(np.float64)
    bound = UNIT[dtype] * np.abs(x @ w) + 300 * 2.0**-24 * (np.abs(x) @ np.abs(w))
    assert (np.abs(y - x @ w) <= bound * 1.001).all()


@halves
@pytest.mark.parametrize("operator", ["ReduceMean", "Softmax", "RMSNormalization"])
def test_rows_are_computed_in_f32(tmp_path, dtype, operator):
    rng = np.random.default_rng(4)
    x = (rng.standard_normal((5, 300)) + 1).astype(dtype)
    gain = np.full(300, 0.5, dtype)  # a power of two rounds nothing
    constants = {"axes": np.array([-1])} if operator == "ReduceMean" else {}
    if operator == "RMSNormalization":
        constants = {"gain": gain}
    nodes = [helper.make_node(operator, ["x", *constants], ["y"])]
    columns = 1 if operator == "ReduceMean" else 300
    shapes = [["n", 300], ["n", columns]]
    y = run(save(tmp_path / "m.onnx", dtype, nodes, shapes, constants), dtype, x)
    wide = x.astype(np.float64)
    expected = {
        "ReduceMean": lambda: wide.mean(-1, keepdims=True),
        "Softmax": lambda: np.exp(wide) / np.exp(wide).sum(-1, keepdims=True),
        "RMSNormalization": lambda: wide
        / np.sqrt((wide**2).mean(-1, keepdims=True) + 1e-5)
        / 2,
    }[operator]()
    smallest = 2.0**-25 if dtype == np.float16 else 0
    bound = (UNIT[dtype] + 1e-5) * np.abs(expected) + smallest
    assert (np.abs(y.astype(np.float64) - expected) <= bound).all()


def weight_nodes():
    """w + (q - w) with q = clip(round(w * s)) / s, s = 1 / max(mean|w|, guard)"""
    return [
        helper.make_node("Abs", ["w"], ["aw"]),
        helper.make_node("ReduceMean", ["aw"], ["mw"]),
        helper.make_node("Max", ["mw", "guard"], ["gw"]),
        helper.make_node("Reciprocal", ["gw"], ["sw"]),
        helper.make_node("Mul", ["w", "sw"], ["tw"]),
        helper.make_node("Round", ["tw"], ["rw"]),
        helper.make_node("Clip", ["rw", "minus", "one"], ["cw"]),
        helper.make_node("Div", ["cw", "sw"], ["qw"]),
        helper.make_node("Sub", ["qw", "w"], ["dw"]),
        helper.make_node("Add", ["w", "dw"], ["ternary"]),
    ]


def activation_nodes():
    return [
        helper.make_node("Abs", ["x"], ["ax"]),
        helper.make_node("ReduceMax", ["ax", "axes"], ["mx"]),
        helper.make_node("Max", ["mx", "guard"], ["gx"]),
        helper.make_node("Reciprocal", ["gx"], ["ix"]),
        helper.make_node("Mul", ["ix", "limit"], ["s"]),
        helper.make_node("Mul", ["x", "s"], ["tx"]),
        helper.make_node("Round", ["tx"], ["rx"]),
        helper.make_node("Clip", ["rx", "low", "limit"], ["cx"]),
        helper.make_node("Div", ["cx", "s"], ["qx"]),
        helper.make_node("Sub", ["qx", "x"], ["dx"]),
        helper.make_node("Add", ["x", "dx"], ["rounded"]),
    ]


def straight_through(v, s, low, high):
    """What a model of halves makes of v, step by step."""
    quantized = np.clip(np.rint(v * s), low, high) / s
    return v + (quantized - v)


@halves
def test_layer_is_as_near_as_its_roundings(tmp_path, dtype):
    """A layer multiplies integers and scales once. The model rounds each activation when it
    scales it back, and a straight-through estimator blurs its weights: no more than that.
    """
    rng = np.random.default_rng(5)
    one = np.ones((), dtype)
    w = (rng.standard_normal((256, 64)) * 0.03).astype(dtype)
    x = rng.standard_normal((6, 256)).astype(dtype)
    guard, limit = (np.asarray(c, dtype) for c in (1e-5, 127))
    constants = {"w": w, "guard": guard, "limit": limit, "one": one}
    constants |= {"minus": -one, "low": np.asarray(-128, dtype)}
    constants["axes"] = np.array([-1])
    product = [helper.make_node("MatMul", ["rounded", "ternary"], ["y"])]
    nodes = weight_nodes() + activation_nodes() + product
    path = save(tmp_path / "m.onnx", dtype, nodes, [["n", 256], ["n", 64]], constants)
    assert count_layers(path) == 1
    y = run(path, dtype, x).astype(np.float64)

    mean = np.abs(w.astype(np.float32)).mean(dtype=np.float64).astype(dtype)
    scale = one / np.maximum(mean, guard)
    ternary = straight_through(w, scale, -one, one).astype(np.float64)
    s = one / np.maximum(np.abs(x).max(-1, keepdims=True), guard) * limit
    rounded = straight_through(x, s, -128 * one, limit).astype(np.float64)
    expected = (rounded @ ternary).astype(np.float32).astype(dtype)

    magnitudes = np.abs(ternary[ternary != 0]) / np.float64(one / scale)
    blur = np.abs(magnitudes - 1).max()
    assert blur < 8 * UNIT[dtype]
    bound = (UNIT[dtype] + blur) * (np.abs(rounded) @ np.abs(ternary))
    bound += 2 * UNIT[dtype] * np.abs(y)
    assert (np.abs(y - expected.astype(np.float64)) <= bound).all()
    # Without the model's roundings there is but the last.
    codes = np.clip(np.rint(x * s), -128 * one, limit).astype(np.float32)
    sums = codes @ np.sign(ternary).astype(np.float32)
    ratio = np.float32(one / scale) / s.astype(np.float32)
    np.testing.assert_array_equal(y, (sums * ratio).astype(dtype).astype(np.float64))


@halves
def test_scale_of_a_layer_is_applied_to_what_was_rounded(tmp_path, dtype):
    """AutoBitLinear with its weights unpacked: a quantizer in f32 amid halves, -1, 0 and 1 as
    weights, their scale in a product of its own."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((6, 100)).astype(dtype)
    w = rng.integers(-1, 2, (100, 40)).astype(dtype)
    f32 = np.float32
    constants = {"w": w, "scale": np.array([0.0371], dtype), "axes": np.array([-1])}
    constants |= {"guard": f32(1e-5), "limit": f32(127), "low": f32(-128)}
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Abs", ["wide"], ["a"]),
        helper.make_node("ReduceMax", ["a", "axes"], ["m"]),
        helper.make_node("Clip", ["m", "guard"], ["g"]),
        helper.make_node("Reciprocal", ["g"], ["i"]),
        helper.make_node("Mul", ["i", "limit"], ["s"]),
        helper.make_node("Mul", ["wide", "s"], ["t"]),
        helper.make_node("Round", ["t"], ["r"]),
        helper.make_node("Clip", ["r", "low", "limit"], ["c"]),
        helper.make_node("Div", ["c", "s"], ["q"]),
        helper.make_node("Cast", ["q"], ["h"], to=NUMBER[dtype]),
        helper.make_node("MatMul", ["h", "w"], ["p"]),
        helper.make_node("Mul", ["p", "scale"], ["y"]),
    ]
    shapes = [["n", 100], ["n", 40]]
    path = save(tmp_path / "m.onnx", dtype, nodes, shapes, constants)
    assert count_layers(path) == 1
    wide = x.astype(f32)
    s = f32(1) / np.abs(wide).max(-1, keepdims=True) * f32(127)
    sums = np.clip(np.rint(wide * s), -128, 127) @ w.astype(f32)
    product = (sums * (f32(1) / s)).astype(dtype)
    expected = product * constants["scale"]
    np.testing.assert_array_equal(run(path, dtype, x), expected)
    np.testing.assert_array_equal(run_on_any_cpu(path, dtype, x), expected)
