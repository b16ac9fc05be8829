"""Compiles cases, several to a file, and says what is wrong with each."""

from __future__ import annotations

import pathlib
import re
import subprocess
from collections import Counter, defaultdict
from typing import Iterable

import numpy as np
import onnx

from forms.graph import Graph
from forms.layers import Case
from forms.library import Library
from forms.oracle import Run

BOUND = 2e-5
"""Of the largest output in a row: a sum of codes that is off by one is further away."""

PER_FILE = 24

LEFT_OVER = ["math.roundeven", "arith.fptosi", "linalg.matmul"]
"""What a quantizer or a float product would leave in a file of layers."""

WEIGHTS_OF_LINEAR = re.compile(r"= bitnet\.linear %\S+, (%\S+),")
NAME_OF_WEIGHTS = re.compile(r'(%\S+) = bitnet\.constant dense_resource<"?([^">]+)"?>')


def bundle(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases of one opset together, so many to a file."""
    by_opset = defaultdict(list)
    for case in cases:
        by_opset[case.opset, case.layers > 0].append(case)
    return [
        group[i : i + PER_FILE]
        for group in by_opset.values()
        for i in range(0, len(group), PER_FILE)
    ]


def count_layers(listing: str) -> Counter[str]:
    """How many bitnet.linear each case has, by the names of their weights."""
    names = dict(NAME_OF_WEIGHTS.findall(listing))
    return Counter(
        names[weights].split(".")[0] for weights in WEIGHTS_OF_LINEAR.findall(listing)
    )


def compile_to(command: list[str]) -> str:
    """Empty, or why it didn't compile."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return "" if done.returncode == 0 else done.stderr.strip() or str(done.returncode)


def differs(actual: np.ndarray, expected: np.ndarray, exact: bool) -> str:
    if actual.shape != expected.shape:
        return f"gives {actual.shape} instead of {expected.shape}"
    largest = np.abs(expected).max(axis=-1, keepdims=True, initial=0)
    error = np.abs(actual.astype(np.float64) - expected)
    bound = 0 if exact else BOUND * largest
    outside = ~(error <= bound) & ~(np.isnan(actual) & np.isnan(expected))
    if not outside.any():
        return ""
    place = tuple(map(int, np.argwhere(outside)[0]))
    return f"{outside.sum()} numbers differ: {actual[place]} at {place}, not {expected[place]}"


def check(
    cases: list[Case], compiler: pathlib.Path, folder: pathlib.Path
) -> dict[str, str]:
    """What is wrong with each case, by its name; empty where all is well."""
    whole = Graph(cases[0].opset)
    for case in cases:
        whole.extend(case.graph)
    model = folder / "forms.onnx"
    onnx.save(whole.model(), model)
    listing, library = folder / "forms.mlir", folder / f"{cases[0].name}.so"
    command = [str(compiler), str(model), "-o"]
    reason = compile_to([*command, str(listing), "--emit=bitnet"])
    reason = reason or compile_to([*command, str(library), "--emit=so"])
    if reason and len(cases) > 1:
        return {
            name: wrong
            for case in cases
            for name, wrong in check([case], compiler, folder).items()
        }
    if reason:
        return {cases[0].name: f"does not compile: {reason}"}
    text = listing.read_text()
    found = count_layers(text)
    inputs = {name: x for case in cases for name, x in case.inputs.items()}
    outputs = Library(library).run(inputs)
    verdicts = {}
    for case in cases:
        expected = Run(case.graph.model(), case.inputs).values[f"{case.name}.y"]
        wrong = differs(outputs[f"{case.name}.y"], expected, case.exact)
        if found[case.name] != case.layers:
            layers = f"{found[case.name]} layers instead of {case.layers}"
            wrong = f"{layers}; {wrong}" if wrong else layers
        verdicts[case.name] = wrong
    if cases[0].layers and not any(verdicts.values()):
        left = [op for op in LEFT_OVER if op in text]
        verdicts[cases[0].name] = f"left in this file: {left}" if left else ""
    return verdicts
