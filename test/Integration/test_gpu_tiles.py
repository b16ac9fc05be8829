# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Every row of the tile table that is a GPU's, and its naive lowering, on lavapipe.

Exact sums over shapes around the tile's own and extreme activations, as in
test/Unit/Codegen/TileSweepTest.cpp, which runs the rows that this CPU has.
"""

import numpy as np
import pytest

from program import compile_model
from tile_models import Tile, check, make_weights, rows, shapes, write_model
from vulkan import ENVIRONMENT, TARGET, needs_lavapipe

pytestmark = needs_lavapipe

TILES = [tile for tile in rows() if tile.feature == "gpu"]
NAIVE = [Tile("naive", 4, fields, "gpu") for fields in (4, 8)]
LONGEST = 65532
"""llvmpipe leaves a loop after 65535 rounds, and a row's sum is one."""


def compile_tile(tile, matrices, folder):
    """The program, and the weights of its matmuls."""
    random = np.random.default_rng(1)
    weights = [make_weights(n, k, tile.fields, random) for n, k in matrices]
    write_model(folder / "tiles.mlir", weights)
    options = [TARGET, f"--tile={tile.name}"]
    program = compile_model(folder / "tiles.mlir", folder, *options)
    return program.under(**ENVIRONMENT), weights


@pytest.mark.parametrize("tile", TILES, ids=lambda tile: tile.name)
def test_tile_is_exact(tile, tmp_path):
    # One size at a time: a driver takes its time for each kernel.
    columns = tile.columns
    near = [(n, k) for n, k in shapes(tile) if n == columns + 1 or k >= 194]
    program, weights = compile_tile(tile, near, tmp_path)
    height = tile.height
    counts = {0, 1, 2, height - 1, height, height + 1, 2 * height, 3 * height + 2}
    for m in sorted(counts):
        check(program, weights, m, first=m)
    for first in range(4):
        check(program, weights, 1, first)


@pytest.mark.parametrize("tile", NAIVE, ids=lambda tile: f"{tile.fields}-fields")
def test_naive_lowering_is_exact(tile, tmp_path):
    matrices = [(1, 1), (3, 5), (65, 194), (4, 8191)]
    program, weights = compile_tile(tile, matrices, tmp_path)
    for m in (0, 1, 5):
        check(program, weights, m, first=m)


@pytest.mark.parametrize("tile", TILES, ids=lambda tile: tile.name)
def test_longest_contraction_is_exact(tile, tmp_path):
    program, weights = compile_tile(tile, [(3, LONGEST)], tmp_path)
    for first in range(3):
        check(program, weights, tile.height, first)
