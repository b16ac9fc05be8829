"""One layer alone: a matmul with its scale, as the compiler writes it, on weights that are an input."""

from __future__ import annotations

import pathlib
import subprocess
from typing import NamedTuple

MLIR = """\
func.func @main(%x: tensor<?x{k}xi8> {{onnx.name = "x"}},
                %bytes: tensor<{shape}xi8> {{onnx.name = "w"}},
                %s: tensor<?xf32> {{onnx.name = "s"}})
    -> (tensor<?x{n}xf32> {{onnx.name = "y"}}) {{
  %w = builtin.unrealized_conversion_cast %bytes
      : tensor<{shape}xi8> to {packed}
  %sums = bitnet.matmul %x, %w
      : tensor<?x{k}xi8>, {packed} -> tensor<?x{n}xi32>
  %scale = arith.constant dense<0.5> : tensor<1xf32>
  %y = bitnet.dequantize %sums, %s, %scale
      : tensor<?x{n}xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x{n}xf32>
  return %y : tensor<?x{n}xf32>
}}
"""


class Kernel(NamedTuple):
    """Weights N x K, packed for `lanes`, and the row of the tile table; "" for the best."""

    n: int
    k: int
    lanes: int = 16
    tile: str = ""

    @property
    def name(self) -> str:
        return f"{self.n}x{self.k}"

    @property
    def shape(self) -> str:
        """Of the packed bytes: panels, vectors, bytes of a vector."""
        panels = -(-self.n // (4 * self.lanes))
        return f"{panels}x{-(-self.k // 4)}x{4 * self.lanes}"

    def bytes(self) -> int:
        panels, vectors, size = map(int, self.shape.split("x"))
        return panels * vectors * size

    def operations(self, rows: int) -> int:
        return 2 * rows * self.n * self.k

    def compile(self, compiler: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
        path = folder / f"{self.name}-{self.lanes}{self.tile}.so"
        encoding = f"#bitnet.packed<lanes = {self.lanes}, bits = 2>"
        packed = f"tensor<{self.name}x!bitnet.trit, {encoding}>"
        text = MLIR.format(k=self.k, n=self.n, shape=self.shape, packed=packed)
        source = path.with_suffix(".mlir")
        source.write_text(text)
        flags = [f"--tile={self.tile}"] if self.tile else []
        command = [compiler, source, "--emit=so", "-o", path, *flags]
        subprocess.run(command, check=True)
        return path


class Runner(NamedTuple):
    """Compiles kernels and times them."""

    compiler: pathlib.Path
    program: pathlib.Path
    """run-kernel"""
    folder: pathlib.Path
    seconds: float
    """Of a figure."""

    def time(
        self, kernel: Kernel, rows: int, stream: int, threads: int
    ) -> tuple[float, float]:
        """Best and median nanoseconds of a call; `stream` bytes of weights are gone through."""
        library = kernel.compile(self.compiler, self.folder)
        command = [
            self.program,
            library,
            str(rows),
            str(kernel.k),
            kernel.shape,
            str(stream),
            str(self.seconds),
        ]
        done = subprocess.run(
            command,
            env={"BITNET_THREADS": str(threads)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        best, median = map(float, done.stdout.split())
        return best, median
