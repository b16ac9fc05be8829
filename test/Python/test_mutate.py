# RUN: %pytest %s --junitxml=%t.pytest.xml
"""mutate.py sees what it is there to see, and damages files where it should."""

import io
import json
import pathlib
import random
import subprocess
import sys

import numpy as np
import pytest

import mutate

SCRIPT = pathlib.Path(mutate.__file__)


def run(tmp_path, shell, count=3, timeout=20):
    """mutate.py over a small file with a shell command."""
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(range(100)))
    options = ["--file", file, "--count", str(count), "--timeout", str(timeout)]
    command = ["sh", "-c", shell, "{}", "{out}"]
    script = [
        sys.executable,
        SCRIPT,
        *options,
        "--keep",
        tmp_path / "kept",
        "--",
        *command,
    ]
    return subprocess.run(script, capture_output=True, text=True)


@pytest.mark.parametrize(
    "shell,outcome",
    [
        ("kill -SEGV $$", "crash (-11)"),
        ("exit 139", "crash (139)"),
        ("echo 'x.cpp:1: runtime error: overflow' >&2; exit 1", "crash (sanitizer)"),
        ("exit 3", "exit 3"),
        ("echo half > $1; exit 1", "half-written"),
        ("exit 1", "silent"),
    ],
)
def test_reports(tmp_path, shell, outcome):
    done = run(tmp_path, shell)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"3 {outcome}"
    assert len(list((tmp_path / "kept").iterdir())) == 3


def test_reports_a_hang(tmp_path):
    assert run(tmp_path, "sleep 60", 1, 0.2).stdout.splitlines()[-1] == "1 hang"


@pytest.mark.parametrize(
    "shell,outcome",
    [("echo 'error: no' >&2; exit 1", "refused"), ("echo > $1", "accepted")],
)
def test_is_content(tmp_path, shell, outcome):
    done = run(tmp_path, shell)
    assert done.returncode == 0 and done.stdout == f"3 {outcome}\n"


def test_the_seed_decides(tmp_path):
    copies = []
    for name in ("first", "again"):
        folder = tmp_path / name
        folder.mkdir()
        run(folder, "exit 3")
        kept = sorted((folder / "kept").iterdir())
        copies.append([copy.read_bytes() for copy in kept])
    assert len(set(copies[0])) == 3 and copies[0] == copies[1]


def test_protobuf_round_trips():
    model = SCRIPT.parents[1] / "Models" / "austen" / "model.onnx"
    data = model.read_bytes()
    assert mutate.serialize(mutate.parse(data)) == data


def test_most_mutants_are_still_protobuf():
    inner = mutate.serialize([(1, 2, b"x"), (4, 2, b"MatMul"), (3, 0, 300)])
    data = mutate.serialize([(1, 0, 13), (7, 2, inner), (7, 2, inner)])
    rng, good = random.Random(1), 0
    for _ in range(200):
        mutant = mutate.mutate_message(data, rng)
        try:
            good += bool(mutate.parse(mutant)) and mutant != data
        except (ValueError, IndexError):
            pass
    assert good > 100


def test_most_mutants_are_still_json():
    file = {"type": "BPE", "vocab": {"a": 0, "b": 1}, "list": [["a", "b"], [True]]}
    data, rng, good = json.dumps(file).encode(), random.Random(1), 0
    for _ in range(200):
        good += json.loads(mutate.mutate_json(data, rng)) != file
    assert good > 150


def test_npy_mutants_keep_the_data():
    file = io.BytesIO()
    np.save(file, np.arange(6, dtype=np.int64).reshape(2, 3))
    data, rng = file.getvalue(), random.Random(1)
    mutants = {mutate.mutate_npy_header(data, rng) for _ in range(200)}
    assert len(mutants) > 30
    assert all(mutant.endswith(data[-48:]) for mutant in mutants)
