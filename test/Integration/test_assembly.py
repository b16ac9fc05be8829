# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What the bundled model's hot loops are made of, on each target.

Hot are the innermost loops of the functions that threads run. Those that
multiply use vectors; those of the tiles the instruction set's dot product.
"""

import re

import pytest

from program import BUNDLED, compile_model

LABEL = re.compile(r"^(\.L\w+|[A-Za-z_]\w*):")
JUMP = re.compile(r"^(?:b|cbn?z|tbn?z|j)[a-z.]*\s.*?(\.L\w+)$")

VECTOR = {
    "x86_64": re.compile(r"^(v?\w+p[sd]|v?p\w+)\s.*%[xyz]mm"),
    "aarch64": re.compile(r"\b(v\d+\.\d|z\d+\.|q\d+)"),
    "riscv64": re.compile(r"^v"),
}
# Products of numbers; on x86 and RISC-V integers also make addresses.
SCALAR = {
    "x86_64": re.compile(r"^v?(mul|div|fm?n?m?\w*\d+)s[sd]\b|^imull"),
    "aarch64": re.compile(r"^(fn?mul|fn?m\w+|fdiv)\s+[sdh]\d|^(mul|madd)\s+w"),
    "riscv64": re.compile(r"^(f(n?m\w+|div)\.[sdh]|mulw?)\b"),
}
TARGETS = {
    "x86-64-v3": ("x86_64", "vpmaddubsw"),
    "alderlake": ("x86_64", "vpdpbusd"),
    "icelake-server": ("x86_64", "vpdpbusd"),
    "cortex-a53": ("aarch64", "smlal"),
    "cortex-a76": ("aarch64", "sdot"),
    "neoverse-v1": ("aarch64", "us(dot|mmla)"),
    "a64fx": ("aarch64", "sdot"),
    "generic-rv64+v": ("riscv64", "vwmaccsu.vv"),
    "generic-rv64+v+zvl256b": ("riscv64", "vwmaccsu.vv"),
}
"""Architecture and dot product of a CPU."""


def innermost_loops(assembly):
    """(function, instructions) of loops that have no label within."""
    function, start, body = "", None, []
    for line in assembly.splitlines():
        if label := LABEL.match(line):
            if not label[1].startswith(".L"):
                function = label[1]
            start, body = label[1], []
        elif line.startswith("\t") and not line.startswith("\t."):
            body.append(line.strip())
            jump = JUMP.match(body[-1].split("#")[0].strip())
            if jump and jump[1] == start:
                yield function, list(body)


def compile_loops(cpu, architecture, folder):
    options = [f"--target={architecture}-linux-gnu", f"--cpu={cpu}", "--emit=asm"]
    program = compile_model(BUNDLED / "austen" / "model.onnx", folder, *options)
    loops = list(innermost_loops(program.path.read_text()))
    return [body for function, body in loops if function.endswith("_share")]


def scalar_loops(loops, architecture):
    """Those that multiply and have no vectors."""
    return [
        body
        for body in loops
        if any(map(SCALAR[architecture].match, body))
        and not any(map(VECTOR[architecture].search, body))
    ]


@pytest.mark.parametrize("cpu", TARGETS)
def test_hot_loops_are_vectors(cpu, tmp_path):
    architecture, dot = TARGETS[cpu]
    loops = compile_loops(cpu, architecture, tmp_path)
    assert not scalar_loops(loops, architecture)

    dots = [sum(bool(re.search(rf"\b{dot}\b", i)) for i in body) for body in loops]
    assert sum(count >= 4 for count in dots) >= 8, "for blocks and rows of each layer"


def test_scalar_loops_are_seen(tmp_path):
    """Where a machine has no vectors there are such loops."""
    loops = compile_loops("generic-rv64", "riscv64", tmp_path)
    assert len(scalar_loops(loops, "riscv64")) >= 8
