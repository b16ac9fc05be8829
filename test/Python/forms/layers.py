"""Whole models: a quantizer, a product, its scale and its bias, put together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Iterator

import numpy as np
from onnx import TensorProto

from forms import activations, weights
from forms.draw import Draw
from forms.graph import MICROSOFT, Graph, floats
from forms.oracle import Run

OPSETS = range(13, 26)
DTYPES = ["f32"]
"""Half types come with quantizers of their own; the axis is here for them."""


@dataclass
class Case:
    """One model from NAME.x to NAME.y, and how many layers have to be found in it."""

    name: str
    opset: int
    about: str
    layers: int
    graph: Graph
    exact: bool = False
    """All bits of the outputs are those of the graph's own arithmetic."""
    inputs: dict[str, np.ndarray] = field(default_factory=dict)


def rows_of(draw: Draw, shape: list[int], rows: str) -> np.ndarray:
    """Activations, with an all-zero row and a tiny one, and maybe one of ties."""
    x = draw.numbers.normal(0, 1, shape)
    flat = x.reshape(-1, shape[-1])
    if rows != "plain":
        flat[1] = 0
        flat[2] *= 1e-7
    if rows == "ties":
        # The largest is 127, so that halves lie at ties.
        flat[3] = draw.numbers.integers(-253, 254, shape[-1]) / 2
        flat[3, 0] = 127
    return floats(x)


def bias_of(g: Graph, draw: Draw, n: int) -> str:
    bias = floats(draw.numbers.normal(0, 1, n))
    if draw.pick("bias shape", "n", "n", "1-n") == "1-n":
        bias = bias[None]
    return g.constant(bias)


def add_bias(g: Graph, draw: Draw, y: str, n: int) -> str:
    operands = [y, bias_of(g, draw, n)]
    return g.op("Add", *(operands if draw.pick("sum", 0, 1) else operands[::-1]))


def multiply(g: Graph, draw: Draw, a: str, w: weights.Weights, bias: str) -> str:
    """The product, with a bias where it has a place for one."""
    if w.packed is not None:
        names = [a, w.packed["B"], w.packed["scales"], w.packed["zero"]]
        names += [w.packed["g_idx"], bias]
        while not names[-1]:
            names.pop()
        sizes = {name: w.packed[name] for name in ("K", "N", "block_size")}
        return g.op("MatMulNBits", *names, bits=2, domain=MICROSOFT, **sizes)
    if draw.made.get("product") == "Gemm":
        operands = [a, w.matrix] + ([bias] if bias else [])
        return g.op("Gemm", *operands, transB=int(w.output_major))
    matrix = w.matrix
    if w.output_major:
        matrix = g.op("Transpose", matrix, perm=[1, 0])
    return g.op("MatMul", a, matrix)


def scale_shape(draw: Draw, scale: np.ndarray) -> np.ndarray:
    """A scalar in one of two shapes; a scale of each output as it is."""
    shape = draw.pick("scale shape", (), (1,))
    return scale if scale.size > 1 else scale.reshape(shape)


def scale_offline(g: Graph, draw: Draw, y: str, scale: np.ndarray) -> str:
    """y times the weights' scale, or over its inverse."""
    if draw.pick("weight scale", "Mul", "Div") == "Mul":
        return g.op("Mul", y, g.constant(scale_shape(draw, scale)))
    return g.op("Div", y, g.constant(scale_shape(draw, floats(1) / scale)))


def scale_back(g: Graph, draw: Draw, y: str, codes: activations.Codes) -> str:
    """Sums of codes over the scale of activations."""
    how = draw.pick("sums", "Div", "Mul", "gamma", "gamma-first")
    if how == "Div":
        return g.op("Div", y, codes.scale)
    if how == "Mul":
        return g.op("Mul", y, g.op("Reciprocal", codes.scale))
    limit = g.constant(codes.limit)
    if how == "gamma":
        return g.op("Mul", y, g.op("Div", codes.magnitude, limit))
    return g.op("Div", g.op("Mul", y, codes.magnitude), limit)


def scale_both(
    g: Graph, draw: Draw, y: str, codes: activations.Codes, scale: np.ndarray
) -> str:
    """Sums of codes times the weights' scale over that of the activations."""
    how = draw.pick("both", "inverse", "quotient", "one by one", "beta-gamma")
    beta = g.constant(scale_shape(draw, scale))
    if how == "inverse":
        inverse = g.constant(scale_shape(draw, floats(1) / scale))
        return g.op("Div", y, g.op("Mul", inverse, codes.scale))
    if how == "quotient":
        return g.op("Mul", y, g.op("Div", beta, codes.scale))
    if how == "one by one":
        steps = [lambda y: scale_back(g, draw, y, codes)]
        steps.append(lambda y: scale_offline(g, draw, y, scale))
        for step in steps if draw.pick("first", 0, 1) else steps[::-1]:
            y = step(y)
        return y
    y = g.op("Mul", g.op("Mul", y, beta), codes.magnitude)
    return g.op("Div", y, g.constant(codes.limit))


def integer_layer(
    g: Graph, draw: Draw, codes: activations.Codes, w: weights.Weights, n: int
) -> str:
    """A3: the product is one of codes and is scaled afterwards."""
    narrow = activations.to_int8(g, codes)
    if w.are_codes:
        operands = [narrow, w.matrix] + (["", w.zero_point] if w.zero_point else [])
        sums = g.cast(g.op("MatMulInteger", *operands), TensorProto.FLOAT)
    else:
        wide = g.cast(narrow, TensorProto.FLOAT)
        sums = multiply(g, draw, wide, w, "")
    if w.scale is None:
        y = scale_back(g, draw, sums, codes)
    else:
        y = scale_both(g, draw, sums, codes, w.scale)
    return add_bias(g, draw, y, n) if draw.made["bias"] != "none" else y


