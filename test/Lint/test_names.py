# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""One name, four spellings: pass, argument, source file and test file."""

import re
import subprocess

import pytest

from tree import TOOLS, files, passes, report, text

FORBIDDEN = re.compile(r"Utils?\b|Common|Helpers?\b|Misc|Impl\b")

SPELLINGS = {
    ".td": r"[A-Z]\w*",
    ".h": r"[A-Z]\w*",
    ".cpp": r"[A-Z]\w*|bitnet-[a-z-]+",
    ".def": r"[A-Z]\w*",
    ".mlir": r"[a-z0-9]+(-[a-z0-9]+)*",
    ".py": r"_*[a-z0-9]+(_[a-z0-9]+)*_*|lit\.(site\.)?cfg",
}


def kebab(name):
    """FuseNormQuantize -> fuse-norm-quantize, ConvertONNXToBitNet -> ...-onnx-to-bitnet."""
    name = name.replace("BitNet", "Bitnet").replace("BitLinear", "Bitlinear")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def listed_passes():
    """The arguments of our passes in `bitnet-opt --help`."""
    tool = TOOLS / "bitnet-opt"
    if not tool.exists():
        pytest.skip(f"no {tool}")
    done = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True)
    section = done.stdout.split("    Passes:\n")[1].split("    Pass Pipelines:\n")[0]
    listed = re.findall(r"^      --(\S+)", section, re.MULTILINE)
    return {name for name in listed if re.search("bitnet|onnx", name)}


def test_tool_lists_the_passes():
    """So what holds for Passes.td below holds for every pass that one can run."""
    declared = {p["argument"]: p.place for p in passes()}
    listed = listed_passes()
    report(
        [
            f"{declared[name]}: bitnet-opt lacks {name}"
            for name in declared.keys() - listed
        ]
        + [f"--{name} is in no Passes.td" for name in listed - declared.keys()]
    )


def test_pass_has_its_argument():
    report(
        f"{p.place}: pass {p['!name']} has argument '{p['argument']}'"
        for p in passes()
        if p["argument"] not in (kebab(p["!name"]), "bitnet-" + kebab(p["!name"]))
    )


def source_of(name):
    """X.cpp, or for a conversion AToB/AToB.cpp."""
    wanted = {f"{name}.cpp", f"{name.removeprefix('Convert')}.cpp"}
    return [path for path in files(".cpp", under=["lib"]) if path.name in wanted]


def test_pass_has_its_file():
    report(
        f"{p.place}: no lib/.../{p['!name']}.cpp"
        for p in passes()
        if not source_of(p["!name"])
    )


def test_pass_has_its_debug_type():
    report(
        f'{path}:1: no #define DEBUG_TYPE "{p["argument"]}"'
        for p in passes()
        for path in source_of(p["!name"])
        if f'#define DEBUG_TYPE "{p["argument"]}"' not in text(path)
    )


def test_pass_has_its_test():
    """<kebab>.mlir; a conversion has a folder of them."""
    tests = list(files(".mlir", ".test", under=["test"]))
    names = {path.stem for path in tests} | {path.parent.name for path in tests}
    report(
        f"{p.place}: no test/.../{kebab(p['!name'])}.mlir"
        for p in passes()
        if not {kebab(p["!name"]), p["!name"].removeprefix("Convert")} & names
    )


def test_unit_test_has_its_source():
    """XTest.cpp tests X.cpp or X.h; XSweepTest.cpp all rows of the table Xs.def."""
    sources = files(".cpp", ".h", ".def", under=["lib", "dialects", "include"])
    known = {path.stem for path in sources}
    report(
        f"{path}:1: there is no {subject}.cpp, .h or .def"
        for path in files("Test.cpp", under=["test/Unit"])
        for subject in [re.sub("Sweep$", "s", path.stem.removesuffix("Test"))]
        if subject not in known
    )


def test_paths_name_the_thing():
    report(
        f"{path}:1: a name that says nothing"
        for path in files("")
        if FORBIDDEN.search(str(path))
    )


def test_files_are_spelled_by_kind():
    report(
        f"{path}:1: {path.suffix} files are spelled {SPELLINGS[path.suffix]}"
        for path in files(*SPELLINGS)
        if not re.fullmatch(SPELLINGS[path.suffix], path.stem)
    )
