# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Every row of the tile table that this CPU lacks, under an emulator that has it.

Exact sums over shapes around the tile's own and extreme activations, as in
test/Unit/Codegen/TileSweepTest.cpp, which runs the rows that this CPU has.
"""

import numpy as np
import pytest

from machines import MACHINES, is_native
from program import compile_model
from tile_models import check, make_weights, rows, shapes, write_model


def cases():
    """Each row with each machine that runs it; with none where there is none.

    GPUs have test_gpu_tiles.py."""
    for tile in rows():
        feature = tile.feature
        if feature == "gpu" or (feature and is_native(feature)):
            continue
        for machine in MACHINES.get(feature, [None]):
            label = f"{tile.name}-{machine.cpu if machine else feature}"
            yield pytest.param(tile, machine, id=label)


@pytest.mark.parametrize("tile, machine", list(cases()))
def test_tile_is_exact(tile, machine, tmp_path):
    if machine is None or machine.missing():
        pytest.skip(machine.missing() if machine else "no emulator has its feature")
    random = np.random.default_rng(1)
    weights = [make_weights(n, k, tile.fields, random) for n, k in shapes(tile)]
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
