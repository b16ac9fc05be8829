# RUN: %pytest %s --junitxml=%t.pytest.xml
"""The model of any size is one, and all its layers are recognised."""

import json
import os
import pathlib
import subprocess

import onnx

import large_export

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
SMALL = "--layers 2 --hidden 64 --ffn 96 --heads 4 --kv-heads 2 --vocab 128"


def test_small_export(tmp_path):
    model = large_export.write(*large_export.parse([str(tmp_path), *SMALL.split()]))
    onnx.checker.check_model(str(model), full_check=True)
    report = tmp_path / "report.json"
    subprocess.run([COMPILER, model, f"--report={report}"], check=True)
    *layers, head = json.loads(report.read_text())["layers"]
    assert len(layers) == 14
    assert {layer["form"] for layer in layers} == {"A2/W2"}
    assert layers[-1]["module"] == "model.layers.1.mlp.down_proj"
    assert (head["module"], head["n"]) == ("lm_head", 128)
