"""Writes a BitNet language model as PyTorch exports it, of any size, with random weights.

    python3 test/Python/large_export.py FOLDER [--layers 30] [--hidden 2560] ...

FOLDER gets model.onnx and model.onnx.data. The default has the sizes of BitNet b1.58 2B4T
(2.4 billion weights, 9.7 GB); weights are f32 and every quantizer is in the graph.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET = 23
LARGE = 1024
"""Tensors of more bytes are external."""


class Graph:
    """Nodes and initializers under construction; large ones go straight to the file."""

    def __init__(self, data: pathlib.Path) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.file = data.open("wb")
        self.name = data.name
        self.module = ""

    def constant(self, name: str, values: np.ndarray) -> str:
        if name in self.initializers:
            return name
        if values.nbytes <= LARGE:
            tensor = onnx.numpy_helper.from_array(values, name)
        else:
            kind = helper.np_dtype_to_tensor_dtype(values.dtype)
            tensor = TensorProto(name=name, dims=values.shape, data_type=kind)
            tensor.data_location = TensorProto.EXTERNAL
            place = {
                "location": self.name,
                "offset": str(self.file.tell()),
                "length": str(values.nbytes),
            }
            for key, value in place.items():
                tensor.external_data.add(key=key, value=value)
            values.tofile(self.file)
            self.file.seek(-self.file.tell() % 4096, 1)
        self.initializers[name] = tensor
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number_{value}", np.float32(value))

    def ints(self, *values: int) -> str:
        name = "ints_" + "_".join(map(str, values))
        return self.constant(name, np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Adds a node; its result's name."""
        result = attributes.pop("result", None) or f"{kind.lower()}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [result], f"node_{result}", **attributes)
        if self.module:
            node.metadata_props.add(
                key="pkg.torch.onnx.name_scopes", value=f"['', '{self.module}', 'op']"
            )
        self.nodes.append(node)
        return result

    def inside(self, module: str) -> "Graph":
        self.module = module
        return self


