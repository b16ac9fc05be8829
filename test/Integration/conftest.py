"""What the integration tests share: compiled models, and what they need."""

import pytest

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
def austen(tmp_path_factory):
    """The bundled language model, compiled."""
    model = BUNDLED / "austen" / "model.onnx"
    return compile_model(model, tmp_path_factory.mktemp("austen"))


@pytest.fixture(scope="session", params=["bert-tiny-classifier", "bert-dummy"])
def bert(request, tmp_path_factory):
    """A float Transformer, compiled, and where it came from."""
    model = MODELS / f"{request.param}.onnx"
    return compile_model(model, tmp_path_factory.mktemp(request.param)), model
