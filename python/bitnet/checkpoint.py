"""The tensors of a Hugging Face folder, read a few rows at a time.

A .safetensors file is eight bytes of length, that many bytes of JSON that say
where each tensor lies, and the tensors. It is read here and not through the
library `safetensors`, which gives NumPy no bf16 and only whole tensors.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .errors import Error

F32 = NDArray[np.float32]

ELEMENT_SIZES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "F64": 8,
    "I64": 8,
    "U64": 8,
}
ARRAY_TYPES = {
    "U8": "u1",
    "I8": "i1",
    "F16": "<f2",
    "BF16": "<u2",  # NumPy has none; see to_floats
    "F32": "<f4",
    "F64": "<f8",
}
"""The types that weights may have, as NumPy reads them."""
HEADER_LIMIT = 100_000_000
BLOCK_BYTES = 1 << 24
"""How much is read at once of a large tensor."""


@dataclass(frozen=True)
class Entry:
    """One tensor of a file."""

    name: str
    path: pathlib.Path
    type: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """In bytes."""
        return math.prod(self.shape) * ELEMENT_SIZES[self.type]

    def describe(self) -> str:
        """`tensor 'a.weight' (F32 [2, 3])`"""
        return f"tensor {self.name!r} ({self.type} {list(self.shape)})"


def parse_json(text: bytes, what: str) -> dict[str, Any]:
    """A JSON object, in which no key occurs twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key occurs twice")
        return found

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Error(f"{what} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Error(f"{what} is no JSON object")
    return value


def read_json(path: pathlib.Path) -> dict[str, Any]:
    """The JSON object in a file."""
    return parse_json(read_bytes(path), str(path))


def read_bytes(path: pathlib.Path) -> bytes:
    """All of a small file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Error(f"cannot read {path}: {error.strerror}") from None


def is_size(value: Any) -> bool:
    """True for an integer from 0 on; JSON's true and 1.0 are none."""
    return type(value) is int and 0 <= value < 1 << 63


def is_shape(value: Any) -> TypeGuard[list[int]]:
    """True for a list of not too many sizes."""
    return isinstance(value, list) and len(value) <= 8 and all(map(is_size, value))


def parse_entry(path: pathlib.Path, name: str, fields: Any, start: int) -> Entry:
    """What the header of a file whose data begin at `start` says of one tensor."""
    where = f"{path}: tensor {name!r}"
    if not isinstance(fields, dict):
        raise Error(f"{where}: the header has no description of it")
    kind, shape = fields.get("dtype"), fields.get("shape")
    offsets = fields.get("data_offsets")
    if not isinstance(kind, str) or kind not in ELEMENT_SIZES:
        raise Error(f"{where} has the unknown type {kind!r}")
    if not is_shape(shape):
        raise Error(f"{where} has the shape {shape!r}")
    if not is_shape(offsets) or len(offsets) != 2:
        raise Error(f"{where} has the offsets {offsets!r}")
    entry = Entry(name, path, kind, tuple(shape), start + offsets[0])
    if offsets[1] - offsets[0] != entry.size:
        raise Error(
            f"{path}: {entry.describe()} takes {entry.size} bytes, "
            f"its offsets say {offsets[1] - offsets[0]}"
        )
    return entry


def read_header(path: pathlib.Path) -> dict[str, Entry]:
    """The tensors of a .safetensors file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(size - 8, HEADER_LIMIT):
                raise Error(
                    f"{path} is cut or no safetensors file: it has {size} bytes, "
                    f"a header of {length} is announced"
                )
            header = parse_json(file.read(length), f"the header of {path}")
    except OSError as error:
        raise Error(f"cannot read {path}: {error.strerror}") from None
    header.pop("__metadata__", None)
    entries = {
        name: parse_entry(path, name, fields, 8 + length)
        for name, fields in header.items()
    }
    for entry in entries.values():
        if entry.offset + entry.size > size:
            raise Error(
                f"{path} is cut: it has {size} bytes, "
                f"{entry.describe()} ends at byte {entry.offset + entry.size}"
            )
    return entries


def to_floats(array: NDArray[Any], entry: Entry) -> F32:
    """Values as f32; exact for all types but f64."""
    if entry.type == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(all="ignore"):  # infinities are found by who uses them
        return array.astype(np.float32)


class Checkpoint:
    """All tensors of a folder: of model.safetensors, or of the files that
    model.safetensors.index.json names."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        index = folder / "model.safetensors.index.json"
        if index.exists():
            self.entries = self._read_shards(index)
        else:
            self.entries = read_header(folder / "model.safetensors")

    def _read_shards(self, index: pathlib.Path) -> dict[str, Entry]:
        places = read_json(index).get("weight_map")
        if not isinstance(places, dict) or not all(
            isinstance(file, str) and file == pathlib.PurePath(file).name
            for file in places.values()
        ):
            raise Error(f"{index}: 'weight_map' does not name files beside it")
        files = sorted(set(places.values()))
        headers = {file: read_header(self.folder / file) for file in files}
        for name, file in places.items():
            if name not in headers[file]:
                raise Error(f"{index}: tensor {name!r} is not in {file}")
        return {name: headers[file][name] for name, file in places.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def find(self, name: str, *shapes: tuple[int, ...]) -> Entry:
        """The tensor of that name, which has one of these shapes and can be read."""
        entry = self.entries.get(name)
        if entry is None:
            raise Error(f"{self.folder}: tensor {name!r} is missing")
        if entry.shape not in shapes:
            wanted = " or ".join(str(list(shape)) for shape in shapes)
            raise Error(f"{entry.path}: {entry.describe()} must have shape {wanted}")
        if entry.type not in ARRAY_TYPES:
            known = ", ".join(ARRAY_TYPES)
            raise Error(
                f"{entry.path}: {entry.describe()} has none of the types {known}"
            )
        return entry

    def blocks(self, entry: Entry) -> Iterator[NDArray[Any]]:
        """The tensor in the type of the file, some rows at a time."""
        kind = np.dtype(ARRAY_TYPES[entry.type])
        width = math.prod(entry.shape[1:])
        rows = entry.shape[0] if entry.shape else 1
        step = max(1, BLOCK_BYTES // max(1, width * kind.itemsize))
        for row in range(0, rows, step):
            count = min(step, rows - row)
            offset = entry.offset + row * width * kind.itemsize
            try:
                flat = np.fromfile(entry.path, kind, count * width, offset=offset)
            except OSError as error:
                raise Error(f"cannot read {entry.path}: {error.strerror}") from None
            if flat.size != count * width:
                raise Error(f"{entry.path} is cut: {entry.describe()} ends too early")
            yield flat.reshape(count, *entry.shape[1:])

    def floats(self, name: str, *shape: int) -> F32:
        """A small tensor of that shape as f32, checked to be finite."""
        entry = self.find(name, shape)
        parts = [to_floats(block, entry) for block in self.blocks(entry)]
        values = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if not np.isfinite(values).all():
            raise Error(f"{entry.path}: {entry.describe()} is not finite everywhere")
        return values.reshape(shape)
