# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Every tile gives a model the same numbers."""

import re
import subprocess

import numpy as np
import pytest

from program import BUNDLED, COMPILER, MODELS
from tile_models import rows

TRITS = [tile.name for tile in rows() if tile.fields != 8 and tile.feature != "gpu"]
PROMPT = ["generate", "--ids", ",".join(map(str, range(40, 61))), "-n", "24"]


def run(path, *arguments):
    done = subprocess.run(
        [path, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def compile_with(model, path, *options):
    """The program; skips a tile that this CPU can't run."""
    command = [str(COMPILER), str(model), "-o", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if re.search(r"error: .*no tile '.*' fits this CPU", done.stderr):
        pytest.skip(re.search("no tile .*", done.stderr)[0])
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def tokens(austen):
    return run(austen.path, *PROMPT)


# 21 tokens of prompt are blocks of every size, and those left over.
@pytest.mark.parametrize("tile", TRITS)
def test_tokens_do_not_depend_on_the_tile(tile, tokens, tmp_path):
    model = BUNDLED / "austen" / "model.onnx"
    program = compile_with(model, tmp_path / "model", f"--tile={tile}")
    assert run(program, *PROMPT) == tokens


@pytest.mark.models
def test_bits_give_what_plain_loops_give(tmp_path):
    model = MODELS / "bert-tiny-classifier.onnx"
    ids = np.arange(7).reshape(1, 7)
    np.savez(tmp_path / "in.npz", input_ids=ids, attention_mask=ids * 0 + 1)
    outputs = []
    for options in ((), ("--tile=naive",)):
        path = tmp_path / "-".join(["model", *options])
        compile_with(model, path, "--ternarize=b1", *options)
        result = tmp_path / "out.npz"
        run(path, "run", str(tmp_path / "in.npz"), "-o", str(result))
        outputs.append(np.load(result))
    assert outputs[0].files == outputs[1].files
    for name in outputs[0].files:
        np.testing.assert_array_equal(outputs[0][name], outputs[1][name])
