# RUN: %pytest %s --junitxml=%t.pytest.xml
"""Every diagnostic has a test that provokes it."""

import re

from tree import files, matches, report, text

EMITTERS = "emitError|emitOpError|createStringError|Status::error|fail|refuse"
"""`Status` is the runtime's, `fail` the importer's, `refuse` that of the
conversion to linalg."""
EMITTED = rf"\b(?:{EMITTERS})\([^;{{]*;"
FORMAT = r"%\d*(?:\.\*)?(?:l*|z)[dgiusx%]"
LITERAL = r'"((?:[^"\\]|\\.)*)"'
EXPECTED = r"(?:expected-error|CHECK|error:|ERROR|EXPECT|assert|in done\.stderr).*"


def expectations():
    """The lines of tests that expect something, in one string; of unit tests,
    whose calls take several lines, the literals."""
    kinds = (".mlir", ".test", ".onnxtxt", ".py")
    lines = (
        line
        for path in files(*kinds, under=["test"])
        for line in text(path).splitlines()
    )
    found = [line for line in lines if re.search(EXPECTED, line)]
    for path in files("Test.cpp", under=["test"]):
        found += re.findall(LITERAL, joined(text(path)))
    return "\n".join(found)


def joined(source):
    """Adjacent literals are one."""
    return re.sub(r'"\s*"', "", source)


def fragments(statement):
    """The constant parts of a message."""
    literals = re.findall(LITERAL, joined(statement))
    pieces = (piece for literal in literals for piece in re.split(FORMAT, literal))
    parts = (piece.strip(" '") for piece in pieces)
    return [part for part in parts if len(part) >= 4]


def diagnostics():
    sources = files(".cpp", ".h", under=["lib", "dialects"])
    for place, match in matches(EMITTED, sources):
        if fragments(match[0]):
            yield place, fragments(match[0])


def test_every_diagnostic_is_expected_somewhere():
    expected = expectations()
    report(
        f"{place}: no test expects '{max(parts, key=len)}'"
        for place, parts in diagnostics()
        if max(parts, key=len) not in expected
    )


def test_messages_are_lower_case_without_period():
    report(
        f"{place}: '{parts[0]}'"
        for place, parts in diagnostics()
        if re.match(r"(?!BitNet|BitLinear)[A-Z][a-z]", parts[0]) or parts[-1][-1] == "."
    )
