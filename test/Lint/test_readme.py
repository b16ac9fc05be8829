# RUN: %pytest %s --junitxml=%t.pytest.xml
"""README.md's table of encodings and targets is the tile table's. (Its commands
are run by test/Integration/test_readme.py.)"""

import pathlib
import re

from tree import report, text

ROW = r'^TILE\("([^"]+)",\s*(\d+),\s*(\d+),'


def column_of(heading):
    """x86 AVX512-VNNI -> avx512vnni, as in the names of tiles."""
    return re.sub("x86|arm|risc-v|[ -]", "", heading.lower()).replace(
        "anycpu", "generic"
    )


def tiles():
    """(lanes, feature): the tiles for blocks of rows."""
    found = {}
    table = text(pathlib.Path("include/bitnet/Codegen/Tiles.def"))
    for name, rows, lanes in re.findall(ROW, table, re.MULTILINE):
        if int(rows) > 1:
            found.setdefault((int(lanes), name.split("-")[1]), []).append(name)
    return found


def readme_tiles():
    """The same of README's table."""
    found = {}
    section = text(pathlib.Path("README.md")).split("## Encodings and targets")[1]
    lines = re.findall(r"^\|(.*)\|$", section.split("\n## ")[0], re.MULTILINE)
    headings, _, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    for encoding, *cells in rows:
        lanes = int(re.search(r"lanes = (\d+)", encoding)[1])
        for heading, cell in zip(headings[1:], cells):
            if cell:
                found[lanes, column_of(heading)] = re.findall("`([^`]+)`", cell)
    return found


def test_table_is_the_tile_table():
    wanted, found = tiles(), readme_tiles()
    report(
        f"README.md:1: lanes = {lanes}, {feature}: "
        f"{found.get((lanes, feature))}, in Tiles.def {wanted.get((lanes, feature))}"
        for lanes, feature in sorted(wanted.keys() | found.keys())
        if wanted.get((lanes, feature)) != found.get((lanes, feature))
    )
