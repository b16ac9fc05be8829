"""Models with one thing about them that is no BitLinear: nothing may be raised.

Each starts as form A1 with W3 or W4 and changes a single thing.
"""

from __future__ import annotations

from typing import Callable, Iterator

import numpy as np
from onnx import TensorProto

from forms.activations import FLOOR
from forms.draw import Draw
from forms.graph import MICROSOFT, Graph, floats
from forms.layers import OPSETS, Case
from forms.weights import fold, pack_codes

N, K = 24, 32
BATCH, TOKENS = 2, 4
SHAPE = [BATCH, TOKENS, K]


class Parts:
    """The steps of a layer, each of which a near miss can do otherwise."""

    def __init__(self, g: Graph, draw: Draw, x: str) -> None:
        self.g, self.draw, self.x = g, draw, x

    def magnitude(self, x: str | None = None, axis: int = -1) -> str:
        largest = self.g.reduce("ReduceMax", self.g.op("Abs", x or self.x), [axis])
        return self.g.op("Clip", largest, self.g.constant(FLOOR))

    def scale(self, magnitude: str, limit: float = 127.0) -> str:
        return self.g.op(
            "Mul", self.g.op("Reciprocal", magnitude), self.g.constant(limit)
        )

    def clip(self, x: str, low: float = -128.0, high: float = 127.0) -> str:
        return self.g.op("Clip", x, self.g.constant(low), self.g.constant(high))

    def codes(self, scale: str, low: float = -128.0, high: float = 127.0) -> str:
        scaled = self.g.op("Mul", self.x, scale)
        return self.clip(self.g.op("Round", scaled), low, high)

    def quantized(self) -> str:
        scale = self.scale(self.magnitude())
        return self.g.op("Div", self.codes(scale), scale)

    def ternary(self) -> np.ndarray:
        """[K, N]"""
        return fold(floats(self.draw.numbers.normal(0, 0.1, (K, N))))

    def product(self, a: str, weights: np.ndarray | str) -> str:
        if not isinstance(weights, str):
            weights = self.g.constant(weights)
        return self.g.op("MatMul", a, weights)

    def layer(self, a: str) -> str:
        return self.product(a, self.ternary())


def static_qdq(p: Parts) -> str:
    """A9"""
    operands = [p.g.constant(0.02), p.g.constant(np.array(0, np.int8))]
    codes = p.g.op("QuantizeLinear", p.x, *operands)
    return p.layer(p.g.op("DequantizeLinear", codes, *operands))


def static_scale(p: Parts) -> str:
    scale = p.g.constant(50.0)
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def dynamic_quantize_linear(p: Parts) -> str:
    """A10"""
    codes, scale, zero = p.g.node("DynamicQuantizeLinear", [p.x], 3)
    weights = p.draw.numbers.integers(-1, 2, (K, N)).astype(np.int8)
    sums = p.g.op("MatMulInteger", codes, p.g.constant(weights), zero)
    scaled = p.g.op("Mul", p.g.cast(sums, TensorProto.FLOAT), scale)
    return p.g.op("Mul", scaled, p.g.constant(0.1))


def four_levels(p: Parts) -> str:
    """W13"""
    levels = p.draw.numbers.choice([-0.15, -0.05, 0.05, 0.15], (K, N))
    return p.product(p.quantized(), floats(levels))


