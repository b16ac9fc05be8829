# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What bench-bitnet is made of works: times themselves are not looked at."""

import os
import pathlib
import subprocess

import numpy as np

from bench import compare_chain
from chains import Chain, write_chain
from figures import Figure, Report
from kernels import Kernel

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = pathlib.Path(
    os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
)


def test_kernel_bytes():
    assert Kernel(2560, 2560).shape == "40x640x64"
    assert Kernel(70, 9, lanes=8).shape == "3x3x32"
    assert Kernel(70, 9, lanes=8).bytes() == 288


def test_kernel_compiles(tmp_path):
    kernel = Kernel(70, 9, tile="1x64x4-generic")
    assert kernel.compile(COMPILER, tmp_path).stat().st_size > 0


def test_chain_runs(tmp_path, monkeypatch):
    """The product of what it was written from."""
    monkeypatch.setattr("chains.STREAM", 1)
    model = tmp_path / "chain.onnx"
    assert write_chain(Chain(((8, 12), (12, 8))), "bitnet", model) == 2
    program = tmp_path / "chain"
    subprocess.run([COMPILER, model, "-o", program], check=True)
    np.save(tmp_path / "x.npy", np.ones((3, 12), np.float32))
    command = [program, "run", "x=x.npy", "-o", "y.npz"]
    subprocess.run(command, check=True, cwd=tmp_path)
    (y,) = np.load(tmp_path / "y.npz").values()
    assert y.shape == (3, 12) and np.isfinite(y).all() and y.any()
    assert (y == y[0]).all()


def test_best_peer_counts(tmp_path):
    report = Report({})
    report.peers = [
        {"peer": name, "chain": "c", "rows": 128, "threads": 1, "best": t, "median": t}
        for name, t in (("a int8", 2.0), ("b int8", 3.0), ("c u2", 6.0), ("d i4", 5.0))
    ]

    class Bench:
        def __init__(self):
            self.report = report

        def add(self, name, values, target, unit, threads):
            self.report.add(Figure(name, *values, target, unit, threads))

    compare_chain(Bench(), ("c", 128, 1), (2.0, 2.0))
    values = {figure.name: figure.value for figure in report.figures}
    assert values == {
        "prefill c against a int8": 1.0,
        "prefill c against d i4": 2.5,
    }
    report.write(tmp_path / "b.json")
