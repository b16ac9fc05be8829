# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Hugging Face folders become ONNX models that compute what transformers computes.

The folders in Inputs/hf were made by transformers (make_hf_folders.py), with its
logits and greedy continuations.
"""

import json
import os
import pathlib

import shutil
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

import bitnet
from bitnet import graph
from safetensors_file import read_tensors, write_tensors

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = sorted(path.parent for path in HERE.glob("Inputs/hf/*/config.json"))
AUSTEN = HERE.parent / "Models" / "austen"
MODELS = os.environ.get("BITNET_MODELS")
SAME = 1e-5
"""No activation is near a tie, so only the order of float sums differs."""


def session_of(path):
    """onnxruntime as an oracle: its optimizations requantize activations."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options)


def inputs_of(session, ids, caches=None):
    """The inputs that append `ids` to what `caches` hold."""
    shapes = {port.name: port.shape for port in session.get_inputs()}
    caches = caches or {
        name: np.zeros((len(ids), shape[1], 0, shape[3]), np.float32)
        for name, shape in shapes.items()
        if name.startswith("past_key_values.")
    }
    past = next(iter(caches.values())).shape[2]
    positions = np.arange(past, past + ids.shape[1])
    mask = np.ones((len(ids), past + ids.shape[1]), np.int64)
    positions = np.tile(positions, (len(ids), 1))
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "position_ids": positions,
        **caches,
    }


def run(session, inputs):
    names = [port.name for port in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def continue_ids(session, ids, count):
    """Greedily, with the caches."""
    new, caches = [], None
    for _ in range(count):
        outputs = run(session, inputs_of(session, ids, caches))
        caches = {
            name.replace("present", "past_key_values"): array
            for name, array in outputs.items()
            if name.startswith("present")
        }
        ids = outputs["logits"][:, -1:].argmax(-1)
        new.append(ids)
    return np.concatenate(new, axis=1)


def export(folder, path):
    bitnet.export(folder, path, progress=False)
    onnx.checker.check_model(str(path), full_check=True)
    return path


def weights_of(path):
    """The codes and scales of a model."""
    model = onnx.load(path)
    return {
        # PyTorch's exporter puts the wrapper's name before each.
        tensor.name.removeprefix("model.model.").removeprefix("model."): tensor
        for tensor in model.graph.initializer
        if tensor.name.endswith((".codes", ".scale"))
    }


def assert_same_weights(ours, theirs):
    """An f32 mean has the rounding of its order; the codes are equal."""
    assert len(ours) == 84 and ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        if name.endswith(".codes"):
            same = ours[name].raw_data == tensor.raw_data
            assert same and ours[name].dims == tensor.dims, name
            continue
        scales = (onnx.numpy_helper.to_array(t) for t in (ours[name], tensor))
        np.testing.assert_allclose(*scales, rtol=2.5e-7)


# ---------------------------------------------------------------------------
# The same numbers
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def exported(request, tmp_path_factory):
    """A folder and what became of it."""
    path = tmp_path_factory.mktemp(request.param.name) / "model.onnx"
    return request.param, export(request.param, path)


def test_there_is_a_folder_of_each_kind():
    kinds = set()
    for folder in FOLDERS:
        config = json.loads((folder / "config.json").read_text())
        quantization = config["quantization_config"]
        name = quantization["linear_class"], quantization.get("quantization_mode")
        kinds.add((config["model_type"], *name))
    assert len(kinds) == 6, kinds


def test_gives_the_logits_of_transformers(exported):
    folder, path = exported
    with np.load(folder / "expected.npz") as expected:
        session = session_of(path)
        logits = run(session, inputs_of(session, expected["ids"]))["logits"]
        np.testing.assert_allclose(logits, expected["logits"], atol=SAME)


def test_gives_the_tokens_of_transformers(exported):
    folder, path = exported
    with np.load(folder / "expected.npz") as expected:
        ids, prompt = expected["ids"], int(expected["prompt"])
    new = continue_ids(session_of(path), ids[:, :prompt], ids.shape[1] - prompt)
    np.testing.assert_array_equal(new, ids[:, prompt:])


def test_is_the_compact_form(exported):
    model = onnx.load(exported[1])
    assert model.ir_version == 13
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 25)]
    types = {t.name: t.data_type for t in model.graph.initializer}
    codes = [name for name in types if name.endswith(".codes")]
    assert codes and {types[name] for name in codes} == {onnx.TensorProto.INT2}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_transformers_still_says_so(folder, monkeypatch):
    """Where it is installed."""
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "1")
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    load = transformers.AutoModelForCausalLM.from_pretrained
    model = load(folder, dtype=torch.float32).eval()
    with np.load(folder / "expected.npz") as expected, torch.no_grad():
        ids = torch.from_numpy(expected["ids"])
        logits = model(ids).logits.numpy()
        np.testing.assert_allclose(logits, expected["logits"], atol=SAME)
        prompt = int(expected["prompt"])
        options = {"max_new_tokens": ids.shape[1] - prompt, "do_sample": False}
        mask = torch.ones_like(ids[:, :prompt])
        options |= {"attention_mask": mask, "eos_token_id": None}
        new = model.generate(ids[:, :prompt], **options)
        np.testing.assert_array_equal(new.numpy(), ids.numpy())


def test_left_padding_changes_nothing(tmp_path):
    folder = HERE / "Inputs" / "hf" / "llama-packed"
    session = session_of(export(folder, tmp_path / "model.onnx"))
    ids = np.load(folder / "expected.npz")["ids"][:1, :5]
    alone = run(session, inputs_of(session, ids))["logits"]
    inputs = inputs_of(session, np.pad(ids, ((0, 0), (3, 0))))
    inputs["attention_mask"][:, :3] = 0
    inputs["position_ids"] = np.maximum(inputs["position_ids"] - 3, 0)
    padded = run(session, inputs)["logits"]
    np.testing.assert_allclose(padded[:, 3:], alone, atol=SAME)


