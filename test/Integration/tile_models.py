"""Models of matmuls alone, around the sizes of a row of the tile table, and their exact results."""

from __future__ import annotations

import pathlib
import re
from typing import NamedTuple

import numpy as np

from program import ROOT, Program

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
    feature: str

    @property
    def columns(self) -> int:
        """Of the result."""
        return int(self.name.split("x")[1])


def rows() -> list[Tile]:
    """The table."""
    return [
        Tile(name, int(height), int(fields), feature)
        for name, height, fields, feature in ROW.findall(TABLE.read_text())
    ]


def shapes(tile: Tile) -> list[tuple[int, int]]:
    """(n, k) around the tile's columns."""
    columns = tile.columns
    wide = [1, columns - 1, columns, columns + 1, 2 * columns, 3 * columns + 2]
    return [(n, k) for n in wide for k in DEPTHS] + [
        (columns + 3, k) for k in LONG_DEPTHS
    ]


def make_weights(
    n: int, k: int, fields: int, random: np.random.Generator
) -> np.ndarray:
    """Random ones; the first row is all 1, the second all -1."""
    weights = random.integers(-1, 2, (n, k), np.int8)
    if fields == 8:
        weights[weights == 0] = 1
    weights[:1], weights[1:2] = 1, -1
    return weights


def write_model(path: pathlib.Path, weights: list[np.ndarray]) -> None:
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


def activations(m: int, k: int, first: int, random: np.random.Generator) -> np.ndarray:
    """Rows that make accumulators as large as they get, and random ones."""
    x = random.integers(-128, 128, (m, k), np.int8)
    for row in range(m):
        kind = (row + first) % 4
        if kind < 2:
            x[row] = (127, -128)[kind]
        elif kind == 2:
            x[row] = np.where(np.arange(k) % 2, 127, -128)
    return x


def check(program: Program, weights: list[np.ndarray], m: int, first: int) -> None:
    """Runs m rows, of which the first is of kind `first`; fails unless all are exact."""
    random = np.random.default_rng(m)
    depths = {w.shape[1] for w in weights}
    x = {k: activations(m, k, first, random) for k in depths}
    outputs = program.run({f"x{k}": rows for k, rows in x.items()})
    for w in weights:
        wanted = x[w.shape[1]].astype(np.int64) @ w.T.astype(np.int64)
        name = f"y{w.shape[0]}x{w.shape[1]}"
        assert (outputs[name] == wanted).all(), f"{name}, {m} rows"
