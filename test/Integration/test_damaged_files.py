# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Damaged models and arrays are refused in one line, and nothing crashes.

A short run of test/Python/mutate.py with a fixed seed; long ones are run by hand.
"""

import os
import subprocess
import sys

import numpy as np

import tokenizers_zoo as zoo
from language_model import inputs_for
from program import BUNDLED, COMPILER, ROOT

MUTATE = ROOT / "test" / "Python" / "mutate.py"
TOKENIZERS = int(os.environ.get("BITNET_TOKENIZER_MUTANTS", "25"))
"""How many damaged copies of each of four tokenizers."""


def mutate(file, count, *command):
    options = ["--file", file, "--count", str(count), "--timeout", "60"]
    script = [sys.executable, MUTATE, *options, "--", *command]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_compiler_survives_damaged_models(austen):
    model = BUNDLED / "austen" / "model.onnx"
    mutate(model, 60, COMPILER, "{}", "--emit=onnx", "-o", "{out}")


def test_importer_survives_damaged_text():
    model = ROOT / "test" / "Import" / "import-onnx.onnxtxt"
    mutate(model, 25, COMPILER, "{}", "--emit=onnx", "-o", "{out}")


def test_compiler_survives_damaged_models_in_every_stage(austen):
    model = BUNDLED / "austen" / "model.onnx"
    mutate(model, 5, COMPILER, "{}", "-o", "{out}")


def test_tokenizers_survive_damaged_files(small_model, tmp_path):
    """The compiler refuses a damaged tokenizer, or the program uses it."""
    text = tmp_path / "text"
    text.write_text("It is a truth, <s>universally</s> 1234 \u00e9\n")
    use = f'ids=$({{out}} encode - < {text}) && {{out}} decode "$ids"'
    for kind in ("austen", "llama2-added", "llama3-added", "metaspace-first"):
        _, path = zoo.save(kind, tmp_path)
        compile_it = f"{COMPILER} {small_model} --tokenizer {{}} -o {{out}}"
        mutate(path, TOKENIZERS, "sh", "-c", f"{compile_it} && {use}")


def test_program_survives_damaged_arrays(austen, tmp_path):
    inputs = inputs_for(np.array([[1, 2, 3]]))
    np.save(tmp_path / "ids.npy", inputs.pop("input_ids"))
    np.savez(tmp_path / "rest.npz", **inputs)
    rest = tmp_path / "rest.npz"
    mutate(
        tmp_path / "ids.npy",
        100,
        austen.path,
        "run",
        "input_ids={}",
        rest,
        "-o",
        "{out}.npz",
    )


def test_program_survives_damaged_archives(austen, tmp_path):
    np.savez(tmp_path / "in.npz", **inputs_for(np.array([[1, 2, 3]])))
    mutate(tmp_path / "in.npz", 100, austen.path, "run", "{}", "-o", "{out}.npz")
