"""Runs an ONNX graph op by op, in NumPy and in the order in which the graph says it.

Elementwise ops are rounded to f32 one by one. ONNX leaves the order of a product's
sum open: here it is one of f64, rounded once.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray
Attributes = dict[str, object]

INTEGER_TYPES = {
    TensorProto.INT8: np.int8,
    TensorProto.UINT8: np.uint8,
    TensorProto.INT32: np.int32,
    TensorProto.INT64: np.int64,
}


class Run:
    """All values of a graph, and how near a rounding came to a tie."""

    def __init__(self, model: onnx.ModelProto, inputs: dict[str, Array]) -> None:
        self.values: dict[str, Array] = dict(inputs)
        self.tie_margin = np.inf
        """Distance from the next tie, over all roundings of what depends on inputs."""
        variable = set(inputs)
        for tensor in model.graph.initializer:
            self.values[tensor.name] = read(tensor)
        for node in model.graph.node:
            operands = [self.values[n] if n else None for n in node.input]
            if variable.intersection(node.input):
                variable.update(node.output)
                if node.op_type == "Round":
                    self._look_for_ties(operands[0])
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            with np.errstate(all="ignore"):
                results = OPS[node.op_type](operands, attributes)
            if not isinstance(results, tuple):
                results = (results,)
            self.values.update(zip(node.output, results))

    def _look_for_ties(self, x: Array) -> None:
        fraction = np.abs(x - np.floor(x) - 0.5)
        # Zeros are exact, whatever their scale is.
        self.tie_margin = min(self.tie_margin, fraction[x != 0].min(initial=np.inf))


def read(tensor: onnx.TensorProto) -> Array:
    """The elements; codes of 2 and 4 bits as int8."""
    array = numpy_helper.to_array(tensor)
    if array.dtype.kind in "fiub" and array.dtype.itemsize * 8 >= 8:
        if array.dtype.name not in ("int2", "uint2", "int4", "uint4"):
            return array
    return array.astype(np.int8)


def f32(x: object) -> Array:
    return np.asarray(x, np.float32)


def axes_of(operands: list, attributes: Attributes) -> tuple[int, ...] | None:
    axes = operands[1] if len(operands) > 1 else attributes.get("axes")
    return None if axes is None else tuple(int(axis) for axis in axes)


def reduction(function: Callable) -> Callable:
    def run(operands: list, attributes: Attributes) -> Array:
        keep = bool(attributes.get("keepdims", 1))
        x = operands[0]
        result = function(x, axis=axes_of(operands, attributes), keepdims=keep)
        return np.asarray(result, x.dtype)

    return run


def cast(operands: list, attributes: Attributes) -> Array:
    to = attributes["to"]
    if to == TensorProto.FLOAT:
        return operands[0].astype(np.float32)
    return operands[0].astype(INTEGER_TYPES[to])


def clip(operands: list, _: Attributes) -> Array:
    x, low, high = (operands + [None, None])[:3]
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def divide(operands: list, _: Attributes) -> Array:
    a, b = operands
    return a // b if a.dtype.kind in "ui" else a / b


def product(a: Array, b: Array) -> Array:
    return np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)


def gemm(operands: list, attributes: Attributes) -> Array:
    a, b = operands[:2]
    b = b.T if attributes.get("transB", 0) else b
    a = a.T if attributes.get("transA", 0) else a
    y = f32(attributes.get("alpha", 1.0)) * product(a, b)
    if len(operands) < 3:
        return y
    return y + f32(attributes.get("beta", 1.0)) * operands[2]


def integer_product(operands: list, _: Attributes) -> Array:
    a, b, a_zero, b_zero = (operands + [None, None])[:4]
    wide = a.astype(np.int64) - (0 if a_zero is None else a_zero.astype(np.int64))
    narrow = b.astype(np.int64) - (0 if b_zero is None else b_zero.astype(np.int64))
    return np.matmul(wide, narrow).astype(np.int32)


def spread(x: Array | None, shape: tuple[int, ...], attributes: Attributes) -> Array:
    """A scale or zero point of a tensor, an axis or blocks along one, for each code."""
    if x is None:
        return np.zeros(shape, np.int64)
    axis = int(attributes.get("axis", 1)) % max(len(shape), 1)
    block = int(attributes.get("block_size", 0))
    if block:
        x = np.repeat(x, block, axis)
        return np.take(x, range(shape[axis]), axis)
    if x.size == 1:
        return np.broadcast_to(x.reshape(()), shape)
    across = [1] * len(shape)
    across[axis] = x.size
    return np.broadcast_to(x.reshape(across), shape)


def dequantize_linear(operands: list, attributes: Attributes) -> Array:
    x, scale, zero = (operands + [None])[:3]
    difference = x.astype(np.int64) - spread(zero, x.shape, attributes).astype(np.int64)
    return difference.astype(np.float32) * spread(scale, x.shape, attributes)


def quantize_linear(operands: list, _: Attributes) -> Array:
    x, scale, zero = operands
    limits = np.iinfo(zero.dtype)
    codes = np.rint(x / scale) + zero.astype(np.float32)
    return np.clip(codes, limits.min, limits.max).astype(zero.dtype)


def dynamic_quantize_linear(operands: list, _: Attributes) -> tuple[Array, ...]:
    x = operands[0]
    low, high = np.minimum(x.min(), f32(0)), np.maximum(x.max(), f32(0))
    scale = f32((high - low) / f32(255))
    zero = np.clip(np.rint(f32(0) - low / scale), 0, 255).astype(np.uint8)
    return quantize_linear([x, scale, zero], {}), scale, zero


def unpack(packed: Array, bits: int) -> Array:
    """[.., bytes] -> [.., codes], low bits first."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = packed[..., None] >> shifts & np.uint8((1 << bits) - 1)
    return codes.reshape(*packed.shape[:-1], -1)