class Model:
    """The sizes, and the layers that have them."""

    def __init__(self, graph: Graph, sizes: argparse.Namespace) -> None:
        self.graph, self.sizes = graph, sizes
        self.random = np.random.default_rng(sizes.seed)
        self.head = sizes.hidden // sizes.heads

    def weights(self, name: str, *shape: int) -> str:
        values = self.random.standard_normal(shape, np.float32)
        values *= np.float32(0.02)
        return self.graph.constant(name, values)

    def round_weights(self, w: str) -> str:
        """Straight-through absmean."""
        g = self.graph
        mean = g.op("Squeeze", g.op("ReduceMean", g.op("Abs", w), keepdims=1))
        scale = g.op("Reciprocal", g.op("Clip", mean, g.number(1e-5)))
        codes = g.op("Round", g.op("Mul", w, scale))
        codes = g.op("Clip", codes, g.number(-1), g.number(1))
        return g.op("Add", w, g.op("Sub", g.op("Div", codes, scale), w))

    def round_activations(self, x: str) -> str:
        """Straight-through absmax of each token."""
        g = self.graph
        largest = g.op("ReduceMax", g.op("Abs", x), g.ints(-1), keepdims=1)
        inverse = g.op("Reciprocal", g.op("Clip", largest, g.number(1e-5)))
        scale = g.op("Mul", inverse, g.number(127))
        codes = g.op("Round", g.op("Mul", x, scale))
        codes = g.op("Clip", codes, g.number(-128), g.number(127))
        return g.op("Add", x, g.op("Sub", g.op("Div", codes, scale), x))

    def linear(self, name: str, rounded: str, inputs: int, outputs: int) -> str:
        g = self.graph.inside(name)
        w = self.round_weights(self.weights(name + ".weight", outputs, inputs))
        return g.op("MatMul", rounded, g.op("Transpose", w, perm=[1, 0]))

    def norm(self, name: str, x: str, size: int) -> str:
        g = self.graph.inside(name)
        gain = g.constant(name + ".weight", np.ones(size, np.float32))
        return g.op("RMSNormalization", x, gain, axis=-1, epsilon=1e-5)

    def split_heads(self, x: str, heads: int) -> str:
        g = self.graph
        split = g.op("Reshape", x, g.ints(0, 0, heads, self.head))
        return g.op("Transpose", split, perm=[0, 2, 1, 3])

    def turn(self, x: str) -> str:
        g = self.graph
        cos, sin = g.op("Cos", "angles"), g.op("Sin", "angles")
        return g.op("RotaryEmbedding", x, cos, sin)

    def attention(self, layer: int, name: str, x: str) -> str:
        sizes, g = self.sizes, self.graph
        hidden, kv = sizes.hidden, sizes.kv_heads * self.head
        rounded = self.round_activations(x)
        q = self.linear(name + ".q_proj", rounded, hidden, hidden)
        k = self.linear(name + ".k_proj", rounded, hidden, kv)
        v = self.linear(name + ".v_proj", rounded, hidden, kv)
        g.inside(name)
        q = self.turn(self.split_heads(q, sizes.heads))
        k = self.turn(self.split_heads(k, sizes.kv_heads))
        v = self.split_heads(v, sizes.kv_heads)
        past = f"past_key_values.{layer}"
        k = g.op("Concat", past + ".key", k, axis=-2, result=f"present.{layer}.key")
        v = g.op("Concat", past + ".value", v, axis=-2, result=f"present.{layer}.value")
        y = g.op("Attention", q, k, v, "mask", scale=float(self.head**-0.5))
        y = g.op("Transpose", y, perm=[0, 2, 1, 3])
        y = g.op("Reshape", y, g.ints(0, 0, hidden))
        y = self.norm(name + ".attn_sub_norm", y, hidden)
        return self.linear(name + ".o_proj", self.round_activations(y), hidden, hidden)

    def feed_forward(self, name: str, x: str) -> str:
        sizes, g = self.sizes, self.graph
        rounded = self.round_activations(x)
        gate = self.linear(name + ".gate_proj", rounded, sizes.hidden, sizes.ffn)
        up = self.linear(name + ".up_proj", rounded, sizes.hidden, sizes.ffn)
        g.inside(name)
        relu = g.op("Relu", gate)
        y = g.op("Mul", g.op("Mul", relu, relu), up)
        y = self.norm(name + ".ffn_sub_norm", y, sizes.ffn)
        return self.linear(
            name + ".down_proj", self.round_activations(y), sizes.ffn, sizes.hidden
        )

    def prologue(self) -> None:
        """The angles of positions, and what each token may see."""
        g = self.graph.inside("model.rotary_emb")
        half = np.arange(0, self.head, 2, dtype=np.float32) / np.float32(self.head)
        frequencies = np.float32(5e5) ** -half
        positions = g.op("Cast", "position_ids", to=TensorProto.FLOAT)
        positions = g.op("Unsqueeze", positions, g.ints(-1))
        inverse = g.constant("model.rotary_emb.inv_freq", frequencies)
        g.op("Mul", positions, inverse, result="angles")
        g.inside("model")
        total = g.op("Shape", "attention_mask", start=1, end=2)
        keys = g.op(
            "Range",
            g.constant("zero", np.int64(0)),
            g.op("Squeeze", total),
            g.constant("one", np.int64(1)),
        )
        queries = g.op("Unsqueeze", "position_ids", g.ints(1, 3))
        seen = g.op("LessOrEqual", keys, queries)
        kept = g.op("Cast", "attention_mask", to=TensorProto.BOOL)
        g.op("And", seen, g.op("Unsqueeze", kept, g.ints(1, 2)), result="mask")

    def build(self) -> None:
        sizes, g = self.sizes, self.graph
        self.prologue()
        table = self.weights("model.embed_tokens.weight", sizes.vocab, sizes.hidden)
        x = g.inside("model.embed_tokens").op("Gather", table, "input_ids", axis=0)
        for layer in range(sizes.layers):
            name = f"model.layers.{layer}"
            y = self.norm(name + ".input_layernorm", x, sizes.hidden)
            x = g.op("Add", x, self.attention(layer, name + ".self_attn", y))
            y = self.norm(name + ".post_attention_layernorm", x, sizes.hidden)
            x = g.op("Add", x, self.feed_forward(name + ".mlp", y))
        x = self.norm("model.norm", x, sizes.hidden)
        g.inside("lm_head")
        turned = g.op("Transpose", table, perm=[1, 0])
        g.op("MatMul", x, turned, result="logits")

    def values(self, cache: str, length: str) -> list[onnx.ValueInfoProto]:
        """The caches as graph inputs or outputs."""
        shape = ["batch", self.sizes.kv_heads, length, self.head]
        return [
            helper.make_tensor_value_info(
                f"{cache}.{layer}.{part}", TensorProto.FLOAT, shape
            )
            for layer in range(self.sizes.layers)
            for part in ("key", "value")
        ]


def write(folder: pathlib.Path, sizes: argparse.Namespace) -> pathlib.Path:
    """Writes FOLDER/model.onnx and its data."""
    graph = Graph(folder / "model.onnx.data")
    model = Model(graph, sizes)
    model.build()
    graph.file.truncate()
    graph.file.close()
    info = helper.make_tensor_value_info
    inputs = [
        info("input_ids", TensorProto.INT64, ["batch", "sequence"]),
        info("attention_mask", TensorProto.INT64, ["batch", "total"]),
        info("position_ids", TensorProto.INT64, ["batch", "sequence"]),
    ]
    logits = info("logits", TensorProto.FLOAT, ["batch", "sequence", sizes.vocab])
    proto = helper.make_graph(
        graph.nodes,
        "main_graph",
        inputs + model.values("past_key_values", "past"),
        [logits] + model.values("present", "total"),
        list(graph.initializers.values()),
    )
    imports = [helper.make_opsetid("", OPSET)]
    path = folder / "model.onnx"
    onnx.save(helper.make_model(proto, opset_imports=imports, ir_version=10), path)
    return path


def parse(
    arguments: list[str] | None = None,
) -> tuple[pathlib.Path, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    defaults = {
        "layers": 30,
        "hidden": 2560,
        "ffn": 6912,
        "heads": 20,
        "kv_heads": 5,
        "vocab": 128256,
        "seed": 1,
    }
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    sizes = parser.parse_args(arguments)
    return sizes.folder, sizes


if __name__ == "__main__":
    print(write(*parse()))
