# RUN: %pytest %s --junitxml=%t.pytest.xml
"""The commands of README.md work as they stand there."""

import re
import subprocess

from program import COMPILER, ROOT


def commands():
    """What README.md tells a shell, in its order."""
    text = (ROOT / "README.md").read_text()
    return "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def test_commands_run(tmp_path):
    # A checkout with its build, without writing into either.
    (tmp_path / "test").symlink_to(ROOT / "test")
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "bin").symlink_to(COMPILER.resolve().parent)
    script = "set -ex\n" + commands()
    assert script.count("bitnet-compile") >= 3
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for name in ("austen", "austen.so", "austen.h", "austen.mlir"):
        assert (tmp_path / name).exists(), name
