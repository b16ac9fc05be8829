# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Choices that are measured on this machine."""

import re
import subprocess

import pytest

from program import BUNDLED, COMPILER, Program

MODEL = BUNDLED / "austen" / "model.onnx"
IDS = [0, 12, 7]
CHOICE = r"matmul (\d+)x(\d+) tile (\S+) prefetch (\d+)\n"


def compiler(*arguments):
    return subprocess.run([COMPILER, MODEL, *arguments], capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tuning")


@pytest.fixture(scope="module")
def tuned(folder):
    """A program, and the file that was written on the way, with a report between."""
    done = compiler(f"--tune={folder / 'file'}", "--report", "-o", folder / "model")
    assert done.returncode == 0 and not done.stderr
    assert "BitLinear" in done.stdout
    return Program(folder / "model", None), folder / "file"


def test_each_size_has_a_choice_and_its_reasons(tuned):
    text = tuned[1].read_text()
    assert text.startswith("bitnet-tuning 1\ncpu ")
    choices = re.findall(CHOICE, text)
    shapes = {(outputs, inputs) for outputs, inputs, *_ in choices}
    assert len(choices) == len(shapes) >= 4 and ("704", "256") in shapes
    for outputs, inputs, tile, prefetch in choices:
        prefix = f"measured {outputs}x{inputs} tile {tile} prefetch"
        # A single row may have been timed by itself, as the last tile of its kind.
        one = rf"measured {outputs}x{inputs} tile \S+ prefetch {prefetch} rows 1 ns "
        assert re.search(one, text)
        assert re.search(rf"{prefix} \d+ rows 128 ns ", text)


def test_bits_do_not_depend_on_it(tuned, austen, folder):
    assert tuned[0].generate(IDS, 48) == austen.generate(IDS, 48)


def test_the_file_gives_the_same_program(tuned, folder):
    again = folder / "again" / "model"
    again.parent.mkdir()
    done = compiler(f"--tuning={tuned[1]}", "-o", again)
    assert done.returncode == 0 and not done.stderr
    assert again.read_bytes() == tuned[0].path.read_bytes()


def test_the_worst_choices_give_the_same_bits(tuned, austen, folder):
    """As if another tile had won for each size."""
    text = re.sub(
        CHOICE, r"matmul \1x\2 tile 1x64x4-generic prefetch 64\n", tuned[1].read_text()
    )
    (folder / "worst").write_text(text)
    assert (
        compiler(f"--tuning={folder / 'worst'}", "-o", folder / "slow").returncode == 0
    )
    assert Program(folder / "slow", None).generate(IDS, 16) == austen.generate(IDS, 16)


def test_a_file_that_cannot_be_written_is_an_error(folder):
    done = compiler(f"--tune={folder / 'missing' / 'file'}", "-o", folder / "none")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "error: cannot write '" in done.stderr
    assert not (folder / "none").exists()
