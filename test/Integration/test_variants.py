# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""One program of the bundled model for all CPUs of an architecture."""

import json
import os

import numpy as np
import pytest

from language_model import assert_same_bits, inputs_for
from machines import LENGTHS, Machine, riscv
from program import BUNDLED, compile_model

GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
X86 = (
    "x86-64 x86-64-v2 x86-64-v3 x86-64-v3+avxvnni x86-64-v4 x86-64-v4+avx512vnni "
    "x86-64-v4+avx512vnni+amx-int8"
)

EXPECTED = {
    "x86_64": {
        "core2duo": "x86-64",
        "Nehalem": "x86-64-v2",
        "max": "x86-64-v3",
    },
    "aarch64": {
        "cortex-a53": "generic",
        "cortex-a76": "generic+dotprod",
        LENGTHS[1]: "generic+dotprod+i8mm",
    },
    "riscv64": {"rv64": "generic-rv64", riscv(128): "generic-rv64+v"},
}
"""The variant that a CPU, by qemu's name, runs of its own accord."""


@pytest.fixture(scope="module")
def ids():
    return np.array([(GREEDY[0]["ids"] * 3)[:21]])


@pytest.fixture(scope="module")
def here(austen, ids):
    return austen.run(inputs_for(ids))


@pytest.fixture(scope="module", params=list(EXPECTED))
def program(request, tmp_path_factory):
    """(architecture, what was compiled for all of its CPUs)"""
    machine = Machine(request.param, "all", tuple(EXPECTED[request.param]))
    if machine.missing():
        pytest.skip(machine.missing())
    folder = tmp_path_factory.mktemp("variants")
    options = machine.options()
    compiled = compile_model(BUNDLED / "austen" / "model.onnx", folder, *options)
    return machine, compiled


def variant_of(program):
    """What a program says it runs."""
    text = program.output("bench", "--prefill", 1, "--decode", 0, "--json")
    return json.loads(text)["variant"]


def test_each_cpu_runs_its_variant(program, ids, here):
    machine, compiled = program
    for cpu, variant in EXPECTED[machine.architecture].items():
        emulated = compiled.under(*machine.emulator(cpu))
        assert variant_of(emulated) == variant
        assert_same_bits(emulated.run(inputs_for(ids)), here)


def test_a_variant_can_be_forced(program, ids, here):
    """The bits of each one that some CPU here can run are the same."""
    machine, compiled = program
    cpu, best = list(EXPECTED[machine.architecture].items())[-1]
    for variant in EXPECTED[machine.architecture].values():
        forced = compiled.under(*machine.emulator(cpu), BITNET_CPU=variant)
        assert variant_of(forced) == variant
        assert_same_bits(forced.run(inputs_for(ids)), here)
    least, *_ = EXPECTED[machine.architecture]
    refused = compiled.under(*machine.emulator(least), BITNET_CPU=best).call()
    assert refused.returncode == 1
    assert f"error: BITNET_CPU is '{best}', but this CPU has no " in refused.stderr


@pytest.mark.parametrize("program", ["x86_64"], indirect=True)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="no x86")
def test_all_variants_of_this_cpu(program, ids, here):
    ran = 0
    for variant in X86.split():
        forced = program[1].under(BITNET_CPU=variant)
        done = forced.call()
        if done.returncode == 0:
            assert_same_bits(forced.run(inputs_for(ids)), here)
            ran += 1
        else:
            assert "this CPU has no" in done.stderr
    assert ran >= 2


@pytest.mark.parametrize("program", ["x86_64"], indirect=True)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="no x86")
def test_weights_are_there_once_for_each_packing(program, austen):
    """Variants add code, and weights where they pack them in another way."""
    size = program[1].path.stat().st_size
    assert size < 1.75 * austen.path.stat().st_size


@pytest.mark.parametrize("program", ["x86_64"], indirect=True)
def test_a_variant_has_a_breakdown(program):
    """Its own table of regions is looked at."""
    machine, compiled = program
    emulated = compiled.under(*machine.emulator("core2duo"))
    arguments = ["bench", "--prefill", 1, "--decode", 1, "--breakdown", "--json"]
    kinds = json.loads(emulated.output(*arguments))["breakdown"]["prefill"]
    assert "ternary matmul" in json.dumps(kinds)
