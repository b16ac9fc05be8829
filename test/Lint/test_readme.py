# RUN: %pytest %s --junitxml=%t.pytest.xml
"""README.md's table of encodings and targets is the tile table's. (Its commands
are run by test/Integration/test_readme.py.)"""

import pathlib
import re

from tree import report, text

ROW = r'^TILE\("([^"]+)",\s*(\d+),\s*(\d+),\s*(\d+),'


def column_of(heading):
    """x86 AVX512-VNNI -> avx512vnni, as in the names of tiles."""
    return re.sub("x86|arm|risc-v|[ -]", "", heading.lower()).replace(
        "anycpu", "generic"
    )


def tiles():
    """(bits, lanes, feature): the tile of most rows."""
    found = {}
    table = text(pathlib.Path("include/bitnet/Codegen/Tiles.def"))
    for name, rows, fields, lanes in re.findall(ROW, table, re.MULTILINE):
        key = 8 / int(fields), int(lanes), name.split("-")[1]
        found[key] = max(found.get(key, (0, "")), (int(rows), name))
    return {key: name for key, (_, name) in found.items()}


def readme_tiles():
    """The same of README's table."""
    found = {}
    section = text(pathlib.Path("README.md")).split("## Encodings and targets")[1]
    lines = re.findall(r"^\|(.*)\|$", section.split("\n## ")[0], re.MULTILINE)
    headings, _, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    for encoding, *cells in rows:
        bits, lanes = re.fullmatch(r"([\d.]+) bits?, lanes = (\d+)", encoding).groups()
        for heading, cell in zip(headings[1:], cells):
            if cell:
                key = float(bits), int(lanes), column_of(heading)
                found[key] = cell.strip("`")
    return found


def test_table_is_the_tile_table():
    wanted, found = tiles(), readme_tiles()
    report(
        f"README.md:1: bits, lanes, feature = {key}: "
        f"{found.get(key)}, in Tiles.def {wanted.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key)
    )