def test_the_two_meanings_of_weight_scale(tmp_path):
    """The same codes with s are one layer in offline mode and with 1 / s another
    in a packed BitLinear; exchanged, they are not."""
    offline, packed = (
        HERE / "Inputs" / "hf" / f"bitnet-{x}" for x in ("offline", "packed")
    )
    files = [read_tensors(folder / "model.safetensors") for folder in (offline, packed)]
    name = "model.layers.0.mlp.up_proj.weight"
    assert files[0][name] == files[1][name]
    first, second = (np.frombuffer(f[f"{name}_scale"][2], np.float32)[0] for f in files)
    assert first * second == pytest.approx(1)

    def scale(folder):
        model = weights_of(export(folder, tmp_path / "model.onnx"))
        tensor = model["layers.0.mlp.up_proj.scale"]
        return float(onnx.numpy_helper.to_array(tensor))

    assert scale(offline) == first
    assert scale(packed) == pytest.approx(float(first), rel=1e-7)
    swapped = tmp_path / "swapped"
    shutil.copytree(offline, swapped)
    shutil.copyfile(packed / "config.json", swapped / "config.json")
    assert scale(swapped) == pytest.approx(float(second), rel=1e-7)


# ---------------------------------------------------------------------------
# The bundled model
# ---------------------------------------------------------------------------


BUNDLED = weights_of(AUSTEN / "model.onnx")


def test_bundled_folder_has_the_weights_of_the_bundled_model(tmp_path):
    assert_same_weights(weights_of(export(AUSTEN, tmp_path / "model.onnx")), BUNDLED)


@pytest.mark.skipif(MODELS is None, reason="BITNET_MODELS is not set")
def test_trained_weights_give_the_same_codes(tmp_path):
    path = export(pathlib.Path(MODELS, "austen", "hf"), tmp_path / "model.onnx")
    assert_same_weights(weights_of(path), BUNDLED)


@pytest.mark.skipif(MODELS is None, reason="BITNET_MODELS is not set")
@pytest.mark.parametrize("first", range(0, 64, 16))
def test_onnxruntime_gives_the_recorded_tokens(tmp_path, first):
    austen = pathlib.Path(MODELS, "austen")
    session = session_of(export(austen / "hf", tmp_path / "model.onnx"))
    cases = json.loads((austen / "recorded" / "greedy.json").read_text())
    for case in cases[first : first + 16]:
        new = continue_ids(session, np.array([case["ids"]]), len(case["new_ids"]))
        assert new[0].tolist() == case["new_ids"], case["prompt"]


# ---------------------------------------------------------------------------
# Files
# ---------------------------------------------------------------------------


def test_large_models_have_their_weights_beside_them(tmp_path, monkeypatch):
    folder = HERE / "Inputs" / "hf" / "bitnet-online-bf16"
    whole = onnx.load(export(folder, tmp_path / "whole.onnx"))
    monkeypatch.setattr(graph, "INLINE_LIMIT", 1000)
    path = export(folder, tmp_path / "split.onnx")
    assert {p.name for p in tmp_path.iterdir()} == {
        "whole.onnx",
        "split.onnx",
        "split.onnx.data",
    }
    apart = onnx.load(path, load_external_data=False)
    places = [
        {pair.key: pair.value for pair in tensor.external_data}
        for tensor in apart.graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    ]
    assert len(places) == 16
    assert all(int(place["offset"]) % 4096 == 0 for place in places)
    loaded = onnx.load(path)
    for ours, theirs in zip(loaded.graph.initializer, whole.graph.initializer):
        assert ours.raw_data == theirs.raw_data
    ids = np.load(folder / "expected.npz")["ids"]
    session = session_of(path)
    logits = run(session, inputs_of(session, ids))["logits"]
    np.testing.assert_allclose(
        logits, np.load(folder / "expected.npz")["logits"], atol=SAME
    )


def test_an_old_file_stays_if_the_new_one_fails(tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(HERE / "Inputs" / "hf" / "llama-packed", folder)
    tensors = read_tensors(folder / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    kind, shape, data = tensors[name]
    tensors[name] = (kind, shape, b"\xff" * len(data))  # found when it is unpacked
    write_tensors(folder / "model.safetensors", tensors)
    output = tmp_path / "model.onnx"
    output.write_text("old")
    with pytest.raises(bitnet.Error, match="code 3, which is no weight"):
        bitnet.export(folder, output, progress=False)
    assert output.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "model.onnx"]


def test_memory_does_not_grow_with_the_model(tmp_path):
    """A table of 100 MB, and matrices of 4 MB: each goes through in parts."""
    script = tmp_path / "export.py"
    script.write_text(
        "import resource, sys, bitnet\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "bitnet.graph.INLINE_LIMIT = 1 << 20\n"
        "bitnet.export(sys.argv[1], sys.argv[2], progress=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    make = [sys.executable, HERE / "make_random_folder.py", tmp_path / "folder"]
    sizes = [
        "--vocabulary",
        "50000",
        "--hidden",
        "1024",
        "--layers",
        "1",
        "--kv-heads",
        "2",
    ]
    subprocess.run([*make, *sizes], check=True)
    command = [sys.executable, script, tmp_path / "folder", tmp_path / "model.onnx"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60_000, "KB more than before"
    assert (tmp_path / "model.onnx.data").stat().st_size > 100_000_000
