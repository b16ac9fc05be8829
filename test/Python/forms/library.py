"""Calls a model that was compiled to a shared library (bitnet/Runtime/Library.h)."""

from __future__ import annotations

import ctypes
import pathlib

import numpy as np

MAX_RANK = 8
F32 = 0
ELEMENTS = {F32: ctypes.c_float, 4: ctypes.c_int8}


class Tensor(ctypes.Structure):
    """bitnet_tensor"""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.c_int64 * MAX_RANK),
        ("data", ctypes.c_void_p),
        ("owner", ctypes.c_void_p),
    ]


class Library:
    """A compiled model whose inputs are f32, and whose outputs are so or int8."""

    def __init__(self, path: pathlib.Path) -> None:
        self.code = ctypes.CDLL(str(path))
        self.code.bitnet_signature_text.restype = ctypes.c_char_p
        for function in (self.code.bitnet_run, self.code.bitnet_release):
            function.argtypes = None
        text = self.code.bitnet_signature_text().decode()
        entries = [line.split("\t") for line in text.splitlines()]
        self.outputs = [entry[1] for entry in entries if entry[0] == "output"]

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        given = (Tensor * len(inputs))()
        kept = []
        for tensor, (name, array) in zip(given, inputs.items()):
            array = np.ascontiguousarray(array, np.float32)
            kept.append(array)
            tensor.name = name.encode()
            tensor.type, tensor.rank = F32, array.ndim
            tensor.shape[: array.ndim] = array.shape
            tensor.data = array.ctypes.data
        count = len(self.outputs)
        results = (Tensor * count)()
        error = ctypes.create_string_buffer(1000)
        failed = self.code.bitnet_run(
            given,
            ctypes.c_size_t(len(inputs)),
            results,
            ctypes.c_size_t(count),
            error,
            ctypes.c_size_t(len(error)),
        )
        if failed:
            raise RuntimeError(error.value.decode())
        taken = {name: copy_of(tensor) for name, tensor in zip(self.outputs, results)}
        self.code.bitnet_release(results, ctypes.c_size_t(count))
        return taken


def copy_of(tensor: Tensor) -> np.ndarray:
    shape = tuple(tensor.shape[: tensor.rank])
    size = int(np.prod(shape))
    address = ctypes.cast(tensor.data, ctypes.POINTER(ELEMENTS[tensor.type]))
    return np.ctypeslib.as_array(address, (size,)).reshape(shape).copy()
