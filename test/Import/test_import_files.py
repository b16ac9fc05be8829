# RUN: %pytest %s --junitxml=%t.pytest.xml
"""What ONNX's text syntax can't write: metadata, bytes, damaged files."""

import os
import pathlib
import re
import subprocess
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

COMPILE = os.environ["BITNET_COMPILE"]
SCOPES = "['', 'model', 'model.layers.0.up_proj', 'linear']"


def make_model(weight: TensorProto, **options: Any) -> onnx.ModelProto:
    """x [batch, 64] times a weight [64, 64]."""
    node = helper.make_node("MatMul", ["x", weight.name], ["y"], name="node_7")
    helper.set_metadata_props(node, {"pkg.torch.onnx.name_scopes": SCOPES})
    shape: list[str | int | None] = ["batch", 64]
    graph = helper.make_graph(
        [node],
        "main",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [weight],
    )
    opsets = [helper.make_opsetid("", options.pop("opset", 25))]
    return helper.make_model(graph, opset_imports=opsets, **options)


def make_weight() -> TensorProto:
    values = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    return numpy_helper.from_array(values, "w")


def run(path: pathlib.Path) -> subprocess.CompletedProcess[str]:
    command = [COMPILE, "--emit=onnx", str(path), "-o", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def refuse(path: pathlib.Path) -> str:
    """The one line that a refused file gives, without the file's folder."""
    done = run(path)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    return lines[0].replace(str(path), path.name)


def save(model: onnx.ModelProto, folder: pathlib.Path) -> pathlib.Path:
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_large_weights_become_resources(tmp_path: pathlib.Path) -> None:
    done = run(save(make_model(make_weight()), tmp_path))
    assert re.search("dense_resource<.*> : tensor<64x64xf32>", done.stdout)


def test_int2_weights(tmp_path: pathlib.Path) -> None:
    weight = TensorProto(
        name="w", data_type=TensorProto.INT2, dims=[64, 128], raw_data=bytes(2048)
    )
    model = make_model(weight)
    graph = model.graph
    graph.node[0].op_type = "DequantizeLinear"
    graph.node[0].input[:] = ["w", "scale"]
    scale = numpy_helper.from_array(np.array(0.5, np.float32), "scale")
    graph.initializer.append(scale)
    graph.output[0].CopyFrom(
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [64, 128])
    )
    done = run(save(model, tmp_path))
    assert re.search("dense_resource<.*> : tensor<64x128xi2>", done.stdout)


@pytest.mark.parametrize("opset", [25, 18])
def test_errors_name_the_module(tmp_path: pathlib.Path, opset: int) -> None:
    model = make_model(make_weight(), opset=opset)
    model.graph.node[0].op_type = "Unknown"
    line = refuse(save(model, tmp_path))
    assert line.startswith("m.onnx:model.layers.0.up_proj/Unknown: error: ")
    assert line.endswith(
        f"unsupported ONNX operator 'Unknown' of domain 'ai.onnx', opset {opset}"
    )


def test_initializers_may_be_inputs_too(tmp_path: pathlib.Path) -> None:
    model = make_model(make_weight(), opset=11, ir_version=3)
    model.graph.input.append(
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [64, 64])
    )
    done = run(save(model, tmp_path))
    assert done.returncode == 0
    assert 'onnx.name = "w"' not in done.stdout


def test_layer_normalization_before_its_opset(tmp_path: pathlib.Path) -> None:
    model = make_model(numpy_helper.from_array(np.ones(64, np.float32), "w"), opset=11)
    model.graph.node[0].op_type = "LayerNormalization"
    done = run(save(model, tmp_path))
    assert "onnx.LayerNormalization" in done.stdout


def test_damaged_files(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.onnx"
    data = make_model(make_weight()).SerializeToString()
    path.write_bytes(b"")
    assert refuse(path) == "m.onnx: error: not an ONNX model: it has no graph"
    path.write_bytes(data[: len(data) // 2])
    cut_off = "m.onnx: error: not an ONNX model, or cut off: a field needs "
    assert refuse(path).startswith(cut_off)
    path.write_bytes(b"\x0b" + data)
    expected = "m.onnx: error: not an ONNX model: field of wire type 3"
    assert refuse(path) == expected
    path.write_bytes(b"\x08" + b"\xff" * 10)
    expected = "m.onnx: error: not an ONNX model: integer of more than 64 bits"
    assert refuse(path) == expected
    path.write_bytes(b"\x3a\x02\x0a\x05")
    assert "error: not an ONNX model" in refuse(path)


def test_wrong_weights(tmp_path: pathlib.Path) -> None:
    weight = make_weight()
    weight.dims[0] = 63
    expected = "tensor 'w' has 16384 bytes of data, its shape and type need 16128"
    assert refuse(save(make_model(weight), tmp_path)).endswith(expected)
    weight.dims[0] = -1
    expected = "m.onnx: error: tensor 'w' has a dimension of size -1"
    assert refuse(save(make_model(weight), tmp_path)) == expected
    weight.dims[0] = 1 << 60
    expected = "m.onnx: error: tensor 'w' has more than 2^48 elements"
    assert refuse(save(make_model(weight), tmp_path)) == expected
    weight = make_weight()
    weight.data_type = 77
    expected = "tensor 'w' has unsupported elements of type number 77"
    assert refuse(save(make_model(weight), tmp_path)).endswith(expected)
    weight = make_weight()
    weight.name = ""
    expected = "m.onnx: error: an initializer has no name"
    assert refuse(save(make_model(weight), tmp_path)) == expected


def test_attribute_in_another_file(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(make_weight())
    tensor = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[64, 64])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="t.bin")
    model.graph.node.insert(0, helper.make_node("Constant", [], ["c"], value=tensor))
    (tmp_path / "t.bin").write_bytes(bytes(4 * 64 * 64))
    monkeypatch.chdir(tmp_path)
    expected = "error: a tensor in an attribute has its data in another file"
    assert refuse(save(model, tmp_path)).endswith(expected)


def test_deep_calls(tmp_path: pathlib.Path) -> None:
    opsets = [helper.make_opsetid("", 25), helper.make_opsetid("f", 1)]
    model = make_model(numpy_helper.from_array(np.ones(64, np.float32), "w"))
    model.opset_import.append(opsets[1])
    model.graph.node[0].CopyFrom(helper.make_node("f0", ["x"], ["y"], domain="f"))
    for i in range(70):
        callee = (
            {"op_type": f"f{i + 1}", "domain": "f"} if i < 69 else {"op_type": "Abs"}
        )
        node = helper.make_node(inputs=["x"], outputs=["y"], **callee)
        function = helper.make_function("f", f"f{i}", ["x"], ["y"], [node], opsets)
        model.functions.append(function)
    expected = "m.onnx: error: functions of the model call each other too deep"
    assert refuse(save(model, tmp_path)) == expected


def test_huge_model(tmp_path: pathlib.Path) -> None:
    if os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 8 << 30:
        pytest.skip("needs 8 GiB of memory")
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.write(b"\x32\x80\x80\x80\x80\x08")  # a doc string of 2 GiB
        file.truncate(6 + (1 << 31))
    expected = "m.onnx: error: more than 2 GiB besides large initializers"
    assert refuse(path) == expected
    path.unlink()