def float_layer(g: Graph, draw: Draw, a: str, w: weights.Weights, n: int) -> str:
    if w.are_codes:
        w.matrix = g.cast(w.matrix, TensorProto.FLOAT)
        if w.zero_point:
            w.matrix = g.op("Sub", w.matrix, g.constant(1.0))
    bias = draw.made["bias"]
    inside = bias == "before" and (w.packed or draw.made["product"] == "Gemm")
    vector = g.constant(floats(draw.numbers.normal(0, 1, n))) if inside else ""
    y = multiply(g, draw, a, w, vector)
    if bias == "before" and not inside:
        y = add_bias(g, draw, y, n)
    if w.scale is not None:
        y = scale_offline(g, draw, y, w.scale)
    return add_bias(g, draw, y, n) if bias == "after" else y


@dataclass
class Layer:
    """Where a layer stands and how large it is."""

    scope: str
    activation: str
    weight: str
    n: int
    k: int
    rank: int


def write_layer(g: Graph, draw: Draw, x: str, layer: Layer) -> str:
    """One BitLinear, or two that share a quantizer or repeat it."""
    g.scope = layer.scope
    x = activations.prepare(g, draw, layer.activation, x, layer.k, layer.rank)

    def quantize() -> activations.Codes:
        return activations.quantize(g, draw, layer.activation, x, layer.k, layer.rank)

    codes = quantize()
    draw.pick("product", *(["MatMul", "Gemm"] if layer.rank == 2 else ["MatMul"]))
    results = []
    for branch in range(
        2 if draw.pick("branches", "one", "one", "two") == "two" else 1
    ):
        g.scope = f"{layer.scope}.{branch}"
        if branch and draw.pick("quantizer", "shared", "repeated") == "repeated":
            codes = quantize()
        w = weights.make(g, draw, layer.weight, layer.n, layer.k)
        if layer.activation == "A3":
            results.append(integer_layer(g, draw, codes, w, layer.n))
            continue
        value = activations.scaled_back(g, draw, codes)
        if layer.activation == "A2":
            value = activations.straight_through(g, draw, x, value)
        results.append(float_layer(g, draw, value, w, layer.n))
    g.scope = layer.scope
    y = results[0] if len(results) == 1 else g.op("Add", *results)
    return g.op("Relu", y) if layer.activation.startswith("A6") else y


def sizes_of(draw: Draw, activation: str, weight: str) -> tuple[int, int]:
    """Outputs and inputs that a form can have; not only multiples of 4."""
    outputs, inputs = [24, 32, 40], [64, 96]
    if weight not in ("W5", "W6"):
        outputs += [13, 30]
    if activation == "A8":
        inputs = [64]
    elif weight not in ("W10-block", "W12"):
        inputs += [37, 50]
    return draw.pick("n", *outputs), draw.pick("k", *inputs)


def write_case(name: str, draw: Draw, activation: str, weight: str) -> Case:
    first = max(13, weights.NEEDS_OPSET.get(weight, 13))
    opset = draw.pick("opset", *range(first, OPSETS.stop))
    rank = draw.pick("rank", 2, 3)
    n, k = sizes_of(draw, activation, weight)
    draw.pick("dtype", *DTYPES)
    draw.pick("bias", *(["none", "after"] + ["before"] * (activation != "A3")))
    depth = draw.pick("depth", 1, 1, 1, 2)
    g = Graph(opset)
    g.constant_nodes = draw.pick("constants", "initializers", "nodes") == "nodes"
    shape = [5, k] if rank == 2 else [2, 4, k]
    dims = draw.pick("dims", "fixed", "open") == "open"
    names = [f"{name}.{dim}" for dim in ("batch", "tokens")]
    x = g.input(f"{name}.x", [*(names[1 - rank :] if dims else shape[:-1]), k])
    y = write_layer(g, draw, x, Layer(f"{name}.0", activation, weight, n, k, rank))
    if depth == 2:
        layer = Layer(f"{name}.1", "A1", "W3", 16, n, rank)
        y = write_layer(g, draw, y, layer)
    g.output(y, f"{name}.y", rank)
    per_layer = 2 if draw.made["branches"] == "two" else 1
    about = f"{activation} {weight} {draw}"
    # Sums are exact, and so is the order in which these two scale them.
    exact = depth == 1 and draw.made.get("both") in ("inverse", "quotient")
    case = Case(name, opset, about, per_layer * depth, g, exact)
    rows = "ties" if activations.is_exact(activation) else "special"
    find_inputs(case, draw, shape, rows if depth == 1 else "plain")
    return case


def find_inputs(case: Case, draw: Draw, shape: list[int], rows: str) -> None:
    """Inputs whose codes the compiler's order of additions can't change."""
    for _ in range(100):
        case.inputs = {f"{case.name}.x": rows_of(draw, shape, rows)}
        if rows == "ties" or Run(case.graph.model(), case.inputs).tie_margin > 2e-4:
            return
    raise RuntimeError(f"{case.name}: every input lies near a tie")


def write_cases(draws: int, seed: str) -> Iterator[Case]:
    """So many models for each pair of an activation form and a weight form."""
    pairs = itertools.product(activations.FORMS, weights.FORMS)
    for activation, weight in pairs:
        for i in range(draws):
            name = f"{activation}_{weight}_{i}".replace("-", "")
            yield write_case(name, Draw(f"{seed} {name}"), activation, weight)
