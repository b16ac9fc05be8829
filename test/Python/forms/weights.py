"""Each way to write ternary and binary weights: forms W1 to W12.

W1 is the absmean quantizer in the graph, W2 the same in a straight-through
estimator, W3 is W1 folded (with one scale, or one for each row), W4 holds codes as
floats, W5 and W6 four codes in a byte, W7 is b1, W8 joins segments, W9 is
MatMulNBits, W10 DequantizeLinear of codes, W11 codes of int8, W12 has a scale for
each group of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from forms.activations import between, inverse
from forms.draw import Draw
from forms.graph import MICROSOFT, Graph, floats

FORMS = ["W1", "W2", "W3", "W3-row", "W4", "W5", "W6", "W7", "W8", "W9"]
FORMS += ["W10", "W10-axis", "W10-block", "W11", "W12"]

NEEDS_OPSET = {"W10-block": 21}


@dataclass
class Weights:
    """A matrix in the graph, or the packed operands of MatMulNBits."""

    matrix: str
    output_major: bool = True
    scale: np.ndarray | None = None
    """What the product has still to be multiplied by."""
    zero_point: str = ""
    """Of codes that no float op has touched."""
    are_codes: bool = False
    packed: dict[str, object] | None = None


def latent(draw: Draw, n: int, k: int) -> np.ndarray:
    """What a trainer would hold: some matrices with ties, zeros, zero rows."""
    kind = draw.pick("latent", "normal", "normal", "zero row", "ties", "balanced")
    w = draw.numbers.normal(0, 0.1, (n, k))
    if kind == "zero row":
        w[n // 2] = 0
    if kind == "ties":
        # The mean magnitude is 1, so that every second one lies at a tie.
        w = np.where(np.arange(n * k).reshape(n, k) % 2, 1.5, 0.5)
        w = w * draw.numbers.choice([-1, 1], (n, k))
    if kind == "balanced":
        half = draw.numbers.choice([-0.5, 0.0, 0.5], (n, k))
        w = np.concatenate([half, -half], 1)[:, :k] if k % 2 == 0 else w
        if k % 2 == 0:
            w[:, k // 2 :] = -w[:, : k // 2]
    return floats(w)


def trits(draw: Draw, n: int, k: int) -> np.ndarray:
    codes = draw.numbers.integers(-1, 2, (n, k)).astype(np.int8)
    if draw.pick("zero row", False, False, True):
        codes[n // 2] = 0
    return codes


def scalar_scale(draw: Draw) -> np.ndarray:
    return floats(draw.numbers.uniform(0.01, 0.2))


def offline_scale(draw: Draw, n: int) -> np.ndarray:
    """One number, or one for each output."""
    if draw.pick("scale of", "tensor", "tensor", "row") == "tensor":
        return scalar_scale(draw)
    return scales_of(draw, n, 1, "row")[:, 0]


def mean_of(g: Graph, draw: Draw, x: str) -> str:
    if draw.pick("mean", "Squeeze", "dropped") == "dropped":
        return g.reduce("ReduceMean", x, None, keepdims=0)
    return g.op("Squeeze", g.reduce("ReduceMean", x, None))


def absmean(g: Graph, draw: Draw, w: np.ndarray) -> str:
    """W1 of one matrix."""
    latent = g.constant(w)
    gamma = mean_of(g, draw, g.op("Abs", latent))
    how = draw.pick("gamma", "Clip", "Max", "Add")
    if how == "Clip":
        gamma = g.op("Clip", gamma, g.constant(1e-5))
    else:
        gamma = g.op(how, gamma, g.constant(1e-5))
    if draw.pick("divide", False, False, True):
        scaled = g.op("Div", latent, gamma)
        rounded = between(g, draw, g.op("Round", scaled), -1.0, 1.0)
        return g.op("Mul", rounded, gamma)
    scale = inverse(g, draw, gamma, 1.0)
    rounded = g.op("Round", g.op("Mul", latent, scale))
    return g.op("Div", between(g, draw, rounded, -1.0, 1.0), scale)


def straight_through(g: Graph, draw: Draw, w: np.ndarray) -> str:
    quantized = absmean(g, draw, w)
    latent = g.constant(w)
    return g.op("Add", latent, g.op("Sub", quantized, latent))


def sign(g: Graph, draw: Draw, w: np.ndarray) -> str:
    """W7: alpha, the sign, beta."""
    latent = g.constant(w)
    centred = g.op("Sub", latent, mean_of(g, draw, latent))
    beta = mean_of(g, draw, g.op("Abs", latent))
    if draw.pick("sign", "Greater", "Sign") == "Sign":
        return g.op("Mul", g.op("Sign", centred), beta)
    positive = g.op("Greater", centred, g.constant(0.0))
    signs = g.op("Where", positive, g.constant(1.0), g.constant(-1.0))
    return g.op("Mul", signs, beta)


def fold(w: np.ndarray, by_row: bool = False) -> np.ndarray:
    """W1 as an exporter folds it, -0.0 among the zeros."""
    gamma = np.abs(w).mean(axis=1 if by_row else None, keepdims=by_row)
    gamma = np.maximum(floats(gamma), floats(1e-5))
    scale = floats(1) / gamma
    return floats(np.clip(np.rint(w * scale), -1, 1) / scale)


def oriented(g: Graph, draw: Draw, w: np.ndarray) -> Weights:
    """A constant matrix as [n, k] or as [k, n]."""
    output_major = draw.pick("stored", "n-k", "k-n") == "n-k"
    stored = w if output_major else np.ascontiguousarray(w.T)
    return Weights(g.constant(stored), output_major)


def folded(g: Graph, draw: Draw, n: int, k: int, by_row: bool = False) -> Weights:
    return oriented(g, draw, fold(latent(draw, n, k), by_row))


def offline(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    weights = oriented(g, draw, floats(trits(draw, n, k)))
    weights.scale = offline_scale(draw, n)
    return weights


def quarter(g: Graph, packed: str, i: int) -> str:
    """Codes of bits 2i and 2i + 1, without BitwiseAnd before it existed."""
    if g.opset < 18:
        shifted = g.op("Div", packed, g.constant(np.array(4**i, np.uint8)))
        return g.op("Mod", shifted, g.constant(np.array(4, np.uint8)))
    masked = g.op("BitwiseAnd", packed, g.constant(np.array(3 << 2 * i, np.uint8)))
    by = g.constant(np.array(2 * i, np.uint8))
    return g.op("BitShift", masked, by, direction="RIGHT")


def pack_rows(codes: np.ndarray) -> np.ndarray:
    """Byte r holds rows r, r + R, r + 2R and r + 3R, codes from 0 to 2."""
    quarters = (codes + 1).astype(np.uint8).reshape(4, -1, codes.shape[1])
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None, None]
    return (quarters << shifts).sum(0, dtype=np.uint8)


def minus_one(g: Graph, draw: Draw, codes: str) -> str:
    if draw.pick("minus one", "float", "int8") == "float":
        return g.op("Sub", g.cast(codes, TensorProto.FLOAT), g.constant(1.0))
    narrow = g.cast(codes, TensorProto.INT8)
    one = g.constant(np.array(1, np.int8))
    return g.cast(g.op("Sub", narrow, one), TensorProto.FLOAT)


def packed(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    """W5: four masks and shifts, each written to its rows."""
    packed = g.constant(pack_rows(trits(draw, n, k)))
    quarters = [quarter(g, packed, i) for i in range(4)]
    if draw.pick("written by", "ScatterND", "Concat") == "Concat":
        codes = g.op("Concat", *quarters, axis=0)
    else:
        zero = g.constant(np.array(0, np.uint8))
        codes = g.op("Expand", zero, g.ints(n, k))
        for i, part in enumerate(quarters):
            rows = np.arange(i * n // 4, (i + 1) * n // 4, dtype=np.int64)[:, None]
            codes = g.op("ScatterND", codes, g.constant(rows), part)
    return Weights(minus_one(g, draw, codes), scale=scalar_scale(draw))


def converted(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    """W6: all four shifts at once."""
    packed = g.constant(pack_rows(trits(draw, n, k)))
    grid = g.op("Unsqueeze", packed, g.ints(0))
    grid = g.op("Expand", grid, g.ints(4, n // 4, k))
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None, None]
    if g.opset < 18:
        grid = g.op("Div", grid, g.constant(np.uint8(1) << shifts))
        codes = g.op("Mod", grid, g.constant(np.array(4, np.uint8)))
    else:
        grid = g.op("BitShift", grid, g.constant(shifts), direction="RIGHT")
        codes = g.op("BitwiseAnd", grid, g.constant(np.array(3, np.uint8)))
    matrix = g.op("Reshape", minus_one(g, draw, codes), g.ints(n, k))
    return Weights(matrix, scale=scalar_scale(draw))


def segments(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    """W8: two or three blocks of outputs, a scale for each."""
    sizes = draw.pick("segments", [n // 2, n - n // 2], [n // 2, 4, n - n // 2 - 4])
    kind = draw.pick("each", "W1", "W2", "W7", "W3")
    if kind == "W3" and draw.pick("joined", "graph", "folded") == "folded":
        return oriented(
            g, draw, np.concatenate([fold(latent(draw, size, k)) for size in sizes])
        )
    make = {"W1": absmean, "W2": straight_through, "W7": sign}
    parts = [
        (
            make[kind](g, draw, latent(draw, size, k))
            if kind in make
            else g.constant(fold(latent(draw, size, k)))
        )
        for size in sizes
    ]
    if draw.pick("turned", "after", "before") == "after":
        return Weights(g.op("Concat", *parts, axis=0))
    turned = [g.op("Transpose", part, perm=[1, 0]) for part in parts]
    return Weights(g.op("Concat", *turned, axis=1), output_major=False)


def pack_codes(codes: np.ndarray) -> np.ndarray:
    """[.., columns] of 2-bit codes -> bytes, low bits first."""
    missing = -codes.shape[-1] % 4
    padded = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, missing)])
    fields = padded.reshape(*codes.shape[:-1], -1, 4).astype(np.uint8)
    return (fields << np.array([0, 2, 4, 6], np.uint8)).sum(-1, dtype=np.uint8)


def scales_of(draw: Draw, n: int, blocks: int, kind: str) -> np.ndarray:
    """One scale for each block of each row; `kind` says how many differ."""
    shape = {"tensor": (1, 1), "row": (n, 1), "group": (n, blocks)}[kind]
    drawn = floats(draw.numbers.uniform(0.01, 0.2, shape))
    return np.ascontiguousarray(np.broadcast_to(drawn, (n, blocks)))


def nbits(g: Graph, draw: Draw, n: int, k: int, kind: str | None = None) -> Weights:
    """W9: the operands of MatMulNBits."""
    block = draw.pick("block", 16, 32)
    blocks = -(-k // block)
    kind = kind or draw.pick("scales", "tensor", "row")
    zero = draw.pick("zero point", "packed", "float", "none")
    codes = np.full((n, blocks * block), 0 if zero != "none" else 1, np.uint8)
    codes[:, :k] = trits(draw, n, k) + (2 if zero == "none" else 1)
    operands = {
        "B": g.constant(pack_codes(codes.reshape(n, blocks, block))),
        "scales": g.constant(scales_of(draw, n, blocks, kind)),
        "zero": "",
        "g_idx": "",
    }
    if zero == "packed":
        operands["zero"] = g.constant(pack_codes(np.ones((n, blocks), np.uint8)))
    if zero == "float":
        operands["zero"] = g.constant(np.ones((n, blocks), np.float32))
    if draw.pick("g_idx", False, False, True):
        places = np.arange(k, dtype=np.int32) // block
        operands["g_idx"] = g.constant(places)
    return Weights("", packed=operands | {"K": k, "N": n, "block_size": block})


CODE_TYPES = [
    (TensorProto.INT8, 13, 0),
    (TensorProto.UINT8, 13, 1),
    (TensorProto.INT4, 21, 0),
    (TensorProto.UINT4, 21, 1),
    (TensorProto.INT2, 25, 0),
    (TensorProto.UINT2, 25, 1),
]
"""A type of codes, since which opset, and its zero point."""


def dequantized(g: Graph, draw: Draw, n: int, k: int, scales: str) -> Weights:
    """W10: DequantizeLinear by tensor, axis or block."""
    possible = [kind for kind in CODE_TYPES if kind[1] <= g.opset]
    kind, _, zero = draw.pick("codes", *possible)
    output_major = draw.pick("stored", "n-k", "k-n") == "n-k"
    codes = trits(draw, n, k).astype(np.int64) + zero
    codes = codes if output_major else codes.T
    attributes: dict[str, int] = {}
    if scales == "tensor":
        scale = scalar_scale(draw)
    elif scales == "axis":
        scale = scales_of(draw, n, 1, "row")[:, 0]
        attributes["axis"] = 0 if output_major else 1
    else:
        block = draw.pick("block", 16, 32)
        scale = scales_of(draw, n, k // block, scales)
        scale = scale if output_major else np.ascontiguousarray(scale.T)
        attributes = {"axis": 1 if output_major else 0, "block_size": block}
    operands = [g.constant(codes, kind), g.constant(scale)]
    if zero or draw.pick("zero point", "given", "absent") == "given":
        operands.append(g.constant(np.full(scale.shape, zero), kind))
    return Weights(g.op("DequantizeLinear", *operands, **attributes), output_major)


def integers(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    """W11: codes of int8, or of uint8 with a zero point."""
    codes = np.ascontiguousarray(trits(draw, n, k).T)
    if draw.pick("codes", "int8", "uint8") == "int8":
        weights = Weights(g.constant(codes), output_major=False)
    else:
        weights = Weights(g.constant((codes + 1).astype(np.uint8)), False)
        weights.zero_point = g.constant(np.array(1, np.uint8))
    weights.are_codes = True
    weights.scale = offline_scale(draw, n)
    return weights


def groups(g: Graph, draw: Draw, n: int, k: int) -> Weights:
    """W12: a scale for each group of inputs of each output."""
    kinds = ["Reshape", "MatMulNBits", "folded"]
    kinds += ["DequantizeLinear"] if g.opset >= 21 else []
    kind = draw.pick("groups", *kinds)
    if kind == "MatMulNBits":
        return nbits(g, draw, n, k, "group")
    if kind == "DequantizeLinear":
        return dequantized(g, draw, n, k, "group")
    size = draw.pick("block", 16, 32)
    scale = scales_of(draw, n, k // size, "group")[..., None]
    codes = floats(trits(draw, n, k)).reshape(n, -1, size)
    if kind == "folded":
        return oriented(g, draw, (codes * scale).reshape(n, k))
    grid = g.op("Reshape", g.constant(codes.reshape(n, k)), g.ints(n, k // size, size))
    scaled = g.op("Mul", grid, g.constant(scale))
    return Weights(g.op("Reshape", scaled, g.ints(n, k)))


def make(g: Graph, draw: Draw, form: str, n: int, k: int) -> Weights:
    in_graph = {"W1": absmean, "W2": straight_through, "W7": sign}
    if form in in_graph:
        return Weights(in_graph[form](g, draw, latent(draw, n, k)))
    if form.startswith("W3"):
        return folded(g, draw, n, k, form == "W3-row")
    if form.startswith("W10"):
        scales = {"W10-axis": "axis", "W10-block": draw.pick("scales", "tensor", "row")}
        return dequantized(g, draw, n, k, scales.get(form, "tensor"))
    others = {"W4": offline, "W5": packed, "W6": converted, "W8": segments}
    others |= {"W9": nbits, "W11": integers, "W12": groups}
    return others[form](g, draw, n, k)