def matmul_nbits(operands: list, attributes: Attributes) -> Array:
    a, b, scales, zeros, _, bias = (operands + [None] * 3)[:6]
    n, k = int(attributes["N"]), int(attributes["K"])
    bits, block = int(attributes["bits"]), int(attributes["block_size"])
    blocks = -(-k // block)
    codes = unpack(b, bits).reshape(n, -1)[:, :k].astype(np.float32)
    if zeros is None:
        zeros = np.full((n, blocks), f32(1 << (bits - 1)))
    elif zeros.dtype == np.uint8:
        zeros = unpack(zeros.reshape(n, -1), bits)[:, :blocks].astype(np.float32)
    place = np.arange(k) // block
    shift = f32(zeros).reshape(n, blocks)[:, place]
    weights = (codes - shift) * scales.reshape(n, blocks)[:, place]
    y = product(a, weights.T)
    return y if bias is None else y + bias


def scatter_nd(operands: list, _: Attributes) -> Array:
    data, indices, updates = operands
    result = data.copy()
    result[tuple(np.moveaxis(indices, -1, 0))] = updates
    return result


def reshape(operands: list, _: Attributes) -> Array:
    x, shape = operands
    sizes = [x.shape[i] if s == 0 else int(s) for i, s in enumerate(shape)]
    return x.reshape(sizes)


def squeeze(operands: list, _: Attributes) -> Array:
    axes = axes_of(operands, {})
    return np.squeeze(operands[0], axes)


def split(operands: list, attributes: Attributes) -> tuple[Array, ...]:
    x, sizes = operands
    return tuple(np.split(x, np.cumsum(sizes)[:-1], int(attributes.get("axis", 0))))


def slice_(operands: list, _: Attributes) -> Array:
    x, starts, ends, axes, steps = (operands + [None] * 2)[:5]
    index = [slice(None)] * x.ndim
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps):
        index[int(axis)] = slice(int(start), int(end), int(step))
    return x[tuple(index)]


