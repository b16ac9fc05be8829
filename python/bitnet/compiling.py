"""Calls bitnet-compile, which does the work in a process of its own."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from typing import Any

from .checkpoint import read_json
from .errors import Error
from .exporting import export_folder
from .model import Model

Path = str | os.PathLike[str]


def find_compiler() -> str:
    """$BITNET_COMPILE, or the bitnet-compile in $PATH."""
    named = os.environ.get("BITNET_COMPILE", "bitnet-compile")
    found = shutil.which(named)
    if found is None:
        raise Error(f"no program {named!r}: put it into PATH, or set BITNET_COMPILE")
    return found


def run_compiler(arguments: Iterable[Path]) -> None:
    """Error with the compiler's own message if it fails."""
    command = [find_compiler(), *(os.fspath(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        said = done.stderr.strip()
        raise Error(said or f"bitnet-compile ended with status {done.returncode}")


def exported(model: Path, scratch: str, progress: bool) -> pathlib.Path:
    """The ONNX file of a model, which may be a folder that is exported first."""
    source = pathlib.Path(model)
    if not source.is_dir():
        return source
    path = pathlib.Path(scratch, f"{source.resolve().name}.onnx")
    export_folder(source, path, progress=progress)
    return path


def read_stop_ids(folder: pathlib.Path) -> list[int]:
    """`eos_token_id` of generation_config.json or config.json."""
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        value = read_json(path).get("eos_token_id") if path.exists() else None
        if value is not None:
            values = value if isinstance(value, list) else [value]
            return [i for i in values if type(i) is int]
    return []


def compile(
    model: Path,
    *,
    output: Path | None = None,
    tokenizer: Path | None = None,
    options: Iterable[str] = (),
    progress: bool = False,
) -> Model:
    """Compiles an ONNX file, or a Hugging Face folder, and loads it.

    m = bitnet.compile("model.onnx")
    m.run({"x": x})

    `output` keeps the shared library, to be loaded again with bitnet.Model;
    `options` are flags of bitnet-compile. A folder brings its tokenizer.
    """
    source = pathlib.Path(model)
    stop_ids: list[int] = []
    with tempfile.TemporaryDirectory(prefix="bitnet-") as scratch:
        if source.is_dir():
            stop_ids = read_stop_ids(source)
            if tokenizer is None and (source / "tokenizer.json").exists():
                tokenizer = source / "tokenizer.json"
        source = exported(source, scratch, progress)
        # Loaded, a library needs no file any more.
        library = pathlib.Path(output or pathlib.Path(scratch, "model.so"))
        if tokenizer is not None:  # for conversations
            options = ["--tokenizer", os.fspath(tokenizer), *options]
        run_compiler([source, "--emit=so", "-o", library, *options])
        return Model(library.resolve(), tokenizer=tokenizer, stop_ids=stop_ids)


def compile_program(
    model: Path,
    output: Path,
    *,
    tokenizer: Path | None = None,
    options: Iterable[str] = (),
    progress: bool = False,
) -> None:
    """Compiles an ONNX file, or a Hugging Face folder, to a program."""
    source = pathlib.Path(model)
    if tokenizer is None and source.is_dir():
        tokenizer = source / "tokenizer.json"
    if tokenizer is not None:
        options = ["--tokenizer", os.fspath(tokenizer), *options]
    with tempfile.TemporaryDirectory(prefix="bitnet-") as scratch:
        source = exported(source, scratch, progress)
        run_compiler([source, "-o", output, *options])


def report(
    model: Path, *, options: Iterable[str] = (), progress: bool = False
) -> dict[str, Any]:
    """What the compiler makes of each linear layer of an ONNX file or a folder.

    As `bitnet-compile --report=FILE` writes it: a layer has a name, its sizes, the
    form in which it was recognised, or why it stays float, and its bytes.
    """
    with tempfile.TemporaryDirectory(prefix="bitnet-") as scratch:
        file = pathlib.Path(scratch, "report.json")
        source = exported(model, scratch, progress)
        run_compiler([source, f"--report={file}", *options])
        return read_json(file)
