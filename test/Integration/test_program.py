# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What the executable is: small, quick to make, alone, and clear about errors."""

import json
import os
import subprocess

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from language_model import inputs_for
from program import BUNDLED, compile_model

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


def test_bench_says_where_the_time_goes(austen):
    options = ["--prefill", 8, "--decode", 4, "--repeat", 1]
    told = json.loads(austen.output("bench", "--breakdown", "--json", *options))
    for part in ("prefill", "decode"):
        kinds = {entry["kind"]: entry for entry in told["breakdown"][part]}
        assert {"ternary matmul", "quantize", "attention", "float matmul"} <= {*kinds}
        assert list(kinds)[-1] == "other"
        assert kinds["ternary matmul"]["gop_per_s"] > 0
        head = kinds["float matmul"]
        # A prompt's head has one row, too: 2048 sums of 256 products.
        assert head["gop_per_s"] * head["ms"] == pytest.approx(2 * 2048 * 256 * 1e-6, rel=0.02)
    assert told["breakdown"]["read_limit_gb_per_s"] > 0
    none = ["--prefill", 4, "--decode", 0, "--repeat", 1]
    told = json.loads(austen.output("bench", "--breakdown", "--json", *none))
    assert told["breakdown"]["decode"] == []
    text = austen.output("bench", "--breakdown", *options)
    assert text.count("ternary matmul") == 2 and "memory is read at" in text


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


@pytest.fixture(scope="module")
def doubling(tmp_path_factory):
    """y = x + x in bf16"""
    folder = tmp_path_factory.mktemp("doubling")
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.BFLOAT16, ["n"])
        for name in "xy"
    )
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])], "g", [x], [y]
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10
    )
    onnx.save(model, folder / "doubling.onnx")
    return compile_model(folder / "doubling.onnx", folder)


# 1 + 2^-8 lies in the middle of two bf16 and goes to the even one, 1.
VALUES = np.array([1.0, 1.00390625, 1.01171875, -3e38, 0.1], np.float32)


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_takes_bf16_and_floats_and_gives_floats(doubling, tmp_path, dtype):
    halves = VALUES.astype(ml_dtypes.bfloat16)
    np.save(tmp_path / "x.npy", VALUES if dtype == np.float32 else halves)
    doubling.output("run", f"x={tmp_path / 'x.npy'}", "-o", tmp_path / "y.npy")
    y = np.load(tmp_path / "y.npy")
    assert y.dtype == np.float32
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(y, (halves + halves).astype(np.float32))


def test_refuses_f16_for_bf16(doubling, tmp_path):
    np.save(tmp_path / "x.npy", np.ones(2, np.float16))
    done = doubling.call("run", f"x={tmp_path / 'x.npy'}")
    assert done.returncode == 1
    assert done.stderr == "error: input 'x' has type f16, the model wants bf16\n"


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
