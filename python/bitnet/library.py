"""A compiled model in a shared library, called through its C interface.

See include/bitnet/Runtime/Library.h. ctypes gives up the GIL during a call, so
runs of several threads go side by side.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from .errors import Error

MAX_RANK = 8
MESSAGE_BYTES = 1024

# In the order of bitnet_type.
TYPE_NAMES = "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool".split()
ELEMENT_TYPES: dict[str, np.dtype[Any]] = {
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "bool": np.dtype(np.bool_),
    **{
        name: np.dtype(f"{name[0]}{int(name[1:]) // 8}")
        for name in TYPE_NAMES
        if name not in ("bf16", "bool")
    },
}


class Port(NamedTuple):
    """An input or output of a model."""

    name: str
    type: str
    """As in `f32` or `i64`."""
    role: str
    """What a language model uses it for, as `ids`, or `-`."""
    dims: tuple[int | str, ...]


class CTensor(ctypes.Structure):
    """bitnet_tensor"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * MAX_RANK),
        ("data", ctypes.c_void_p),
        ("owner", ctypes.c_void_p),
    ]


def parse_port(fields: Sequence[str]) -> Port:
    """A line of the signature, without its first field."""
    for code, character in (("%09", "\t"), ("%0A", "\n"), ("%25", "%")):
        fields = [field.replace(code, character) for field in fields]
    name, kind, role, *dims = fields
    return Port(name, kind, role, tuple(int(d) if d.isdigit() else d for d in dims))


def to_tensor(name: str, array: NDArray[Any]) -> CTensor:
    """A view of a dense array, which has to outlive it."""
    if array.ndim > MAX_RANK:
        raise Error(f"input '{name}' has {array.ndim} dimensions, the most is 8")
    for index, type_name in enumerate(TYPE_NAMES):
        if ELEMENT_TYPES[type_name] == array.dtype:
            break
    else:
        raise Error(f"input '{name}' has type {array.dtype}, which no model takes")
    shape = (ctypes.c_int64 * MAX_RANK)(*array.shape)
    return CTensor(name.encode(), index, array.ndim, shape, array.ctypes.data, None)


def to_array(name: str, value: Any) -> NDArray[Any]:
    """A dense array; a view if `value` has its memory dense, here, and readable."""
    if not isinstance(value, np.ndarray) and hasattr(value, "__dlpack__"):
        try:
            value = np.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError) as error:
            raise Error(f"input '{name}': {error}") from None
    array = np.asarray(value)
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


class Buffer:
    """Memory of an output, freed when no array looks at it any more."""

    def __init__(self, library: Library, tensor: CTensor) -> None:
        kind = ELEMENT_TYPES[TYPE_NAMES[tensor.type]]
        self.__array_interface__ = {
            "shape": tuple(tensor.shape[: tensor.rank]),
            "typestr": f"|V{kind.itemsize}",
            "data": (tensor.data, False),
            "version": 3,
        }
        finalizer = weakref.finalize(self, library.release, tensor)
        finalizer.atexit = False  # the process's end frees it


class Library:
    """The functions of one library, which stays loaded to the process's end."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        try:
            self._library = ctypes.CDLL(self._path)
        except OSError as error:
            raise Error(f"{path} is no compiled model: {error}") from None
        self._run = self.function("bitnet_run")
        self._release = self.function("bitnet_release")
        text = self.function("bitnet_signature_text")
        text.restype = ctypes.c_char_p
        lines = [line.split("\t") for line in text().decode().splitlines()]
        self.inputs = [parse_port(rest) for what, *rest in lines if what == "input"]
        self.outputs = [parse_port(rest) for what, *rest in lines if what == "output"]

    def function(self, name: str) -> Any:
        """A function of the C interface; each time a new object."""
        try:
            return self._library[name]
        except AttributeError:
            raise Error(f"{self._path} is no compiled model: no {name}") from None

    def run(self, inputs: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """One run. Inputs are not copied if they are dense, outputs never."""
        arrays = {name: to_array(name, value) for name, value in inputs.items()}
        tensors = [to_tensor(name, array) for name, array in arrays.items()]
        given = (CTensor * len(tensors))(*tensors)
        taken = (CTensor * len(self.outputs))()
        message = ctypes.create_string_buffer(MESSAGE_BYTES)
        failed = self._run(
            given,
            ctypes.c_size_t(len(given)),
            taken,
            ctypes.c_size_t(len(taken)),
            message,
            ctypes.c_size_t(MESSAGE_BYTES),
        )
        if failed:
            raise Error(message.value.decode(errors="replace"))
        return {
            port.name: self._take(tensor) for port, tensor in zip(self.outputs, taken)
        }

    def _take(self, tensor: CTensor) -> NDArray[Any]:
        kind = ELEMENT_TYPES[TYPE_NAMES[tensor.type]]
        shape = tuple(tensor.shape[: tensor.rank])
        copy = CTensor.from_buffer_copy(tensor)
        if 0 in shape:
            self.release(copy)
            return np.empty(shape, kind)
        return np.asarray(Buffer(self, copy)).view(kind)

    def release(self, tensor: CTensor) -> None:
        """Frees one output."""
        self._release(ctypes.byref(tensor), ctypes.c_size_t(1))
