# RUN: %pytest %s --junitxml=%t.pytest.xml
"""What must not be in the tree."""

import importlib.util
import subprocess
import sys

import pytest

from tree import ROOT, files, matches, paths, report

CPP = (".cpp", ".h")
TEXT = (*CPP, ".td", ".def", ".mlir", ".py", ".md", ".txt", ".cmake", ".in", ".test")
THIS = ("test/Lint/",)


def refuse(pattern, why, *suffixes, under=("",)):
    chosen = (p for p in files(*suffixes, under=under) if not str(p).startswith(THIS))
    report(
        f"{place}: {match[0].strip()}: {why}"
        for place, match in matches(pattern, chosen)
    )


def test_no_global_options():
    refuse(
        r"\bcl::(opt|list|bits)<",
        "an option lives on its pass or pipeline",
        *CPP,
        under=["lib"],
    )


def test_no_direct_error_output():
    refuse(
        r"\b(llvm::)?errs\(\)|report_fatal_error",
        "emit a diagnostic",
        *CPP,
        under=["lib", "dialects"],
    )


def test_no_exceptions_or_rtti():
    sources = [p for p in files(*CPP, under=["lib", "dialects", "tools"])]
    found = matches(r"^[^/\n]*\b(throw|try|dynamic_cast)\b(?!\w)[^\n]*", sources)
    report(
        f"{place}: {match[1]}: no exceptions, no RTTI"
        for place, match in found
        if not place.startswith("lib/Import/ONNX/")
    )


def test_todo_has_a_number():
    refuse(r"\b(TODO(?!\(#\d+\): )|FIXME|XXX|HACK)\b.*", "TODO(#123): or none", *TEXT)


def test_namespace_mlir_stays_closed():
    # Declaring a class of it is no definition in it.
    declarations = r"\s*\{(?:\s*(?:class|struct|template)\b[^;{]*;)+\s*\}"
    refuse(
        rf"^\s*namespace mlir\b(?!{declarations})", "never open namespace mlir", *CPP
    )
    refuse(r"^using namespace (?!bitnet)\w+;", "in .cpp files only", ".h")


def test_ops_are_made_by_create():
    refuse(r"\b(builder|rewriter|b)\.create<", "Op::create(builder, ...)", *CPP)


def test_nothing_generated():
    endings = (".inc", ".o", ".a", ".so", ".pyc", ".pb.h", ".pb.cc", ".orig", ".rej")
    report(f"{path}:1: generated" for path in paths() if path.name.endswith(endings))


def test_no_paths_of_one_machine():
    refuse(r"/work/|/tmp/w/|/home/\w+|/root/", "a path of one machine", *TEXT)


def test_no_large_files():
    report(
        f"{path}:1: {(ROOT / path).stat().st_size} bytes"
        for path in paths()
        if (ROOT / path).stat().st_size > 5_000_000
    )


def test_lines_end_cleanly():
    refuse(r"[ \t]+$|\r", "space at the end of a line", *TEXT)


def test_no_commented_out_code():
    refuse(
        r"^\s*//(?!/).*[;{]\s*$(?<!CHECK)",
        "commented-out code",
        *CPP,
        under=["lib", "dialects"],
    )


def test_heads_are_sentences():
    refuse(
        r"\A//===.*", "a banner; begin with a sentence of purpose", *CPP, ".td", ".def"
    )


def test_spelling():
    if importlib.util.find_spec("codespell_lib") is None:
        pytest.skip("codespell is not installed")
    chosen = [str(p) for p in files(*TEXT) if "Models" not in p.parts]
    command = [
        sys.executable,
        "-m",
        "codespell_lib",
        "--ignore-words-list=archtype,fillin,nd,olt,toword",
    ]
    done = subprocess.run([*command, *chosen], cwd=ROOT, capture_output=True, text=True)
    report(done.stdout.splitlines())
