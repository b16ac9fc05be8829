"""The command line.

python -m bitnet export FOLDER -o model.onnx
python -m bitnet run FOLDER --prompt "It is a truth"
python -m bitnet chat FOLDER
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from .compiling import compile, compile_program
from .errors import Error
from .exporting import export_folder
from .session import Sampling


def run_export(options: argparse.Namespace) -> None:
    """A Hugging Face folder to ONNX."""
    export_folder(options.folder, options.output, progress=not options.quiet)


def run_model(options: argparse.Namespace) -> None:
    """Compiles, and continues the prompt."""
    shows = sys.stderr.isatty() and not options.quiet
    model = compile(options.model, tokenizer=options.tokenizer, progress=shows)
    chosen = {f.name: getattr(options, f.name) for f in dataclasses.fields(Sampling)}
    sampling = Sampling(**chosen)
    for piece in model.stream(options.prompt, options.count, sampling=sampling):
        print(piece, end="", flush=True)
    print()


def chat(options: argparse.Namespace) -> None:
    """Compiles to a program, whose command `chat` takes over."""
    shows = sys.stderr.isatty() and not options.quiet
    with tempfile.TemporaryDirectory(prefix="bitnet-") as scratch:
        program = pathlib.Path(scratch, "model")
        compile_program(
            options.model, program, tokenizer=options.tokenizer, progress=shows
        )
        command = [program, "chat", *options.arguments]
        # A ctrl-C is for the program, which is in the foreground, too.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        child = subprocess.Popen(command, preexec_fn=restore_interrupts)
        status = child.wait()
        signal.signal(signal.SIGINT, handler)
    if status:
        sys.exit(status if status > 0 else 128 - status)


def restore_interrupts() -> None:
    """What is ignored stays so in a child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def count(text: str) -> int:
    """A number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number")
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog="python -m bitnet", description="Export and run BitNet models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    export = commands.add_parser("export", help="a Hugging Face folder to ONNX")
    export.add_argument("folder", help="with config.json and model.safetensors")
    export.add_argument("-o", "--output", required=True, metavar="FILE")
    export.set_defaults(function=run_export)

    run = commands.add_parser("run", help="compile a model and continue a prompt")
    run.add_argument("model", help="a Hugging Face folder, or an ONNX file")
    run.add_argument("--prompt", required=True, metavar="TEXT")
    run.add_argument("-n", dest="count", type=count, default=64, metavar="COUNT")
    run.add_argument("--tokenizer", metavar="FILE", help="default: of the folder")
    for field in dataclasses.fields(Sampling):
        option = f"--{field.name.replace('_', '-')}"
        kind = count if isinstance(field.default, int) else float
        run.add_argument(option, type=kind, default=field.default, metavar="N")
    run.set_defaults(function=run_model)

    talk = commands.add_parser("chat", help="compile a model and talk to it")
    talk.add_argument("model", help="a Hugging Face folder, or an ONNX file")
    talk.add_argument("--tokenizer", metavar="FILE", help="default: of the folder")
    talk.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="of the program's own command chat, as --system TEXT",
    )
    talk.set_defaults(function=chat)

    for command in (export, run, talk):
        command.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        options.function(options)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
