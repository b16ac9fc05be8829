"""Linear layers of a checkpoint as codes in {-1, 0, +1} and one scale.

`weight_scale` has two opposite meanings. transformers' BitLinear divides by it:
y = codes x / (weight_scale s). AutoBitLinear multiplies: y = (codes x / s + bias)
weight_scale. The folder's `linear_class` says which one is meant. `Ternary.scale`
always multiplies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .checkpoint import F32, Checkpoint, Entry, to_floats
from .errors import Error

Codes = NDArray[np.int8]

SMALLEST = np.float32(1e-5)
"""The guard under the mean magnitude of a weight, as in transformers."""


class Linear(NamedTuple):
    """A linear layer: its name in the checkpoint and its sizes."""

    module: str
    outputs: int
    inputs: int
    has_bias: bool


@dataclass(frozen=True)
class Ternary:
    """y = scale (codes x) + bias, with `codes` [outputs, inputs]."""

    codes: Codes
    scale: np.float32
    bias: F32 | None


def unpack(checkpoint: Checkpoint, entry: Entry, rows: int) -> Codes:
    """Codes [rows, inputs] from bytes [rows / 4, inputs], in which bits 2i and
    2i + 1 of row r are the code + 1 of row r + i rows / 4."""
    codes = np.empty((4, rows // 4, entry.shape[1]), np.int8)
    row = 0
    for block in checkpoint.blocks(entry):
        raw = block.astype(np.uint8)
        if ((raw & (raw >> 1) & 0x55) != 0).any():
            raise Error(
                f"{entry.path}: {entry.describe()} has a code 3, which is no weight"
            )
        for i in range(4):
            codes[i, row : row + len(raw)] = ((raw >> (2 * i)) & 3).astype(np.int8) - 1
        row += len(raw)
    return codes.reshape(rows, -1)


def take_codes(checkpoint: Checkpoint, entry: Entry) -> Codes:
    """Codes that are stored one by one."""
    codes = np.empty(entry.shape, np.int8)
    row = 0
    for block in checkpoint.blocks(entry):
        values = block if entry.type == "I8" else to_floats(block, entry)
        if not ((values == 0) | (np.abs(values) == 1)).all():
            raise Error(
                f"{entry.path}: {entry.describe()} has values other than -1, 0, 1"
            )
        codes[row : row + len(block)] = values
        row += len(block)
    return codes


def ternarize(checkpoint: Checkpoint, entry: Entry) -> tuple[Codes, np.float32]:
    """Codes and scale of float weights: rounded by the mean of their magnitudes."""
    total = 0.0
    for block in checkpoint.blocks(entry):
        total += float(np.abs(to_floats(block, entry)).sum(dtype=np.float64))
    if not np.isfinite(total):
        raise Error(f"{entry.path}: {entry.describe()} is not finite everywhere")
    codes = np.empty(entry.shape, np.int8)
    mean = np.maximum(np.float32(total / max(1, codes.size)), SMALLEST)
    inverse = np.float32(1) / mean
    row = 0
    for block in checkpoint.blocks(entry):
        ratio = np.rint(to_floats(block, entry) * inverse)
        codes[row : row + len(block)] = np.clip(ratio, -1, 1)
        row += len(block)
    return codes, np.float32(1) / inverse


def read_scale(checkpoint: Checkpoint, module: str) -> np.float32:
    """The tensor `weight_scale`: one number above zero."""
    name = f"{module}.weight_scale"
    entry = checkpoint.find(name, (1,), ())
    scale = checkpoint.floats(name, *entry.shape).reshape(())[()]
    if scale <= 0:
        raise Error(f"{entry.path}: {entry.describe()} is {scale}, not above 0")
    return np.float32(scale)


def find_weight(checkpoint: Checkpoint, stored: str, layer: Linear) -> Entry:
    """The tensor with the weights of a layer; `stored` as in Quantization."""
    whole, packed = (layer.outputs, layer.inputs), (layer.outputs // 4, layer.inputs)
    shapes = {"packed": [packed], "offline": [packed, whole], "online": [whole]}[stored]
    if layer.outputs % 4 and stored != "online":
        shapes.remove(packed)
    if not shapes:
        raise Error(
            f"{checkpoint.folder}: {layer.module} has {layer.outputs} outputs, "
            f"and packed weights come in fours"
        )
    entry = checkpoint.find(f"{layer.module}.weight", *shapes)
    if (entry.type == "U8") != (entry.shape != whole):
        wanted = "codes one by one" if entry.shape == whole else "packed bytes"
        raise Error(f"{entry.path}: {entry.describe()} has the wrong type for {wanted}")
    return entry


def read_linear(checkpoint: Checkpoint, stored: str, layer: Linear) -> Ternary:
    """A layer whose weights are `stored` as in Quantization."""
    entry = find_weight(checkpoint, stored, layer)
    bias = None
    if layer.has_bias:
        bias = checkpoint.floats(f"{layer.module}.bias", layer.outputs)
    if stored == "online":
        return Ternary(*ternarize(checkpoint, entry), bias)
    if entry.type == "U8":
        codes = unpack(checkpoint, entry, layer.outputs)
    else:
        codes = take_codes(checkpoint, entry)
    scale = read_scale(checkpoint, layer.module)
    if stored == "packed":
        return Ternary(codes, np.float32(1) / scale, bias)
    return Ternary(codes, scale, None if bias is None else bias * scale)


def pack_int2(codes: Codes) -> bytes:
    """Codes [outputs, inputs] as ONNX's INT2 [inputs, outputs]: row-major, four to
    a byte, the first in the low bits, in two's complement."""
    flat = np.ascontiguousarray(codes.T).view(np.uint8).reshape(-1)
    padded = np.zeros(-(-flat.size // 4) * 4, np.uint8)
    padded[: flat.size] = flat & 3
    quads = padded.reshape(-1, 4)
    packed = quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6
    return packed.astype(np.uint8).tobytes()
