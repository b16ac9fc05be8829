# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What the executable is: small, quick to make, alone, and clear about errors."""

import json
import os
import subprocess

import numpy as np
import pytest

from language_model import inputs_for
from program import BUNDLED

LIBC_FAMILY = (
    "linux-vdso",
    "libc.so",
    "libm.so",
    "libpthread.so",
    "libdl.so",
    "librt.so",
)

plain = pytest.mark.skipif(
    bool(os.environ.get("BITNET_SANITIZE")), reason="sanitized build: large and slow"
)


@plain
def test_compiles_quickly_and_in_little_memory(austen):
    size = (BUNDLED / "austen" / "model.onnx").stat().st_size
    # Other tests may be running beside: what it would take alone.
    assert min(austen.cost.seconds, austen.cost.cpu_seconds) < 10
    assert austen.cost.peak_bytes < 10 * size + 300e6


@plain
def test_is_small(austen):
    assert austen.path.stat().st_size < 6e6


@plain
def test_needs_nothing_but_libc(austen):
    listing = subprocess.run(["ldd", austen.path], capture_output=True, text=True)
    names = [line.split()[0].split("/")[-1] for line in listing.stdout.splitlines()]
    foreign = [n for n in names if not n.startswith((*LIBC_FAMILY, "ld-linux"))]
    assert "not a dynamic" in listing.stderr + listing.stdout or foreign == []


def test_prints_its_signature(austen):
    text = austen.output()
    for name in ["input_ids", "position_ids", "past_key_values.5.value", "logits"]:
        assert name in text
    for dimension in ["batch", "sequence", "past", "2048"]:
        assert dimension in text


def test_bench_prints_json(austen):
    assert isinstance(json.loads(austen.output("bench", "--json")), dict)


def test_takes_single_arrays_by_name(austen, tmp_path):
    inputs = inputs_for(np.array([[1, 2, 3]]))
    ids = tmp_path / "ids.npy"
    rest = tmp_path / "rest.npz"
    out = tmp_path / "out.npz"
    np.save(ids, inputs.pop("input_ids"))
    np.savez_compressed(rest, **inputs)
    austen.output("run", f"input_ids={ids}", rest, "-o", out)
    with np.load(out) as file:
        assert file["logits"].shape == (1, 3, 2048)


def drop(inputs):
    del inputs["position_ids"]


def wrong_type(inputs):
    inputs["position_ids"] = inputs["position_ids"].astype(np.float32)


def wrong_rank(inputs):
    inputs["position_ids"] = inputs["position_ids"][0]


def wrong_size(inputs):
    inputs["position_ids"] = np.zeros((1, 4), np.int64)


@pytest.mark.parametrize("spoil", [drop, wrong_type, wrong_rank, wrong_size])
def test_names_the_input_that_is_wrong(austen, tmp_path, spoil):
    inputs = inputs_for(np.array([[1, 2, 3]]))
    spoil(inputs)
    np.savez(tmp_path / "in.npz", **inputs)
    done = austen.call("run", tmp_path / "in.npz", "-o", tmp_path / "out.npz")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "position_ids" in done.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("ids", ["", "12,", "a", "-1", "2048", "99999999999999999999"])
def test_refuses_ids_that_are_none(austen, ids):
    done = austen.call("generate", "--ids", ids, "-n", 4)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_refuses_an_unknown_command(austen):
    done = austen.call("dance")
    assert done.returncode == 1 and "dance" in done.stderr
