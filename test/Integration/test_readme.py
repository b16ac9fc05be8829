# RUN: %pytest %s --junitxml=%t.pytest.xml
"""The commands of README.md work as they stand there."""

import os
import re
import shutil
import subprocess
import sysconfig
import venv

from program import COMPILER, ROOT


def commands():
    """What README.md tells a shell, in its order."""
    text = (ROOT / "README.md").read_text()
    return "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def make_venv(path):
    """A virtual environment that has what this Python has, so that nothing is
    downloaded."""
    venv.create(path, symlinks=True)
    site = sysconfig.get_path("purelib", vars={"base": str(path)})
    with open(os.path.join(site, "ours.pth"), "w") as file:
        file.write(sysconfig.get_path("purelib") + "\n")
    pip = path / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{path}/bin/python" -m pip "$@"\n')
    pip.chmod(0o755)


def environment(venv_path):
    """Of a user who has activated that environment."""
    found = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    found.pop("BITNET_COMPILE", None)
    found["PATH"] = f"{venv_path / 'bin'}:{found['PATH']}"
    found["PIP_NO_BUILD_ISOLATION"] = "false"  # which is pip's word for "without"
    return found


def test_commands_run(tmp_path):
    # A checkout with its build, without writing into either.
    (tmp_path / "test").symlink_to(ROOT / "test")
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "bin").symlink_to(COMPILER.resolve().parent)
    shutil.copytree(ROOT / "python", tmp_path / "python")
    make_venv(tmp_path / "venv")
    script = "set -ex\n" + commands()
    assert script.count("bitnet-compile") >= 3
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path / "venv"),
        input="It is a truth\n",  # what is said to `chat`
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told = " to be\nsure, and I am sure I shall"
    assert told in done.stdout
    for name in (
        "austen",
        "austen.json",
        "austen.so",
        "austen.h",
        "austen-vulkan",
        "m.onnx",
    ):
        assert (tmp_path / name).exists(), name
    installed = (tmp_path / "venv").glob("lib/python*/site-packages/bitnet/py.typed")
    assert list(installed)
