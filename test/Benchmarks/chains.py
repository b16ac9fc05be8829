"""Layers one after the other, as ONNX files: what the peers and the compiler are timed on.

A chain has enough layers that caches don't hold its weights, each with other random ternary
ones. `Form` says how a layer is written: as BitNet exporters do, or as a peer likes it best.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STREAM = 160 << 20
"""Bytes of weights, as a form stores them: several times a last cache of 32 MB."""

BLOCK = 128
"""Weights that share a scale, for the peers that know no larger group."""


class Chain(NamedTuple):
    """Shapes N x K of the layers, which are repeated; each takes what the last one gives."""

    shapes: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        return " + ".join(f"{n}x{k}" for n, k in self.shapes)

    def weights(self) -> int:
        return sum(n * k for n, k in self.shapes)

    def repeats(self, bits: float) -> int:
        return max(2, -(-STREAM * 8 // int(self.weights() * bits)))


CHAINS = (
    Chain(((2560, 2560),)),
    Chain(((6912, 2560), (2560, 6912))),
    Chain(((640, 2560), (2560, 640))),
    Chain(((4096, 1536), (1536, 4096))),
    Chain(((14336, 4096), (4096, 14336))),
)

BITS = {"bitnet": 2, "fp32": 32, "int8": 8, "nbits4": 4, "nbits2": 2}
"""What a weight takes in each form."""


class Graph:
    """A model under construction."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.random = np.random.default_rng(seed)

    def add(self, op: str, *inputs: str, **attributes: object) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, list(inputs), [output], name=output, **attributes)
        )
        return output

    def number(self, name: str, value: np.ndarray) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def packed(self, kind: int, shape: tuple[int, ...], data: np.ndarray) -> str:
        name = f"w{len(self.constants)}"
        tensor = TensorProto(name=name, dims=shape, data_type=kind)
        tensor.raw_data = data.tobytes()
        self.constants[name] = tensor
        return name

    def trits(self, n: int, k: int) -> np.ndarray:
        return self.random.integers(-1, 2, (n, k), np.int8)


def scale_of(k: int) -> np.ndarray:
    """What keeps the size of activations."""
    return np.array((2 * k / 3) ** -0.5, np.float32)


def quantize_as_exported(graph: Graph, x: str) -> str:
    """round(x s) / s, s = 127 / max |x|, as PyTorch's exporter writes it."""
    high = graph.number("high", np.float32(127))
    low = graph.number("low", np.float32(-128))
    least = graph.number("least", np.float32(1e-5))
    axes = graph.number("axes", np.array([-1]))
    largest = graph.add("ReduceMax", graph.add("Abs", x), axes, keepdims=1)
    scale = graph.add("Div", high, graph.add("Clip", largest, least))
    codes = graph.add("Round", graph.add("Mul", x, scale))
    return graph.add("Div", graph.add("Clip", codes, low, high), scale)


def bitnet_layer(graph: Graph, x: str, n: int, k: int) -> str:
    codes = (graph.trits(k, n) & 3).astype(np.uint8).reshape(-1, 4)
    data = codes[:, 0] | codes[:, 1] << 2 | codes[:, 2] << 4 | codes[:, 3] << 6
    weights = graph.add(
        "DequantizeLinear",
        graph.packed(TensorProto.INT2, (k, n), data),
        graph.number(f"scale{k}", scale_of(k)),
    )
    return graph.add("MatMul", quantize_as_exported(graph, x), weights)


def fp32_layer(graph: Graph, x: str, n: int, k: int) -> str:
    weights = graph.trits(k, n) * scale_of(k)
    return graph.add("MatMul", x, graph.packed(TensorProto.FLOAT, (k, n), weights))


def int8_layer(graph: Graph, x: str, n: int, k: int) -> str:
    codes, scale, zero = (f"v{len(graph.nodes)}{part}" for part in "qsz")
    graph.nodes.append(
        helper.make_node("DynamicQuantizeLinear", [x], [codes, scale, zero])
    )
    weights = graph.packed(TensorProto.INT8, (k, n), graph.trits(k, n))
    sums = graph.add("MatMulInteger", codes, weights, zero)
    factor = graph.add("Mul", scale, graph.number(f"scale{k}", scale_of(k)))
    return graph.add("Mul", graph.add("Cast", sums, to=TensorProto.FLOAT), factor)


def nbits_layer(graph: Graph, x: str, n: int, k: int, bits: int) -> str:
    codes = (graph.trits(n, k) + (1 << bits - 1)).astype(np.uint8)
    fields = codes.reshape(n, k // BLOCK, -1, 8 // bits)
    data = sum(fields[..., i] << bits * i for i in range(8 // bits))
    assert isinstance(data, np.ndarray)
    scales = np.full((n, k // BLOCK), scale_of(k))
    return graph.add(
        "MatMulNBits",
        x,
        graph.packed(TensorProto.UINT8, data.shape, data),
        graph.number(f"scales{n}x{k}", scales),
        domain="com.microsoft",
        K=k,
        N=n,
        bits=bits,
        block_size=BLOCK,
        accuracy_level=4,
    )


def add_layer(graph: Graph, form: str, x: str, n: int, k: int) -> str:
    if form.startswith("nbits"):
        return nbits_layer(graph, x, n, k, int(form[-1]))
    layer = {"bitnet": bitnet_layer, "fp32": fp32_layer, "int8": int8_layer}[form]
    return layer(graph, x, n, k)


def write_chain(chain: Chain, form: str, path: pathlib.Path) -> int:
    """Writes the model; gives how often the chain's shapes are repeated in it."""
    graph = Graph(seed=1)
    repeats = chain.repeats(BITS[form])
    x = "x"
    for n, k in chain.shapes * repeats:
        x = add_layer(graph, form, x, n, k)
    width = chain.shapes[0][1]
    value = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "chain",
            [value("x", TensorProto.FLOAT, ["rows", width])],
            [value(x, TensorProto.FLOAT, ["rows", width])],
            list(graph.constants.values()),
        ),
        opset_imports=[
            helper.make_opsetid("", 25 if form == "bitnet" else 21),
            helper.make_opsetid("com.microsoft", 1),
        ],
        ir_version=13 if form == "bitnet" else 10,
    )
    data = path.name + ".data"
    (path.parent / data).unlink(missing_ok=True)
    onnx.save(
        model, path, save_as_external_data=True, location=data, size_threshold=1024
    )
    return repeats
