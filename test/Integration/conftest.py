"""What the integration tests share: compiled models, and what they need."""

import onnx
import pytest
from onnx import TensorProto, helper

from program import BUNDLED, COMPILER, MODELS, compile_model


def pytest_collection_modifyitems(items):
    """Skips what can't run here, each case with its reason."""
    for item in items:
        if not COMPILER.exists():
            item.add_marker(pytest.mark.skip(reason=f"no {COMPILER}"))
        elif "models" in item.keywords and MODELS is None:
            item.add_marker(pytest.mark.skip(reason="BITNET_MODELS is not set"))


def pytest_configure(config):
    config.addinivalue_line("markers", "models: needs the folder BITNET_MODELS")


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """A model that compiles in no time and has no vocabulary."""
    path = tmp_path_factory.mktemp("small") / "small.onnx"
    node = helper.make_node("Add", ["x", "x"], ["y"])
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy")
    graph = helper.make_graph([node], "small", [x], [y])
    opset = [helper.make_opsetid("", 25)]
    onnx.save(helper.make_model(graph, opset_imports=opset), path)
    return path


@pytest.fixture(scope="session")
def austen(tmp_path_factory):
    """The bundled language model, compiled with its tokenizer."""
    folder = BUNDLED / "austen"
    options = ["--tokenizer", str(folder / "tokenizer.json")]
    return compile_model(
        folder / "model.onnx", tmp_path_factory.mktemp("austen"), *options
    )


@pytest.fixture(scope="session", params=["bert-tiny-classifier", "bert-dummy"])
def bert(request, tmp_path_factory):
    """A float Transformer, compiled, and where it came from."""
    model = MODELS / f"{request.param}.onnx"
    return compile_model(model, tmp_path_factory.mktemp(request.param)), model
