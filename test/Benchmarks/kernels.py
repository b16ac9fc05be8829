"""One layer alone: a matmul with its scale, as the compiler writes it, on weights that are an input."""

from __future__ import annotations

import pathlib
import subprocess
from typing import NamedTuple

MLIR = """\
func.func @main(%x: tensor<?x{k}xi8> {{onnx.name = "x"}},
                %bytes: tensor<{shape}xi8> {{onnx.name = "w"}},
                %s: tensor<?xf32> {{onnx.name = "s"}})
    -> ({results}) {{
  %scale = arith.constant dense<0.5> : tensor<1xf32>
{layers}  return {values} : {results}
}}
"""

LAYER = """\
  %part{i} = tensor.extract_slice %bytes[{first}, 0, 0] [{part}] [1, 1, 1]
      : tensor<{shape}xi8> to tensor<{part_shape}xi8>
  %w{i} = builtin.unrealized_conversion_cast %part{i}
      : tensor<{part_shape}xi8> to {packed}
  %sums{i} = bitnet.matmul %x, %w{i}
      : tensor<?x{k}xi8>, {packed} -> tensor<?x{n}xi32>
  %y{i} = bitnet.dequantize %sums{i}, %s, %scale
      : tensor<?x{n}xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x{n}xf32>
"""


class Kernel(NamedTuple):
    """Weights N x K, packed for `lanes`, and the row of the tile table; "" for the best."""

    n: int
    k: int
    lanes: int = 16
    tile: str = ""
    layers: int = 1
    """Of the same size, one after the other in a call, each with its weights."""

    @property
    def name(self) -> str:
        return f"{self.n}x{self.k}"

    def panels(self) -> int:
        """Of one layer."""
        return -(-self.n // (4 * self.lanes))

    def dims(self, layers: int) -> tuple[int, int, int]:
        """Of packed bytes: panels, vectors, bytes of a vector."""
        return self.panels() * layers, -(-self.k // 4), 4 * self.lanes

    @property
    def shape(self) -> str:
        return "x".join(map(str, self.dims(self.layers)))

    def bytes(self) -> int:
        """Of all layers."""
        panels, vectors, size = self.dims(self.layers)
        return panels * vectors * size

    def operations(self, rows: int) -> int:
        return 2 * rows * self.n * self.k * self.layers

    def text(self) -> str:
        encoding = f"#bitnet.packed<lanes = {self.lanes}, bits = 2>"
        part = self.dims(1)
        common = {
            "k": self.k,
            "n": self.n,
            "shape": self.shape,
            "part": ", ".join(map(str, part)),
            "part_shape": "x".join(map(str, part)),
            "packed": f"tensor<{self.name}x!bitnet.trit, {encoding}>",
        }
        layers = (
            LAYER.format(i=i, first=i * self.panels(), **common)
            for i in range(self.layers)
        )
        return MLIR.format(
            layers="".join(layers),
            values=", ".join(f"%y{i}" for i in range(self.layers)),
            results=", ".join([f"tensor<?x{self.n}xf32>"] * self.layers),
            **common,
        )

    def compile(self, compiler: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
        path = folder / f"{self.name}-{self.lanes}-{self.layers}{self.tile}.so"
        source = path.with_suffix(".mlir")
        source.write_text(self.text())
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
            str(kernel.layers),
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
