"""The bundled model as one of ids alone, the way exporters write it without caches."""

from __future__ import annotations

import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

from program import BUNDLED


def size_node(name: str, axis: int) -> onnx.NodeProto:
    """A dimension of the ids, as a vector."""
    return helper.make_node("Shape", ["input_ids"], [name], start=axis, end=axis + 1)


def without_caches(path: pathlib.Path) -> pathlib.Path:
    """Writes the model: no past, positions and a mask of ones made of sizes."""
    model = onnx.load(BUNDLED / "austen" / "model.onnx")
    graph = model.graph
    constants = {"zero": 0, "one": 1, "none": [0], "first": [0]}
    for name, number in constants.items():
        array = np.array(number, np.int64)
        graph.initializer.append(numpy_helper.from_array(array, name))
    ones = helper.make_tensor("value", onnx.TensorProto.INT64, [1], [1])
    nodes = [
        size_node("batch", 0),
        size_node("sequence", 1),
        helper.make_node("Concat", ["batch", "sequence"], ["shape"], axis=0),
        helper.make_node("ConstantOfShape", ["shape"], ["attention_mask"], value=ones),
        helper.make_node("Squeeze", ["sequence", "first"], ["count"]),
        helper.make_node("Range", ["zero", "count", "one"], ["counted"]),
        helper.make_node("Unsqueeze", ["counted", "first"], ["position_ids"]),
    ]
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0].startswith("past"):
            source = "batch" if node.input[0].endswith("value") else "none"
            node = helper.make_node("Identity", [source], node.output)
        elif node.op_type == "Concat" and node.input[0].startswith("past"):
            node = helper.make_node("Identity", [node.input[1]], node.output)
        nodes.append(node)
    ids, logits = graph.input[0], graph.output[0]
    for field, kept in [
        (graph.node, nodes),
        (graph.input, [ids]),
        (graph.output, [logits]),
    ]:
        del field[:]
        field.extend(kept)
    known = [info for info in graph.value_info if "past" not in str(info)]
    del graph.value_info[:]
    graph.value_info.extend(known)
    onnx.save(model, path)
    return path
