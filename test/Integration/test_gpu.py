# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Programs for a GPU, on lavapipe: their numbers are those of the CPU's programs.

The same bits: sums have lane order there, too.
"""

import json
import os

import numpy as np
import pytest

import bitnet
from language_model import assert_same_bits, inputs_for, run_in_chunks
from program import BUNDLED, COMPILER, MODELS, compile_model
from test_export import BOUND, HALF_BOUNDS, take
from tile_models import rows
from vulkan import ENVIRONMENT, LAYER, TARGET, needs_lavapipe, needs_layer

pytestmark = needs_lavapipe
models = pytest.mark.models

MODEL = BUNDLED / "austen" / "model.onnx"
GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
FIXTURES = sorted((MODELS / "export").glob("*.onnx")) if MODELS else []
ALL = os.environ.get("BITNET_GPU") == "all"

SUM_OF_KERNELS = ["VUID-RuntimeSpirv-Workgroup-06530"]
"""What layers say of the shared memory that all kernels of a module have, as if
one had it."""
SAMPLE = ["dynamo-mlp-opset18", "gemm-bias", "fused-qkv", "int8-matmulinteger"]
"""Fixtures of few kernels, for every day."""


@pytest.fixture(scope="module")
def gpu(tmp_path_factory):
    """The bundled model for Vulkan."""
    program = compile_model(MODEL, tmp_path_factory.mktemp("gpu"), TARGET)
    return program.under(**ENVIRONMENT)


@pytest.fixture(scope="module")
def two_rows():
    """Two rows of 37 ids: no multiple of any tile."""
    rows = [case["ids"] + case["new_ids"] for case in GREEDY[:2]]
    return np.array([(row * 2)[:37] for row in rows])


@pytest.fixture(scope="module")
def at_once(gpu, two_rows):
    return gpu.run(inputs_for(two_rows))


def row_of(outputs, row):
    return {name: x[row : row + 1] for name, x in outputs.items()}


# ---------------------------------------------------------------------------
# The bundled model
# ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", GREEDY if ALL else GREEDY[:3], ids=lambda case: case["prompt"]
)
def test_continues_recorded_prompt(gpu, case):
    assert gpu.generate(case["ids"], len(case["new_ids"])) == case["new_ids"]


def test_gives_the_bits_of_the_cpu(austen, at_once, two_rows):
    wanted = austen.run(inputs_for(two_rows))
    assert_same_bits(at_once, wanted)


def test_batch_changes_nothing(gpu, two_rows, at_once):
    for row in range(2):
        alone = gpu.run(inputs_for(two_rows[row : row + 1]))
        assert_same_bits(row_of(at_once, row), alone)


@pytest.mark.parametrize("lengths", [[20, 17], [1, 36], [16, 16, 5]], ids=str)
def test_chunks_change_nothing(gpu, two_rows, at_once, lengths):
    chunks = run_in_chunks(gpu, two_rows[:1], lengths)
    assert_same_bits(chunks, row_of(at_once, 0))


@pytest.mark.parametrize("shape", [(0, 3), (1, 0), (2, 0)], ids=str)
def test_nothing_gives_nothing(gpu, austen, shape):
    inputs = inputs_for(np.zeros(shape, np.int64))
    assert_same_bits(gpu.run(inputs), austen.run(inputs))


@pytest.mark.parametrize("wrong", [2048, 1 << 40, -2049])
def test_index_out_of_range_is_told_as_the_cpu_does(gpu, austen, wrong, tmp_path):
    np.savez(tmp_path / "in.npz", **inputs_for(np.array([[1, 2, wrong]])))
    command = ["run", tmp_path / "in.npz", "-o", tmp_path / "out.npz"]
    told, wanted = gpu.call(*command), austen.call(*command)
    assert told.returncode == wanted.returncode == 1
    assert told.stderr == wanted.stderr
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize(
    "tile",
    ["naive"] + [t.name for t in rows() if t.feature == "gpu" and t.fields != 8],
)
def test_tile_changes_nothing(tile, gpu, at_once, two_rows, tmp_path):
    other = compile_model(MODEL, tmp_path, TARGET, f"--tile={tile}")
    assert_same_bits(other.under(**ENVIRONMENT).run(inputs_for(two_rows)), at_once)


@needs_layer
def test_validation_layers_say_nothing(gpu):
    validated = gpu.under(
        **ENVIRONMENT,
        VK_INSTANCE_LAYERS="VK_LAYER_KHRONOS_validation",
        VK_LAYER_PATH=str(LAYER.parent),
    )
    done = validated.call("generate", "--ids", "1,2,3", "-n", "4")
    assert done.returncode == 0
    assert done.stderr == ""
    said = [
        line
        for line in done.stdout.splitlines()
        if not line.startswith((*SUM_OF_KERNELS, "    "))
    ]
    assert [len(line.split(",")) for line in said] == [4]


def test_no_driver_is_one_line(gpu):
    done = gpu.under(VK_ICD_FILENAMES="/none").call("generate", "--ids", "1", "-n", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_two_models_share_a_process(monkeypatch, two_rows, at_once, tmp_path):
    monkeypatch.setenv("BITNET_COMPILE", str(COMPILER))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    first = bitnet.compile(MODEL, options=[TARGET])
    second = bitnet.compile(MODEL, options=[TARGET, "--tile=naive"])
    inputs = inputs_for(two_rows)
    for model in (first, second, first):
        assert_same_bits(model.run(inputs), at_once)


# ---------------------------------------------------------------------------
# Other models
# ---------------------------------------------------------------------------

SUMS = """
#in = affine_map<(i) -> (i)>
#out = affine_map<(i) -> ()>
func.func @main(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]})
    -> (tensor<f32> {onnx.name = "y", onnx.dims = []}) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %y = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["reduction"]}
      ins(%x : tensor<?xf32>) outs(%zero : tensor<f32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %b, %a : f32
    linalg.yield %c : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
"""


def test_sum_is_added_up_once(tmp_path):
    (tmp_path / "sum.mlir").write_text(SUMS)
    program = compile_model(tmp_path / "sum.mlir", tmp_path, TARGET)
    program = program.under(**ENVIRONMENT)
    for n in (0, 1, 10, 200):
        outputs = program.run({"x": np.arange(n, dtype=np.float32)})
        assert outputs["y"] == n * (n - 1) // 2


@models
@pytest.mark.parametrize(
    "model",
    [model for model in FIXTURES if ALL or model.stem in SAMPLE],
    ids=lambda model: model.stem,
)
def test_export(model, tmp_path):
    program = compile_model(model, tmp_path, TARGET).under(**ENVIRONMENT)
    recorded = np.load(model.with_suffix(".npz"))
    bound = HALF_BOUNDS.get(model.stem, BOUND)
    for number in ("", "2", "3"):
        inputs = take(recorded, "in" + number)
        outputs = program.run(inputs) if inputs else {}
        for name, wanted in take(recorded, "out" + number).items():
            got = outputs[name].astype(np.float64)
            np.testing.assert_allclose(got, wanted, rtol=0, atol=bound)


def run_bits(tile, folder):
    """A float model's outputs when its weights are -1 and 1."""
    options = [TARGET, "--ternarize=b1", f"--tile={tile}"]
    program = compile_model(MODELS / "bert-tiny-classifier.onnx", folder, *options)
    ids = np.arange(19).reshape(1, 19)
    inputs = {"input_ids": ids, "attention_mask": ids * 0 + 1}
    return program.under(**ENVIRONMENT).run(inputs)


@pytest.fixture(scope="module")
def plain_bits(tmp_path_factory):
    return run_bits("naive", tmp_path_factory.mktemp("bits"))


@models
@pytest.mark.parametrize(
    "tile", [t.name for t in rows() if t.feature == "gpu" and t.fields == 8]
)
def test_bits_give_what_plain_loops_give(tile, plain_bits, tmp_path):
    assert_same_bits(run_bits(tile, tmp_path), plain_bits)
