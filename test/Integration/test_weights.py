# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Weights in the program, or in a file beside it."""

import os
import shutil
import subprocess

import numpy as np
import pytest

from program import BUNDLED, COMPILER, Program

MODEL = BUNDLED / "austen" / "model.onnx"
IDS = [0, 12, 7]


def compiled(folder, *options, name="austen"):
    subprocess.run([COMPILER, MODEL, "-o", folder / name, *options], check=True)
    return Program(folder / name, None)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("beside"), "--weights=file")


def moved(program, folder):
    """A copy of the program and of its weights."""
    for path in (program.path, program.path.with_suffix(".weights")):
        shutil.copy(path, folder / path.name)
    return Program(folder / program.path.name, None)


def complaint(program):
    done = program.call("generate", "--ids", "0", "-n", 1)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    return done.stderr


def test_the_file_gives_the_same_tokens(austen, beside):
    assert beside.generate(IDS, 48) == austen.generate(IDS, 48)


def test_the_weights_are_in_the_file(austen, beside):
    weights = beside.path.with_suffix(".weights")
    assert weights.read_bytes()[:8] == b"bitnetWT"
    assert weights.stat().st_size > 1_500_000
    embedded = austen.path.stat().st_size - beside.path.stat().st_size
    assert embedded > 0.9 * weights.stat().st_size


def test_equal_compilations_are_equal(beside, tmp_path):
    again = compiled(tmp_path, "--weights=file")
    for suffix in ("", ".weights"):
        first, second = (p.path.with_suffix(suffix) for p in (beside, again))
        assert first.read_bytes() == second.read_bytes()


def test_both_may_move_together(beside, tmp_path):
    program = moved(beside, tmp_path)
    assert program.generate(IDS, 4) == beside.generate(IDS, 4)


def test_a_link_to_the_program_finds_the_weights(beside, tmp_path):
    (tmp_path / "link").symlink_to(beside.path)
    linked = Program(tmp_path / "link", None)
    assert linked.generate(IDS, 4) == beside.generate(IDS, 4)


def test_the_environment_names_another_place(beside, tmp_path):
    program = moved(beside, tmp_path)
    elsewhere = (tmp_path / "austen.weights").rename(tmp_path / "elsewhere")
    command = [program.path, "generate", "--ids", "0,12,7", "-n", "4"]
    environment = {"BITNET_WEIGHTS": str(elsewhere)}
    line = subprocess.check_output(command, env=environment, text=True)
    assert [int(word) for word in line.split(",")] == beside.generate(IDS, 4)


def test_a_missing_file_is_named(beside, tmp_path):
    program = moved(beside, tmp_path)
    (tmp_path / "austen.weights").unlink()
    path = tmp_path / "austen.weights"
    expected = (
        f"error: cannot open the weights '{path}': No such file or directory;"
        " BITNET_WEIGHTS may name another place\n"
    )
    assert complaint(program) == expected


def test_a_cut_file_is_refused(beside, tmp_path):
    program = moved(beside, tmp_path)
    path = tmp_path / "austen.weights"
    size = path.stat().st_size
    os.truncate(path, size - 1)
    assert (
        complaint(program) == f"error: '{path}' has {size - 1} bytes, wanted {size}\n"
    )
    os.truncate(path, 10)
    expected = f"error: '{path}' is no file of weights of this version\n"
    assert complaint(program) == expected


def test_weights_of_another_model_are_refused(beside, tmp_path):
    program = moved(beside, tmp_path)
    compiled(tmp_path, "--weights=file", "--head=int8", name="other")
    path = (tmp_path / "other.weights").rename(tmp_path / "austen.weights")
    message = complaint(program)
    assert message.startswith(
        f"error: '{path}' has the weights of another model: hash "
    )


def test_a_folder_is_no_file(beside, tmp_path):
    program = moved(beside, tmp_path)
    path = tmp_path / "austen.weights"
    path.unlink()
    path.mkdir()
    assert complaint(program) == f"error: cannot read '{path}': Is a directory\n"


@pytest.mark.parametrize("options", [[], ["--weights=file"]])
def test_a_library_finds_its_weights(options, austen, tmp_path):
    """By a relative path, from another folder, and after it was unloaded."""
    compiled(tmp_path, "--emit=so", *options, name="austen.so")
    script = """
import ctypes, _ctypes, os
for _ in range(2):
    library = ctypes.CDLL("./austen.so")
    os.chdir("/")
    create = library.bitnet_session_create
    create.restype = ctypes.c_void_p
    error = ctypes.create_string_buffer(200)
    session = create(ctypes.c_int64(1), ctypes.c_int64(16), error, ctypes.c_size_t(200))
    assert session, error.value
    library.bitnet_session_destroy(ctypes.c_void_p(session))
    _ctypes.dlclose(library._handle)
    os.chdir(home)
"""
    script = f"home = {str(tmp_path)!r}\n" + script
    subprocess.run(["python3", "-c", script], cwd=tmp_path, check=True)


def test_a_stripped_name_is_no_matter(tmp_path):
    """What has a suffix gets another one: the header has the same name, too."""
    compiled(tmp_path, "--emit=so", "--weights=file", name="model.so")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["model.h", "model.so", "model.weights"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="no x86")
def test_several_cpus_share_a_file(austen, beside, tmp_path):
    """Of the three, the first two pack weights alike."""
    cpus = ["x86-64", "x86-64-v2", "x86-64-v3"]
    program = compiled(tmp_path, "--weights=file", f"--cpu={','.join(cpus)}")
    size = program.path.with_suffix(".weights").stat().st_size
    single = beside.path.with_suffix(".weights").stat().st_size
    assert single < size < 2 * single
    ran = 0
    for cpu in cpus:
        forced = program.under(BITNET_CPU=cpu)
        if "this CPU has no" not in forced.call().stderr:
            assert forced.generate(IDS, 16) == austen.generate(IDS, 16)
            ran += 1
    assert ran >= 1


@pytest.mark.parametrize("emit", ["obj", "asm"])
def test_only_what_is_linked_has_a_file_of_weights(emit, tmp_path):
    command = [COMPILER, MODEL, f"--emit={emit}", "--weights=file"]
    command += ["-o", tmp_path / "m"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error: --weights=file wants --emit=exe or --emit=so" in done.stderr
    assert not list(tmp_path.iterdir())


def test_embedded_weights_are_mapped_not_copied(austen):
    """The last segment is the weights: read-only, at its own place in the file."""
    header = np.fromfile(austen.path, np.uint8, 64)
    table = int(header[32:40].view(np.uint64)[0])
    count = int(header[56:58].view(np.uint16)[0])
    last = np.fromfile(austen.path, np.uint8, 56, offset=table + 56 * (count - 1))
    kind, flags = last[:8].view(np.uint32)
    offset, address, _, size, memory, page = last[8:].view(np.uint64)
    assert (kind, flags) == (1, 4) and size == memory
    assert offset % page == 0 and address % page == 0
    assert offset + size == austen.path.stat().st_size
