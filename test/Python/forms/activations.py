"""Each way to write the quantizer of activations: forms A1 to A8.

A1 rounds in float, A2 wraps A1 in a straight-through estimator, A3 hands integer
codes to the product, A4 has a norm inside. The others are other quantizers: A5 of
b1, per token or per tensor, A6 of b1 before a non-linearity, A7 of four bits by the
mean, A8 after a Hadamard rotation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from forms.draw import Draw
from forms.graph import Graph, floats

FORMS = ["A1", "A2", "A3", "A4", "A5", "A5-tensor", "A6", "A6-own", "A7", "A8"]

FLOOR = 1e-5


@dataclass
class Quantizer:
    """What a quantizer of activations is made of."""

    magnitude: str = "max"
    per_tensor: bool = False
    limit: float = 127.0
    low: float = -128.0
    high: float = 127.0
    from_minimum: bool = False


@dataclass
class Codes:
    """Codes of activations and the names of what they were scaled by."""

    codes: str
    scale: str
    magnitude: str
    limit: float


def quantizer_of(form: str, draw: Draw) -> Quantizer:
    if form == "A5" or form == "A5-tensor":
        limit = draw.pick("limit", 128.0, 127.0) if form == "A5-tensor" else 128.0
        low = draw.pick("low", -128.0, -127.0)
        return Quantizer(per_tensor=form == "A5-tensor", limit=limit, low=low)
    if form.startswith("A6"):
        limit = draw.pick("limit", 128.0, 127.0)
        tensor = draw.pick("granularity", "token", "tensor") == "tensor"
        return Quantizer(per_tensor=tensor, limit=limit, low=0.0, from_minimum=True)
    if form == "A7" or (form == "A8" and draw.pick("bits", 8, 4) == 4):
        return Quantizer("mean", limit=float(np.float32(7**0.5)), low=-8, high=7)
    return Quantizer(low=draw.pick("low", -128.0, -127.0))


def is_exact(form: str) -> bool:
    """True if each float op before the codes is one of the compiler's, too."""
    return form not in ("A4", "A7", "A8")


def axes_of(draw: Draw, quantizer: Quantizer, rank: int) -> list[int] | None:
    if not quantizer.per_tensor:
        return draw.pick("axis", [-1], [rank - 1])
    return draw.pick("axes", None, list(range(rank)))


def largest_magnitude(g: Graph, draw: Draw, x: str, axes: list[int] | None) -> str:
    how = draw.pick("absmax", "abs", "abs", "max-min", "topk", "unsqueeze")
    if how == "max-min":
        largest = g.reduce("ReduceMax", x, axes)
        smallest = g.reduce("ReduceMin", x, axes)
        return g.op("Max", largest, g.op("Neg", smallest))
    magnitudes = g.op("Abs", x)
    if axes == [-1] and how == "unsqueeze":
        largest = g.reduce("ReduceMax", magnitudes, axes, keepdims=0)
        return g.op("Unsqueeze", largest, g.ints(-1))
    if how == "topk" and axes is not None and len(axes) == 1:
        return g.node("TopK", [magnitudes, g.ints(1)], 2, axis=axes[0])[0]
    return g.reduce("ReduceMax", magnitudes, axes)


def mean_magnitude(g: Graph, draw: Draw, x: str, axes: list[int] | None) -> str:
    how = draw.pick("absmean", "mean", "mean", "sum", "L1")
    if how == "mean":
        return g.reduce("ReduceMean", g.op("Abs", x), axes)
    if how == "sum":
        total = g.reduce("ReduceSum", g.op("Abs", x), axes)
    else:
        total = g.reduce("ReduceL1", x, axes)
    return g.op("Div", total, g.constant(float(draw.made["k"])))


def at_least(g: Graph, draw: Draw, x: str, floor: float) -> str:
    how = draw.pick("floor", "Clip", "Max", "Max-1")
    if how == "Clip":
        return g.op("Clip", x, g.constant(floor))
    return g.op("Max", x, g.constant([floor] if how == "Max-1" else floor))


def between(g: Graph, draw: Draw, x: str, low: float, high: float) -> str:
    how = draw.pick("clip", "Clip", "Max-Min", "Min-Max", "Clip-Clip")
    if how == "Clip":
        return g.op("Clip", x, g.constant(low), g.constant(high))
    if how == "Max-Min":
        return g.op("Min", g.op("Max", x, g.constant(low)), g.constant(high))
    if how == "Min-Max":
        return g.op("Max", g.op("Min", x, g.constant(high)), g.constant(low))
    return g.op("Clip", g.op("Clip", x, g.constant(low)), "", g.constant(high))


def inverse(g: Graph, draw: Draw, x: str, times: float) -> str:
    """times / x"""
    if draw.pick("inverse", "Reciprocal", "Div", "Div-1") == "Div":
        return g.op("Div", g.constant(times), x)
    if draw.made["inverse"] == "Div-1":
        return g.op("Mul", g.constant(times), g.op("Div", g.constant(1.0), x))
    return g.op("Mul", g.op("Reciprocal", x), g.constant(times))


