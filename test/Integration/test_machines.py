# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""The bundled model on other machines: the same tokens, the same bits."""

import json

import numpy as np
import pytest

from language_model import assert_same_bits, inputs_for, run_in_chunks
from machines import MACHINES
from program import BUNDLED, compile_model

GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
LENGTHS = [20, 16, 1]  # blocks of rows, rows left over, single ones


def cases():
    """Each machine of another architecture."""
    machines = dict.fromkeys(machine for all in MACHINES.values() for machine in all)
    for machine in machines:
        if machine.architecture != "x86_64":
            yield pytest.param(machine, id=f"{machine.architecture}-{machine.cpu}")


@pytest.fixture(scope="module")
def ids():
    row = GREEDY[0]["ids"] + GREEDY[0]["new_ids"]
    return np.array([(row * 2)[: sum(LENGTHS)]])


@pytest.fixture(scope="module")
def here(austen, ids):
    """What this machine gives."""
    return austen.run(inputs_for(ids))


@pytest.fixture(scope="module", params=list(cases()))
def elsewhere(request, tmp_path_factory):
    """The program for another machine, once under each emulator."""
    machine = request.param
    if machine.missing():
        pytest.skip(machine.missing())
    folder = BUNDLED / "austen"
    tokenizer = ["--tokenizer", str(folder / "tokenizer.json")]
    program = compile_model(
        folder / "model.onnx",
        tmp_path_factory.mktemp("machine"),
        *machine.options(),
        *tokenizer,
    )
    return [program.under(*machine.emulator(name)) for name in machine.emulated]


def test_same_bits(elsewhere, ids, here):
    for program in elsewhere:
        assert_same_bits(program.run(inputs_for(ids), threads=2), here)
        assert_same_bits(run_in_chunks(program, ids, LENGTHS), here)


def test_same_tokens(elsewhere):
    case = GREEDY[1]
    for program in elsewhere:
        new_ids = program.generate(case["ids"], len(case["new_ids"]))
        assert new_ids == case["new_ids"]


def test_same_samples(austen, elsewhere):
    """What is drawn with a seed."""
    ids = ",".join(map(str, GREEDY[1]["ids"]))
    options = ["--temperature", 0.9, "--top-p", 0.9, "--seed", 7, "-n", 12]
    command = ["generate", "--ids", ids, *options]
    drawn = austen.output(*command, threads=1)
    for program in elsewhere:
        assert program.output(*command, threads=2) == drawn


def test_same_text(elsewhere):
    """Its tokenizer works, too."""
    for program in elsewhere:
        ids = ",".join(map(str, GREEDY[1]["ids"]))
        assert program.output("decode", ids).strip() == GREEDY[1]["prompt"].strip()
