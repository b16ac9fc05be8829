"""Runs lit over a folder of the build tree and ends with one line of counts.

lit counts a pytest file as one test; the last line also counts the cases in it,
and those that were skipped, so that nothing is left out silently.

usage: check.py LIT FOLDER [LIT ARGUMENTS...]
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


def lit_counts(report: pathlib.Path) -> collections.Counter:
    """Tests by lit's result code."""
    tests = json.loads(report.read_text())["tests"] if report.exists() else []
    return collections.Counter(test["code"] for test in tests)


def pytest_counts(folder: pathlib.Path, since: float) -> collections.Counter:
    """Cases in the pytest reports written since the start, run and skipped."""
    counts = collections.Counter()
    for report in folder.rglob("*.pytest.xml"):
        if report.stat().st_mtime < since:
            continue
        for suite in xml.etree.ElementTree.parse(report).iter("testsuite"):
            skipped = int(suite.get("skipped", 0))
            counts["skipped"] += skipped
            counts["run"] += int(suite.get("tests", 0)) - skipped
    return counts


def main() -> int:
    lit, folder, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch, "lit.json")
        start = pathlib.Path(scratch).stat().st_mtime
        command = [
            lit,
            "-sv",
            "--show-unsupported",
            "--output",
            str(report),
            *arguments,
            folder,
        ]
        # lit is a Python program; it runs with the Python that runs this.
        status = subprocess.run([sys.executable, *command]).returncode
        tests = lit_counts(report)
        cases = pytest_counts(pathlib.Path(folder), start)

    failed = sum(tests.values()) - sum(
        tests[code] for code in ("PASS", "XFAIL", "FLAKYPASS", "UNSUPPORTED")
    )
    print(
        f"check-bitnet: {tests['PASS']} tests passed, {failed} failed, "
        f"{tests['UNSUPPORTED']} unsupported here; "
        f"{cases['run']} pytest cases run, {cases['skipped']} skipped"
    )
    return status


if __name__ == "__main__":
    sys.exit(main())
