# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Caches of 16 bits: half the memory, the same text, and no bit of it depends on
how a prompt is cut."""

import json
import subprocess

import numpy as np
import pytest

import bitnet
from language_model import inputs_for, run_in_chunks
from program import BUNDLED, COMPILER, compile_model

GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
PRESENT = "present.3.key"
BYTES = {"f32": 6144, "f16": 3072, "bf16": 3072}
"""Of a position: 6 layers, keys and values, 2 heads, 64 channels."""

pytestmark = pytest.mark.skipif(not COMPILER.exists(), reason=f"no {COMPILER}")


@pytest.fixture(scope="module", params=["f16", "bf16"])
def narrow(request, tmp_path_factory):
    """The bundled model with narrow caches, and their type."""
    model = BUNDLED / "austen" / "model.onnx"
    folder = tmp_path_factory.mktemp(request.param)
    return compile_model(model, folder, f"--cache={request.param}"), request.param


@pytest.fixture(scope="module")
def prompt():
    """37 ids: no multiple of any tile."""
    case = GREEDY[0]
    return np.array([((case["ids"] + case["new_ids"]) * 2)[:37]])


def assert_same_bits(actual, expected):
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert actual[name].dtype == array.dtype, name
        np.testing.assert_array_equal(
            actual[name].view(np.uint8), array.view(np.uint8), name
        )


@pytest.fixture(scope="module")
def library(narrow):
    """The same, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITNET_COMPILE", str(COMPILER))
        options = [f"--cache={narrow[1]}"]
        yield bitnet.compile(BUNDLED / "austen" / "model.onnx", options=options)


@pytest.mark.parametrize("case", GREEDY, ids=lambda case: case["prompt"])
def test_continues_bundled_prompt(library, case):
    new_ids = library.generate(case["ids"], len(case["new_ids"]))
    assert new_ids == case["new_ids"], f"instead of {case['text']!r}"


def test_signature_says_the_type(narrow):
    program, kind = narrow
    caches = [line for line in program.output().splitlines() if ".key " in line]
    assert len(caches) == 12
    assert all(line.split()[1] == kind for line in caches)


@pytest.mark.parametrize(
    "lengths", [[20, 17], [1, 36], [36, 1], [16, 16, 5], [1] * 37], ids=str
)
def test_chunks_change_nothing(narrow, prompt, lengths):
    at_once = narrow[0].run(inputs_for(prompt))
    assert_same_bits(run_in_chunks(narrow[0], prompt, lengths), at_once)


def test_threads_and_batch_change_nothing(narrow, prompt):
    alone = narrow[0].run(inputs_for(prompt), threads=1)
    both = narrow[0].run(inputs_for(np.concatenate([prompt, prompt[:, ::-1]])), 3)
    assert_same_bits({name: x[:1] for name, x in both.items()}, alone)


def test_keys_are_those_of_f32_rounded_once(austen, narrow, prompt):
    """In the first layer, before any attention has read them."""
    program, kind = narrow
    name = "present.0.key"
    wide, rounded = (p.run(inputs_for(prompt))[name] for p in (austen, program))
    if kind == "f16":
        wanted = wide.astype(np.float16)
    else:  # run() gives bf16 as f32
        bits = wide.view(np.uint32).astype(np.uint64)
        bits = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16
        wanted = bits.astype(np.uint32).view(np.float32)
    assert rounded.dtype == wanted.dtype
    np.testing.assert_array_equal(rounded, wanted)


def test_sessions_grow_and_fork(library, prompt):
    """Past the 128 positions that a session begins with."""
    ids = np.tile(prompt[0], 5).tolist()
    first = library.session()
    first.feed(ids[:150])
    second = first.fork()
    for i in ids[150:]:
        first.feed([i])
    second.feed(ids[150:])
    np.testing.assert_array_equal(first.logits(), second.logits())


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
def test_report_and_bench_say_what_a_position_takes(kind, tmp_path):
    report = tmp_path / "report.json"
    program = compile_model(
        BUNDLED / "austen" / "model.onnx",
        tmp_path,
        f"--cache={kind}",
        f"--report={report}",
    )
    wanted = {"bytes_per_position": BYTES[kind], "type": kind}
    assert json.loads(report.read_text())["totals"]["cache"] == wanted
    options = ["bench", "--prefill", 8, "--decode", 4, "--repeat", 1]
    told = json.loads(program.output(*options, "--breakdown", "--json"))
    assert told["cache"] == wanted
    decode = {entry["kind"]: entry for entry in told["breakdown"]["decode"]}
    assert decode["attention"]["gb_per_s"] > 0
    said = f"the cache takes {BYTES[kind]} bytes per position ({kind})"
    assert said in program.output(*options)


def test_refuses_other_types_and_models_without_caches(small_model, tmp_path):
    cases = {"f8": "caches can be kept in f32, f16 or bf16, not in 'f8'"}
    cases["f16"] = "no cache can be kept in 'f16': no input is appended to"
    for kind, message in cases.items():
        path = tmp_path / "out"
        command = [COMPILER, small_model, f"--cache={kind}", "-o", path]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1 and not path.exists()
        assert message in done.stderr and done.stderr.count("\n") == 1
