"""Writes an ONNX model node by node and weight by weight.

Weights go to the file as they come, so that a model that is larger than memory
can be written. What ends up in `path` is whole and checked, or nothing.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .errors import Error

OPSET = 25
IR_VERSION = 13
"""The first with INT2."""
INLINE_LIMIT = 1 << 28
"""Larger models have their weights in a file of their own: protobuf ends at 2 GB."""
ALIGNMENT = 4096

Dims = Sequence[int | str]


class Graph:
    """An ONNX graph that grows at its end. A value has the name of its node."""

    def __init__(self, name: str, data: BinaryIO | None, location: str) -> None:
        self.graph = onnx.GraphProto(name=name)
        self.metadata: dict[str, str] = {}
        self._data = data
        self._location = location
        self._constants: dict[tuple[str, bytes], str] = {}

    def input(self, name: str, kind: int, dims: Dims) -> str:
        """An input of the model; `kind` is of TensorProto, as everywhere here."""
        info = helper.make_tensor_value_info(name, kind, dims)
        self.graph.input.append(info)
        return name

    def output(self, name: str, kind: int, dims: Dims) -> None:
        """Makes the value `name` an output."""
        info = helper.make_tensor_value_info(name, kind, dims)
        self.graph.output.append(info)

    def node(self, op: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Appends a node with one result."""
        node = helper.make_node(op, inputs, [name], name=name, **attributes)
        self.graph.node.append(node)
        return name

    def typed(self, name: str, dims: Dims, kind: int = TensorProto.FLOAT) -> str:
        """Says what the value `name` is; inference alone may not know its dims."""
        info = helper.make_tensor_value_info(name, kind, dims)
        self.graph.value_info.append(info)
        return name

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """A small constant; equal ones are one, with the first one's name."""
        key = (f"{value.dtype}{value.shape}", value.tobytes())
        if key not in self._constants:
            self._constants[key] = name
            self.graph.initializer.append(numpy_helper.from_array(value, name))
        return self._constants[key]

    def weight(
        self, name: str, kind: int, dims: Sequence[int], parts: Iterable[bytes]
    ) -> str:
        """A large constant, given as its bytes in the file."""
        tensor = TensorProto(name=name, data_type=kind, dims=dims)
        if self._data is None:
            tensor.raw_data = b"".join(parts)
        else:
            self._write(tensor, self._data, parts)
        self.graph.initializer.append(tensor)
        return name

    def _write(
        self, tensor: TensorProto, data: BinaryIO, parts: Iterable[bytes]
    ) -> None:
        data.write(bytes(-data.tell() % ALIGNMENT))
        offset = data.tell()
        for part in parts:
            data.write(part)
        tensor.data_location = TensorProto.EXTERNAL
        place = {
            "location": self._location,
            "offset": offset,
            "length": data.tell() - offset,
        }
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))


def save(graph: Graph, path: pathlib.Path) -> None:
    """Writes the model and lets ONNX check it."""
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(
        graph.graph,
        producer_name="bitnet",
        opset_imports=[opset],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(model, graph.metadata)
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path))


@contextlib.contextmanager
def new_files(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A path in a folder of its own, whose files take the place of those beside
    `path` when all went well, `path` itself last."""
    try:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=".bitnet-", dir=path.parent))
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror}") from None
    try:
        yield folder / path.name
        written = sorted(folder.iterdir(), key=lambda file: file.name == path.name)
        for file in written:
            file.replace(path.parent / file.name)
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def new_model(path: pathlib.Path, weight_bytes: int) -> Iterator[Graph]:
    """A graph that is written to `path` at the end, unless something is raised.

    With more than INLINE_LIMIT `weight_bytes`, weights go to `path`.data.
    """
    with new_files(path) as new, contextlib.ExitStack() as files:
        data_path = new.with_name(f"{new.name}.data")
        data = None
        if weight_bytes > INLINE_LIMIT:
            data = files.enter_context(data_path.open("wb"))
        graph = Graph("model", data, data_path.name)
        yield graph
        if data is not None:
            data.flush()
        save(graph, new)