def four_level_codes(p: Parts) -> str:
    """W13, as MatMulNBits with a zero point of 1.5."""
    codes = p.draw.numbers.integers(0, 4, (N, K // 16, 16))
    operands = [p.quantized(), p.g.constant(pack_codes(codes))]
    operands.append(p.g.constant(np.full((N, K // 16), 0.1, np.float32)))
    operands.append(p.g.constant(np.full((N, K // 16), 1.5, np.float32)))
    sizes = {"N": N, "K": K, "bits": 2, "block_size": 16}
    return p.g.op("MatMulNBits", *operands, domain=MICROSOFT, **sizes)


def wrong_zero_point(p: Parts) -> str:
    """Codes from 0 to 2 with the zero point of MatMulNBits, which is 2."""
    codes = p.draw.numbers.integers(0, 3, (N, K // 16, 16))
    operands = [p.quantized(), p.g.constant(pack_codes(codes))]
    operands.append(p.g.constant(np.full((N, K // 16), 0.1, np.float32)))
    sizes = {"N": N, "K": K, "bits": 2, "block_size": 16}
    return p.g.op("MatMulNBits", *operands, domain=MICROSOFT, **sizes)


def shifted_codes(p: Parts) -> str:
    """Codes of uint8 from 0 to 2, but the zero point says 0."""
    codes = p.draw.numbers.integers(0, 3, (K, N)).astype(np.uint8)
    zero = p.g.constant(np.array(0, np.uint8))
    operands = [p.g.constant(codes), p.g.constant(0.1), zero]
    return p.product(p.quantized(), p.g.op("DequantizeLinear", *operands))


def clamp_range(p: Parts) -> str:
    scale = p.scale(p.magnitude())
    return p.layer(p.g.op("Div", p.codes(scale, -64.0, 63.0), scale))


def one_sided_range(p: Parts) -> str:
    scale = p.scale(p.magnitude())
    return p.layer(p.g.op("Div", p.codes(scale, -32.0, 127.0), scale))


def nine_bits(p: Parts) -> str:
    """Equation 4 of b1 with a small epsilon: after rounding, 128 is a code."""
    scale = p.scale(p.magnitude(), 128.0)
    scaled = p.g.op("Mul", p.x, scale)
    bounded = p.clip(scaled, -128.0 + 1e-5, 128.0 - 1e-5)
    return p.layer(p.g.op("Div", p.g.op("Round", bounded), scale))


def not_rounded(p: Parts) -> str:
    """Equation 4 of b1 as it is written."""
    scale = p.scale(p.magnitude(), 128.0)
    bounded = p.clip(p.g.op("Mul", p.x, scale), -127.0, 127.0)
    return p.layer(p.g.op("Div", bounded, scale))


def rounded_down(p: Parts) -> str:
    scale = p.scale(p.magnitude())
    codes = p.clip(p.g.op("Floor", p.g.op("Mul", p.x, scale)))
    return p.layer(p.g.op("Div", codes, scale))


def wrong_axis(p: Parts) -> str:
    scale = p.scale(p.magnitude(axis=1))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def part_of_the_axes(p: Parts) -> str:
    largest = p.g.reduce("ReduceMax", p.g.op("Abs", p.x), [1, 2])
    scale = p.scale(p.g.op("Clip", largest, p.g.constant(FLOOR)))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def no_floor(p: Parts) -> str:
    largest = p.g.reduce("ReduceMax", p.g.op("Abs", p.x), [-1])
    scale = p.scale(p.g.op("Add", largest, p.g.constant(FLOOR)))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def limited_magnitude(p: Parts) -> str:
    largest = p.g.reduce("ReduceMax", p.g.op("Abs", p.x), [-1])
    scale = p.scale(p.clip(largest, FLOOR, 1.5))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def signed_maximum(p: Parts) -> str:
    largest = p.g.reduce("ReduceMax", p.x, [-1])
    scale = p.scale(p.g.op("Clip", largest, p.g.constant(FLOOR)))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def scale_mismatch(p: Parts) -> str:
    """Scaled by 127 / m, scaled back by 126 / m."""
    magnitude = p.magnitude()
    codes = p.codes(p.scale(magnitude))
    return p.layer(p.g.op("Div", codes, p.scale(magnitude, 126.0)))


def other_scale_back(p: Parts) -> str:
    """Scaled back by the scale of a neighbour."""
    codes = p.codes(p.scale(p.magnitude()))
    doubled = p.g.op("Mul", p.x, p.x)
    return p.layer(p.g.op("Div", codes, p.scale(p.magnitude(doubled))))


def scale_of_others(p: Parts) -> str:
    scale = p.scale(p.magnitude(p.g.op("Mul", p.x, p.x)))
    return p.layer(p.g.op("Div", p.codes(scale), scale))


def never_scaled_back(p: Parts) -> str:
    return p.layer(p.codes(p.scale(p.magnitude())))


def scaled_back_twice(p: Parts) -> str:
    scale = p.scale(p.magnitude())
    once = p.g.op("Div", p.codes(scale), scale)
    return p.layer(p.g.op("Div", once, scale))


def float_activations(p: Parts) -> str:
    return p.layer(p.x)


def straight_through_others(p: Parts) -> str:
    other = p.g.op("Mul", p.x, p.x)
    difference = p.g.op("Sub", p.quantized(), other)
    return p.layer(p.g.op("Add", other, difference))


def minimum_added_back(p: Parts) -> str:
    """Equation 6 of b1, but with the minimum put back: a zero point."""
    low = p.g.reduce("ReduceMin", p.x, [-1])
    shifted = Parts(p.g, p.draw, p.g.op("Sub", p.x, low))
    scale = p.scale(p.magnitude())
    codes = p.g.op("Div", shifted.codes(scale, 0.0, 127.0), scale)
    return p.layer(p.g.op("Add", codes, low))


def outlier(p: Parts) -> str:
    weights = p.ternary()
    weights[3, 5] = 3.7 * np.abs(weights).max()
    return p.product(p.quantized(), weights)


def nearly_ternary(p: Parts) -> str:
    weights = p.ternary() * floats(p.draw.numbers.uniform(0.99, 1.01, (K, N)))
    return p.product(p.quantized(), weights)


def offset_weights(p: Parts) -> str:
    return p.product(p.quantized(), p.ternary() + np.float32(0.01))


def float_weights(p: Parts) -> str:
    return p.product(p.quantized(), floats(p.draw.numbers.normal(0, 0.1, (K, N))))


def five_levels(p: Parts) -> str:
    levels = p.draw.numbers.integers(-2, 3, (K, N))
    return p.product(p.quantized(), floats(levels) * np.float32(0.1))


def int4_weights(p: Parts) -> str:
    codes = p.draw.numbers.integers(-7, 8, (K, N)).astype(np.int8)
    operands = [p.g.constant(codes), p.g.constant(0.1)]
    return p.product(p.quantized(), p.g.op("DequantizeLinear", *operands))


def scale_per_input(p: Parts) -> str:
    """A scale for each input of the weights can't leave the sum."""
    scales = floats(p.draw.numbers.uniform(0.05, 0.2, (K, 1)))
    codes = floats(p.draw.numbers.integers(-1, 2, (K, N)))
    return p.product(
        p.quantized(), p.g.op("Mul", p.g.constant(codes), p.g.constant(scales))
    )


def weights_from_input(p: Parts) -> str:
    """Quantized as W1, but not constant: the activations multiply themselves."""
    weights = p.g.reduce("ReduceMax", p.x, [0], keepdims=0)
    turned = p.g.op("Transpose", weights, perm=[1, 0])
    return p.product(p.quantized(), p.g.op("Sign", turned))


def batched_weights(p: Parts) -> str:
    """Another matrix for each entry of the batch."""
    weights = np.stack([p.ternary() for _ in range(BATCH)])
    return p.product(p.quantized(), weights)


def scaled_by_row(p: Parts) -> str:
    """The codes are scaled by more than s: by something of each row."""
    scale = p.scale(p.magnitude())
    row = p.g.reduce("ReduceMax", p.g.op("Abs", p.x), [-1])
    codes = p.g.cast(p.codes(scale), TensorProto.INT8)
    sums = p.layer(p.g.cast(codes, TensorProto.FLOAT))
    return p.g.op("Mul", sums, p.g.op("Mul", row, row))


def zero_point_of_codes(p: Parts) -> str:
    """The codes of activations have a zero point in the product."""
    scale = p.scale(p.magnitude())
    codes = p.g.cast(p.codes(scale), TensorProto.INT8)
    weights = p.draw.numbers.integers(-1, 2, (K, N)).astype(np.int8)
    zero = p.g.constant(np.array(3, np.int8))
    sums = p.g.op("MatMulInteger", codes, p.g.constant(weights), zero)
    return p.g.op("Div", p.g.cast(sums, TensorProto.FLOAT), scale)


def scaled_product(p: Parts) -> str:
    """Weights times more than one number for each output: by input and output."""
    weights = p.ternary() * floats(
        p.draw.numbers.uniform(0.5, 2, (K // 2, N)).repeat(2, 0)
    )
    return p.product(p.quantized(), weights)


ALL: list[Callable[[Parts], str]] = [
    value
    for value in list(globals().values())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and getattr(value, "__annotations__", {}).get("p") == "Parts"
]

RANDOM_CODES = {dynamic_quantize_linear: "its scale rounds in another order"}


def write_near_misses(seed: str) -> Iterator[Case]:
    for build in ALL:
        name = f"not_{build.__name__}".replace("_", "")
        draw = Draw(f"{seed} {name}")
        g = Graph(draw.pick("opset", *OPSETS))
        g.scope = f"{name}.0"
        x = g.input(f"{name}.x", SHAPE)
        g.output(build(Parts(g, draw, x)), f"{name}.y", len(SHAPE))
        case = Case(name, g.opset, f"near miss: {build.__name__}", 0, g)
        case.inputs = {x: floats(draw.numbers.normal(0, 1, SHAPE))}
        yield case
