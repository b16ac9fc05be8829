# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What --report=FILE.json says of the exported fixtures is what their README says."""

import json
import re
import subprocess

import numpy as np
import pytest

from program import BUNDLED, COMPILER, MODELS, Program

EXPORT = MODELS / "export" if MODELS else None
README = (EXPORT / "README.md").read_text() if EXPORT else ""
ROW = re.compile(r"^\| `([\w-]+)` \|(.*)\|$", re.MULTILINE)

NO_MODULE = {
    "fused-qkv",
    "fused-qkv-folded",
    "int8-matmulinteger",
    "ternary-other-quantizer",
    "ternary-other-quantizer-folded",
}
"""Made of a bare layer, or by hand: node names say nothing."""
PROJECTIONS = [
    f"model.model.layers.{layer}.{name}"
    for layer in (0, 1)
    for name in (
        [f"self_attn.{part}_proj" for part in "qkvo"]
        + [f"mlp.{part}_proj" for part in ("gate", "up", "down")]
    )
]


def fixtures():
    """(name, form of activations, form of weights, number of layers, modules)"""
    for name, rest in ROW.findall(README):
        cells = [cell.strip() for cell in rest.split("|")]
        activations, weights, layers = cells[3:6]
        count = int(re.search(r"\d+", layers)[0])
        yield pytest.param(name, activations, weights, count, id=name)


def report(model, folder, *flags):
    path = folder / "report.json"
    command = [str(COMPILER), str(model), f"--report={path}", *flags]
    subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(path.read_text())


def expected_modules(name, count):
    if count == 14:
        return sorted(PROJECTIONS)
    names = ("fc1", "fc2") if name.startswith("gemm") else ("down_proj", "up_proj")
    return sorted(names)


def expected_weights(weights):
    """The README's words for a form, as the forms' names that are right."""
    if weights == "W2 folded":
        return {"W2", "W3"}  # where a layer happens to have three values
    if weights.startswith("W8 of"):
        return {"W8"}
    if not weights.startswith("W"):
        return {"W3"}  # a quantizer that has no name, looked at by its values
    return set(weights.split("/"))


def check_totals(data):
    layers, totals = data["layers"], data["totals"]
    assert totals["matched"] == sum("reason" not in layer for layer in layers)
    assert totals["matched"] + totals["unmatched"] == len(layers)
    assert totals["operations"] == sum(layer["k"] * layer["n"] for layer in layers)
    assert totals["bytes"] == sum(layer["bytes"] for layer in layers)
    assert totals["source_bytes"] == sum(layer["source_bytes"] for layer in layers)
    for energy in totals["energy"].values():
        assert energy["model"] <= energy["fp32"] and energy["fp16"] < energy["fp32"]


@pytest.mark.models
@pytest.mark.parametrize("name, activations, weights, count", list(fixtures()))
def test_layers_of_fixture(name, activations, weights, count, tmp_path):
    data = report(EXPORT / f"{name}.onnx", tmp_path)
    check_totals(data)
    matched = [layer for layer in data["layers"] if "reason" not in layer]
    assert len(matched) == count
    for layer in matched:
        form, _, of_weights = layer["form"].partition("/")
        assert (form, {of_weights}) == (activations, {of_weights}), layer
        assert of_weights in expected_weights(weights), layer
        assert layer["bits"] == (1 if layer["zeros"] == 0 else 2)
        assert 0 <= layer["zeros"] < 1
        assert layer["activation"] == "absmax int8 per token"
        assert layer["bytes"] >= layer["k"] * layer["n"] * layer["bits"] / 8
        assert layer["source_bytes"] > 0
    if count and name not in NO_MODULE:
        modules = sorted(layer["module"] for layer in matched)
        assert modules == expected_modules(name, count)


@pytest.mark.models
@pytest.mark.parametrize(
    "name, form, reason",
    [
        ("four-levels", "A1/W13", ", but others of that output are"),
        ("clamp-range", "A1/W3", "codes are clipped to -64..63"),
        ("wrong-axis", "A1/W3", "axis 1 is reduced, not the last"),
        ("outlier", "A1/W3", "but others of that output are"),
        ("float-activations", "-/W3", "the activations are not quantized"),
        ("static-qdq", "A9/W3", "the activations are not quantized"),
        ("dynamic-quantize-linear", "A10/W11", "the activations have a zero point"),
    ],
)
def test_near_miss_has_a_reason(name, form, reason, tmp_path):
    data = report(EXPORT / f"near-miss-{name}.onnx", tmp_path)
    assert data["totals"]["matched"] == 0
    (layer,) = data["layers"]
    assert layer["form"] == form
    assert reason in layer["reason"]


@pytest.mark.models
def test_float_model_says_why_not(tmp_path):
    data = report(MODELS / "bert-tiny-classifier.onnx", tmp_path)
    check_totals(data)
    assert data["totals"]["matched"] == 0
    assert data["totals"]["unmatched"] == 14
    for layer in data["layers"]:
        assert layer["reason"] == "the activations are not quantized"


@pytest.mark.models
@pytest.mark.parametrize("form, name", [("b1.58", "A1/W1"), ("b1", "A1/W7")])
def test_float_model_is_rounded_on_request(form, name, tmp_path):
    model = MODELS / "bert-tiny-classifier.onnx"
    data = report(model, tmp_path, f"--ternarize={form}")
    assert (data["totals"]["matched"], data["totals"]["unmatched"]) == (13, 1)
    for layer in data["layers"][:-1]:
        assert layer["form"] == name
        assert layer["bits"] == (1 if layer["zeros"] == 0 else 2)
        assert 0 < layer["error"] < 1.1
    data = report(model, tmp_path, f"--ternarize={form}", "--ternarize-head")
    assert (data["totals"]["matched"], data["totals"]["unmatched"]) == (14, 0)


@pytest.mark.models
def test_rounded_model_runs(tmp_path):
    path = tmp_path / "rounded"
    model = str(MODELS / "bert-tiny-classifier.onnx")
    command = [str(COMPILER), model, "--ternarize=b1.58", "-o", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.count("warning") == 1
    ids = np.arange(7).reshape(1, 7)
    inputs = {"input_ids": ids, "attention_mask": ids * 0 + 1}
    outputs = Program(path, cost=None).run(inputs)
    assert all(np.isfinite(values).all() for values in outputs.values())


def test_bundled_model(tmp_path):
    data = report(BUNDLED / "austen" / "model.onnx", tmp_path)
    check_totals(data)
    assert data["totals"]["matched"] == 42
    modules = {layer["module"] for layer in data["layers"]}
    assert "model.model.layers.5.mlp.down_proj" in modules
    assert len(modules) == len(data["layers"])


def test_report_changes_nothing(tmp_path):
    model = BUNDLED / "austen" / "model.onnx"
    command = [str(COMPILER), str(model), "--emit=asm", "-o", "-"]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    command.append(f"--report={tmp_path / 'report.json'}")
    assert subprocess.run(command, capture_output=True, check=True).stdout == plain