def top_k(operands: list, attributes: Attributes) -> tuple[Array, Array]:
    x, k = operands
    axis = int(attributes.get("axis", -1))
    key = -x.astype(np.float64) if attributes.get("largest", 1) else x
    order = np.argsort(key, axis=axis, kind="stable")
    first = np.take(order, range(int(k[0])), axis)
    return np.take_along_axis(x, first, axis), first.astype(np.int64)


def rms_norm(operands: list, attributes: Attributes) -> Array:
    x, gain = operands
    mean = np.mean(x * x, axis=-1, keepdims=True, dtype=np.float32)
    root = np.sqrt(mean + f32(attributes.get("epsilon", 1e-5)))
    return x / root * gain


def layer_norm(operands: list, attributes: Attributes) -> Array:
    x, gain, bias = (operands + [f32(0)])[:3]
    centred = x - np.mean(x, axis=-1, keepdims=True, dtype=np.float32)
    mean = np.mean(centred * centred, axis=-1, keepdims=True, dtype=np.float32)
    return centred / np.sqrt(mean + f32(attributes.get("epsilon", 1e-5))) * gain + bias


def shift(operands: list, attributes: Attributes) -> Array:
    right = attributes["direction"] == b"RIGHT"
    return (np.right_shift if right else np.left_shift)(*operands)


def unary(function: Callable) -> Callable:
    return lambda operands, _: function(operands[0])


def plain(function: Callable) -> Callable:
    return lambda operands, _: function(*operands)


OPS: dict[str, Callable] = {
    "Abs": unary(np.abs),
    "Add": plain(np.add),
    "BitShift": shift,
    "BitwiseAnd": plain(np.bitwise_and),
    "BitwiseOr": plain(np.bitwise_or),
    "Cast": cast,
    "Clip": clip,
    "Constant": lambda _, a: read(a["value"]),
    "Concat": lambda operands, a: np.concatenate(operands, int(a["axis"])),
    "DequantizeLinear": dequantize_linear,
    "Div": divide,
    "DynamicQuantizeLinear": dynamic_quantize_linear,
    "Expand": lambda operands, _: np.broadcast_to(
        operands[0], np.broadcast_shapes(operands[0].shape, tuple(operands[1]))
    ),
    "Floor": unary(np.floor),
    "Gather": lambda operands, a: np.take(*operands, int(a.get("axis", 0))),
    "Gemm": gemm,
    "Greater": plain(np.greater),
    "Identity": unary(lambda x: x),
    "LayerNormalization": layer_norm,
    "Less": plain(np.less),
    "MatMul": plain(product),
    "MatMulInteger": integer_product,
    "MatMulNBits": matmul_nbits,
    "Max": plain(np.maximum),
    "Min": plain(np.minimum),
    "Mod": plain(np.mod),
    "Mul": plain(np.multiply),
    "Neg": unary(np.negative),
    "Pow": plain(np.power),
    "QuantizeLinear": quantize_linear,
    "RMSNormalization": rms_norm,
    "Reciprocal": unary(lambda x: f32(1) / x),
    "ReduceL1": reduction(lambda x, **where: np.abs(x).sum(**where)),
    "ReduceMax": reduction(np.max),
    "ReduceMean": reduction(np.mean),
    "ReduceMin": reduction(np.min),
    "ReduceSum": reduction(np.sum),
    "Relu": unary(lambda x: np.maximum(x, f32(0))),
    "Reshape": reshape,
    "Round": unary(np.rint),
    "ScatterND": scatter_nd,
    "Sign": unary(np.sign),
    "Slice": slice_,
    "Split": split,
    "Sqrt": unary(np.sqrt),
    "Squeeze": squeeze,
    "Sub": plain(np.subtract),
    "TopK": top_k,
    "Transpose": lambda operands, a: np.transpose(operands[0], a.get("perm")),
    "Unsqueeze": lambda operands, _: np.expand_dims(
        operands[0], tuple(int(axis) for axis in operands[1])
    ),
    "Where": plain(np.where),
}