def codes_of(g: Graph, draw: Draw, x: str, quantizer: Quantizer, rank: int) -> Codes:
    axes = axes_of(draw, quantizer, rank)
    measure = mean_magnitude if quantizer.magnitude == "mean" else largest_magnitude
    magnitude = at_least(g, draw, measure(g, draw, x, axes), FLOOR)
    scale = inverse(g, draw, magnitude, quantizer.limit)
    if quantizer.from_minimum:
        x = g.op("Sub", x, g.reduce("ReduceMin", x, axes))
    factors = [x, scale] if draw.pick("scaled", 0, 1) == 0 else [scale, x]
    scaled = g.op("Mul", *factors)
    if draw.pick("round", "first", "last") == "first":
        rounded = g.op("Round", scaled)
        codes = between(g, draw, rounded, quantizer.low, quantizer.high)
    else:
        clipped = between(g, draw, scaled, quantizer.low, quantizer.high)
        codes = g.op("Round", clipped)
    return Codes(codes, scale, magnitude, quantizer.limit)


def scaled_back(g: Graph, draw: Draw, codes: Codes) -> str:
    how = draw.pick("back", "Div", "Div", "Reciprocal", "magnitude")
    if how == "Div":
        return g.op("Div", codes.codes, codes.scale)
    if how == "Reciprocal":
        return g.op("Mul", codes.codes, g.op("Reciprocal", codes.scale))
    step = g.op("Div", codes.magnitude, g.constant(codes.limit))
    return g.op("Mul", codes.codes, step)


def straight_through(g: Graph, draw: Draw, x: str, quantized: str) -> str:
    difference = g.op("Sub", quantized, x)
    return g.op("Add", *draw.pick("ste", (x, difference), (difference, x)))


def to_int8(g: Graph, codes: Codes) -> str:
    return g.cast(codes.codes, TensorProto.INT8)


def norm(g: Graph, draw: Draw, x: str, k: int) -> str:
    gain = floats(draw.numbers.uniform(0.5, 1.5, k))
    kinds = ["primitive"]
    kinds += ["layer"] if g.opset >= 17 else []
    kinds += ["rms"] if g.opset >= 23 else []
    kind = draw.pick("norm", *kinds)
    if kind == "rms":
        return g.op("RMSNormalization", x, g.constant(gain), axis=-1, epsilon=1e-6)
    if kind == "layer":
        return g.op("LayerNormalization", x, g.constant(gain), axis=-1, epsilon=1e-6)
    mean = g.reduce("ReduceMean", g.op("Mul", x, x), [-1])
    root = g.op("Sqrt", g.op("Add", mean, g.constant(1e-6)))
    return g.op("Mul", g.op("Mul", x, g.op("Reciprocal", root)), g.constant(gain))


def hadamard_matrix(size: int) -> np.ndarray:
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return floats(matrix / np.sqrt(size))


def butterfly(g: Graph, x: str, block: int, leading: list[int], k: int) -> str:
    """(a, b) -> (a + b, a - b) at distance 1, 2, 4, ..., then over sqrt(block)."""
    distance = 1
    while distance < block:
        grid = [k // (2 * distance), 2, distance]
        split = g.op("Reshape", x, g.ints(*leading, *grid))
        axis = len(leading) + 1
        halves = g.node("Split", [split, g.ints(1, 1)], 2, axis=axis)
        pair = [g.op("Add", *halves), g.op("Sub", *halves)]
        joined = g.op("Concat", *pair, axis=axis)
        x = g.op("Reshape", joined, g.ints(*leading, k))
        distance *= 2
    return g.op("Mul", x, g.constant(block**-0.5))


def hadamard(g: Graph, draw: Draw, x: str, k: int, rank: int) -> str:
    block = draw.pick("block", 16, 32, k)
    leading = [0, 0][: rank - 1]
    if draw.pick("signs", False, True):
        signs = floats(draw.numbers.choice([-1.0, 1.0], k))
        x = g.op("Mul", x, g.constant(signs))
    if draw.pick("rotation", "matrix", "matrix", "butterfly") == "butterfly":
        return butterfly(g, x, block, leading, k)
    matrix = g.constant(hadamard_matrix(block))
    if block == k:
        return g.op("MatMul", x, matrix)
    blocks = g.op("Reshape", x, g.ints(*leading, k // block, block))
    return g.op("Reshape", g.op("MatMul", blocks, matrix), g.ints(*leading, k))


def prepare(g: Graph, draw: Draw, form: str, x: str, k: int, rank: int) -> str:
    """What a form does to activations before it quantizes them."""
    if form == "A4":
        return norm(g, draw, x, k)
    if form == "A8":
        return hadamard(g, draw, x, k, rank)
    if form == "A6-own":
        tensor = draw.pick("granularity", "token", "tensor") == "tensor"
        axes = None if tensor else [-1]
        return g.op("Sub", x, g.reduce("ReduceMin", x, axes))
    return x


def quantize(g: Graph, draw: Draw, form: str, x: str, k: int, rank: int) -> Codes:
    quantizer = quantizer_of(form, draw)
    # The magnitude is that of what has been shifted already.
    quantizer.from_minimum = form == "A6"
    return codes_of(g, draw, x, quantizer, rank)
