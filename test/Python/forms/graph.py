"""Writes an ONNX graph node by node, in the words of its opset."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"


class Graph:
    """A graph that grows. `scope` is the module that the next nodes belong to."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.constant_nodes = False
        """Constants are nodes, as the TorchScript exporter writes them."""
        self.scope = ""
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def input(self, name: str, shape: list[int | str]) -> str:
        self.inputs.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        )
        return name

    def output(self, value: str, name: str, rank: int) -> None:
        """Gives a value to the outside."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        shape = [f"{name}.{dim}" for dim in range(rank)]
        self.outputs.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        )

    def constant(self, value: object, kind: int | None = None) -> str:
        """An initializer: f32 unless the array has a type; `kind` for odd ones."""
        name = f"{self.scope}/constant_{len(self.initializers) + len(self.nodes)}"
        if kind is not None:
            array = np.asarray(value)
            tensor = helper.make_tensor(name, kind, array.shape, array.ravel().tolist())
        elif isinstance(value, np.ndarray):
            tensor = numpy_helper.from_array(value, name)
        else:
            tensor = numpy_helper.from_array(np.asarray(value, np.float32), name)
        if self.constant_nodes:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        else:
            self.initializers.append(tensor)
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.asarray(values, np.int64))

    def op(self, kind: str, *operands: str, **attributes: object) -> str:
        """A node with one result."""
        return self.node(kind, list(operands), 1, **attributes)[0]

    def node(
        self, kind: str, operands: list[str], results: int, **attributes: object
    ) -> list[str]:
        name = f"{self.scope}/{len(self.nodes)}/{kind}"
        names = [f"{name}_output_{i}" for i in range(results)]
        self.nodes.append(
            helper.make_node(kind, operands, names, name=name, **attributes)
        )
        return names

    def reduce(
        self, kind: str, x: str, axes: list[int] | None, keepdims: int = 1
    ) -> str:
        """Axes are an attribute before opset 18, an operand from then on."""
        if axes is None:
            return self.op(kind, x, keepdims=keepdims)
        if self.opset < 18 and kind != "ReduceSum":
            return self.op(kind, x, axes=axes, keepdims=keepdims)
        return self.op(kind, x, self.ints(*axes), keepdims=keepdims)

    def cast(self, x: str, kind: int) -> str:
        return self.op("Cast", x, to=kind)

    def extend(self, other: Graph) -> None:
        """Puts another graph beside this one: their names must differ."""
        self.inputs += other.inputs
        self.outputs += other.outputs
        self.nodes += other.nodes
        self.initializers += other.initializers

    def model(self) -> onnx.ModelProto:
        imports = [helper.make_opsetid("", self.opset)]
        if any(node.domain == MICROSOFT for node in self.nodes):
            imports.append(helper.make_opsetid(MICROSOFT, 1))
        graph = helper.make_graph(
            self.nodes, "forms", self.inputs, self.outputs, self.initializers
        )
        ir_version = 13 if self.opset >= 25 else 10
        return helper.make_model(graph, opset_imports=imports, ir_version=ir_version)


def floats(array: object) -> NDArray[np.float32]:
    return np.asarray(array, np.float32)
