"""Takes .safetensors files apart and puts them together, right or wrong."""

from __future__ import annotations

import json
import pathlib
from typing import Any

Tensors = dict[str, tuple[str, list[int], bytes]]
"""Type, shape and data of each."""


def split(content: bytes) -> tuple[bytes, bytes]:
    """The header and the data."""
    length = int.from_bytes(content[:8], "little")
    return content[8 : 8 + length], content[8 + length :]


def join(header: bytes, data: bytes) -> bytes:
    """A file."""
    return len(header).to_bytes(8, "little") + header + data


def read_tensors(path: pathlib.Path) -> Tensors:
    """All of a file that is right."""
    header, data = split(path.read_bytes())
    fields = json.loads(header)
    fields.pop("__metadata__", None)
    return {
        name: (f["dtype"], f["shape"], data[slice(*f["data_offsets"])])
        for name, f in fields.items()
    }


def write_tensors(path: pathlib.Path, tensors: Tensors) -> None:
    """A file with these tensors, in their order."""
    header: dict[str, Any] = {}
    offset = 0
    for name, (kind, shape, data) in tensors.items():
        offsets = [offset, offset + len(data)]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
        offset += len(data)
    data = b"".join(data for _, _, data in tensors.values())
    text = json.dumps(header).encode()
    path.write_bytes(join(text + b" " * (-len(text) % 8), data))
