# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Every row of the tile table that this CPU lacks, under an emulator that has it.

Exact sums over shapes around the tile's own and extreme activations, as in
test/Unit/Codegen/TileSweepTest.cpp, which runs the rows that this CPU has.
"""

import re
from typing import NamedTuple

import numpy as np
import pytest

from machines import MACHINES, is_native
from program import ROOT, compile_model

TABLE = ROOT / "include" / "bitnet" / "Codegen" / "Tiles.def"
ROW = re.compile(
    r'^TILE\("([^"]+)",\s*(\d+),\s*(\d+),.*?"([a-z0-9|+-]*)",\s*\w+\)', re.MULTILINE
)
DEPTHS = [1, 3, 4, 5, 63, 64, 65, 194]
LONG_DEPTHS = [516, 8191]  # beside and far beyond what narrow sums hold


class Tile(NamedTuple):
    """A row of the table."""

    name: str
    height: int
    fields: int


def rows():
    """(name, rows, codes in a byte, feature) of the table."""
    return [
        (name, int(height), int(fields), feature)
        for name, height, fields, feature in ROW.findall(TABLE.read_text())
    ]


def cases():
    """Each row with each machine that runs it; with none where there is none."""
    for name, height, fields, feature in rows():
        if feature and is_native(feature):
            continue
        for machine in MACHINES.get(feature, [None]):
            label = f"{name}-{machine.cpu if machine else feature}"
            tile = Tile(name, height, fields)
            yield pytest.param(tile, machine, id=label)


def shapes(name):
    """(n, k) around the tile's columns."""
    columns = int(name.split("x")[1])
    wide = [1, columns - 1, columns, columns + 1, 2 * columns, 3 * columns + 2]
    return [(n, k) for n in wide for k in DEPTHS] + [
        (columns + 3, k) for k in LONG_DEPTHS
    ]


def make_weights(n, k, fields, random):
    """Random ones; the first row is all 1, the second all -1."""
    weights = random.integers(-1, 2, (n, k), np.int8)
    if fields == 8:
        weights[weights == 0] = 1
    weights[:1], weights[1:2] = 1, -1
    return weights


def write_model(path, weights):
    """x<k> times each matrix of k columns gives y<n>x<k>."""
    depths = sorted({w.shape[1] for w in weights})
    inputs = ", ".join(
        f'%x{k}: tensor<?x{k}xi8> {{onnx.name = "x{k}", onnx.dims = ["m", ""]}}'
        for k in depths
    )
    lines, values, types, results, blobs = [], [], [], [], []
    for n, k in (w.shape for w in weights):
        name, y = f"{n}x{k}", f"tensor<?x{n}xi32>"
        w = f"tensor<{n}x{k}x!bitnet.trit>"
        lines.append(f"%w{name} = bitnet.constant dense_resource<w{name}> : {w}")
        lines.append(
            f"%y{name} = bitnet.matmul %x{k}, %w{name} : tensor<?x{k}xi8>, {w} -> {y}"
        )
        values.append(f"%y{name}")
        types.append(y)
        results.append(f'{y} {{onnx.name = "y{name}", onnx.dims = ["m", ""]}}')
    for w in weights:
        blobs.append(f'w{w.shape[0]}x{w.shape[1]}: "0x01000000{w.tobytes().hex()}"')
    path.write_text(
        f"func.func @main({inputs}) -> ({', '.join(results)}) {{\n"
        + "\n".join(lines)
        + f"\nreturn {', '.join(values)} : {', '.join(types)}\n}}\n"
        + f"{{-# dialect_resources: {{ builtin: {{ {', '.join(blobs)} }} }} #-}}\n"
    )


def activations(m, k, first, random):
    """Rows that make accumulators as large as they get, and random ones."""
    x = random.integers(-128, 128, (m, k), np.int8)
    for row in range(m):
        kind = (row + first) % 4
        if kind < 2:
            x[row] = (127, -128)[kind]
        elif kind == 2:
            x[row] = np.where(np.arange(k) % 2, 127, -128)
    return x


def check(program, weights, m, first):
    random = np.random.default_rng(m)
    depths = {w.shape[1] for w in weights}
    x = {k: activations(m, k, first, random) for k in depths}
    outputs = program.run({f"x{k}": rows for k, rows in x.items()})
    for w in weights:
        wanted = x[w.shape[1]].astype(np.int64) @ w.T.astype(np.int64)
        name = f"y{w.shape[0]}x{w.shape[1]}"
        assert (outputs[name] == wanted).all(), f"{name}, {m} rows"


@pytest.mark.parametrize("tile, machine", list(cases()))
def test_tile_is_exact(tile, machine, tmp_path):
    if machine is None or machine.missing():
        pytest.skip(machine.missing() if machine else "no emulator has its feature")
    random = np.random.default_rng(1)
    weights = [make_weights(n, k, tile.fields, random) for n, k in shapes(tile.name)]
    write_model(tmp_path / "tiles.mlir", weights)
    options = [*machine.options(), f"--tile={tile.name}"]
    program = compile_model(tmp_path / "tiles.mlir", tmp_path, *options)
    height = tile.height
    counts = {0, height - 1, height, height + 1, 2 * height, 3 * height + 2} - {1}
    for emulated in machine.emulated:
        emulator = program.under(*machine.emulator(emulated))
        for first in range(4):
            check(emulator, weights, 1, first)
        for m in sorted(counts):
            check(emulator, weights, m, first=m)
