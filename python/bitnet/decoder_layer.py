"""The parts of a decoder layer, as ONNX nodes.

Each BitLinear layer is the activation quantizer in plain operators, INT2 codes,
DequantizeLinear and MatMul.
"""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto

from .checkpoint import F32, Checkpoint, Entry, to_floats
from .config import Config
from .graph import Dims, Graph
from .ternary import Linear, pack_int2, read_linear

BATCH, SEQUENCE, PAST, TOTAL = "batch", "sequence", "past", "past + sequence"
HALF_TYPES = {"BF16": TensorProto.BFLOAT16, "F16": TensorProto.FLOAT16}
EMBEDDING = "model.embed_tokens"


def layers_of(config: Config, index: int) -> dict[str, Linear]:
    """The linear layers of one decoder layer, by the last part of their names."""
    attention, mlp = f"model.layers.{index}.self_attn", f"model.layers.{index}.mlp"
    inner, kv = config.heads * config.head_size, config.kv_heads * config.head_size
    hidden, wide, bias = config.hidden, config.intermediate, config.has_attention_bias
    layers = [
        Linear(f"{attention}.q_proj", inner, hidden, bias),
        Linear(f"{attention}.k_proj", kv, hidden, bias),
        Linear(f"{attention}.v_proj", kv, hidden, bias),
        Linear(f"{attention}.o_proj", hidden, inner, bias),
        Linear(f"{mlp}.gate_proj", wide, hidden, config.has_mlp_bias),
        Linear(f"{mlp}.up_proj", wide, hidden, config.has_mlp_bias),
        Linear(f"{mlp}.down_proj", hidden, wide, config.has_mlp_bias),
    ]
    return {layer.module.rpartition(".")[2]: layer for layer in layers}


def norms_of(config: Config, index: int) -> dict[str, int]:
    """The norms of one decoder layer: their names and sizes."""
    layer = f"model.layers.{index}"
    norms = {
        f"{layer}.input_layernorm": config.hidden,
        f"{layer}.post_attention_layernorm": config.hidden,
    }
    if config.has_sub_norms:
        norms[f"{layer}.self_attn.attn_sub_norm"] = config.hidden
        norms[f"{layer}.mlp.ffn_sub_norm"] = config.intermediate
    return norms


def store_floats(graph: Graph, checkpoint: Checkpoint, entry: Entry) -> str:
    """A large float tensor in the checkpoint's own type, or in f32."""
    if entry.type in HALF_TYPES:
        parts = (block.tobytes() for block in checkpoint.blocks(entry))
        return graph.weight(entry.name, HALF_TYPES[entry.type], entry.shape, parts)
    parts = (to_floats(block, entry).tobytes() for block in checkpoint.blocks(entry))
    return graph.weight(entry.name, TensorProto.FLOAT, entry.shape, parts)


def widen(graph: Graph, entry: Entry, value: str) -> str:
    """`value`, which has the type that `entry` is stored in, as f32."""
    if entry.type not in HALF_TYPES:
        return value
    return graph.node("Cast", f"{value}.f32", [value], to=TensorProto.FLOAT)


class Block:
    """The parts of a decoder layer."""

    def __init__(self, config: Config, checkpoint: Checkpoint, graph: Graph) -> None:
        self.config = config
        self.checkpoint = checkpoint
        self.graph = graph

    def _ints(self, name: str, *values: int) -> str:
        return self.graph.constant(name, np.array(values, np.int64))

    def _float(self, name: str, value: float) -> str:
        return self.graph.constant(name, np.array(value, np.float32))

    # -----------------------------------------------------------------------
    # Once per model
    # -----------------------------------------------------------------------

    def begin(self) -> None:
        """Inputs, the mask and the angles, which all layers share."""
        graph, config = self.graph, self.config
        graph.input("attention_mask", TensorProto.INT64, (BATCH, TOTAL))
        graph.input("position_ids", TensorProto.INT64, (BATCH, SEQUENCE))
        for name in self._caches("past_key_values"):
            dims = (BATCH, config.kv_heads, PAST, config.head_size)
            graph.input(name, TensorProto.FLOAT, dims)
        self._mask()
        self._angles()

    def end(self) -> None:
        """The caches as outputs."""
        dims = (BATCH, self.config.kv_heads, TOTAL, self.config.head_size)
        for name in self._caches("present"):
            self.graph.output(name, TensorProto.FLOAT, dims)

    def _caches(self, prefix: str) -> list[str]:
        layers = range(self.config.layers)
        return [f"{prefix}.{i}.{what}" for i in layers for what in ("key", "value")]

    def _mask(self) -> None:
        """mask[b, 0, i, j]: query i may look at key j, which is not later and no
        padding."""
        graph, node = self.graph, self.graph.node
        node("Shape", "past_length", ["past_key_values.0.key"], start=2, end=3)
        node("Shape", "sequence_length", ["input_ids"], start=1, end=2)
        node("Add", "total_length", ["past_length", "sequence_length"])
        node("Squeeze", "past_count", ["past_length"])
        node("Squeeze", "total_count", ["total_length"])
        zero = graph.constant("zero", np.array(0, np.int64))
        one = graph.constant("one", np.array(1, np.int64))
        int64 = TensorProto.INT64
        node("Range", "query_positions", ["past_count", "total_count", one])
        graph.typed("query_positions", (SEQUENCE,), int64)
        node("Range", "key_positions", [zero, "total_count", one])
        graph.typed("key_positions", (TOTAL,), int64)
        query_axes = self._ints("query_axes", 0, 1, 3)
        node("Unsqueeze", "query_column", ["query_positions", query_axes])
        graph.typed("query_column", (1, 1, SEQUENCE, 1), int64)
        key_axes = self._ints("key_axes", 0, 1, 2)
        node("Unsqueeze", "key_row", ["key_positions", key_axes])
        graph.typed("key_row", (1, 1, 1, TOTAL), int64)
        node("LessOrEqual", "causal", ["key_row", "query_column"])
        graph.typed("causal", (1, 1, SEQUENCE, TOTAL), TensorProto.BOOL)
        node("Cast", "is_token", ["attention_mask"], to=TensorProto.BOOL)
        mask_axes = self._ints("mask_axes", 1, 2)
        node("Unsqueeze", "is_token_row", ["is_token", mask_axes])
        graph.typed("is_token_row", (BATCH, 1, 1, TOTAL), TensorProto.BOOL)
        node("And", "mask", ["causal", "is_token_row"])
        graph.typed("mask", (BATCH, 1, SEQUENCE, TOTAL), TensorProto.BOOL)

    def _angles(self) -> None:
        graph = self.graph
        dims = (BATCH, SEQUENCE, self.config.head_size // 2)
        last = self._ints("last_axis", -1)
        graph.node("Unsqueeze", "position_column", ["position_ids", last])
        graph.node("Cast", "position", ["position_column"], to=TensorProto.FLOAT)
        speeds = graph.constant("model.rotary_emb.inv_freq", self.config.frequencies)
        graph.typed(graph.node("Mul", "angle", ["position", speeds]), dims)
        graph.typed(graph.node("Cos", "cos", ["angle"]), dims)
        graph.typed(graph.node("Sin", "sin", ["angle"]), dims)

    # -----------------------------------------------------------------------
    # Norms and linear layers
    # -----------------------------------------------------------------------

    def norm(
        self, module: str, x: str, width: int, epsilon: float | None = None
    ) -> str:
        """RMSNorm with the checkpoint's gain."""
        gain = self.checkpoint.floats(f"{module}.weight", width)
        inputs = [x, self.graph.constant(f"{module}.weight", gain)]
        epsilon = self.config.epsilon if epsilon is None else epsilon
        y = self.graph.node(
            "RMSNormalization", module, inputs, axis=-1, epsilon=epsilon
        )
        return self.graph.typed(y, (BATCH, SEQUENCE, width))

    def quantize(self, prefix: str, x: str, width: int) -> str:
        """x rounded to int8 by token, and back."""
        graph = self.graph
        dims: Dims = (BATCH, SEQUENCE, width)
        column: Dims = (BATCH, SEQUENCE, 1)
        low, high = self._float("int8_low", -128), self._float("int8_high", 127)
        floor = self._float("smallest", 1e-5)

        def step(op: str, name: str, *inputs: str, size: Dims = dims) -> str:
            return graph.typed(graph.node(op, f"{prefix}.{name}", inputs), size)

        magnitude = step("Abs", "abs", x)
        last = self._ints("last_axis", -1)
        largest = step("ReduceMax", "absmax", magnitude, last, size=column)
        guarded = step("Clip", "guarded", largest, floor, size=column)
        inverse = step("Reciprocal", "inverse", guarded, size=column)
        scale = step("Mul", "scale", inverse, high, size=column)
        code = step("Round", "round", step("Mul", "scaled", x, scale))
        return step("Div", "x", step("Clip", "code", code, low, high), scale)

    def bit_linear(self, layer: Linear, x: str, name: str) -> str:
        """A layer on quantized activations."""
        graph, module = self.graph, layer.module
        stored = self.config.quantization.weights
        ternary = read_linear(self.checkpoint, stored, layer)
        codes = graph.weight(
            f"{module}.codes",
            TensorProto.INT2,
            (layer.inputs, layer.outputs),
            [pack_int2(ternary.codes)],
        )
        scale = graph.constant(f"{module}.scale", np.array(ternary.scale))
        weights = graph.node(
            "DequantizeLinear", f"{module}.dequantized", [codes, scale]
        )
        graph.typed(weights, (layer.inputs, layer.outputs))
        return self._multiply(layer, [x, weights], ternary.bias, name)

    def float_linear(self, layer: Linear, x: str, name: str) -> str:
        """A layer that is not quantized."""
        graph, weight = self.graph, f"{layer.module}.weight"
        entry = self.checkpoint.find(weight, (layer.outputs, layer.inputs))
        if layer.module != EMBEDDING:
            store_floats(graph, self.checkpoint, entry)
        wide = widen(graph, entry, weight)
        turned = graph.node("Transpose", f"{weight}.T", [wide], perm=[1, 0])
        graph.typed(turned, (layer.inputs, layer.outputs))
        bias = None
        if layer.has_bias:
            bias = self.checkpoint.floats(f"{layer.module}.bias", layer.outputs)
        return self._multiply(layer, [x, turned], bias, name)

    def _multiply(
        self, layer: Linear, inputs: list[str], bias: F32 | None, name: str
    ) -> str:
        graph, dims = self.graph, (BATCH, SEQUENCE, layer.outputs)
        if bias is None:
            return graph.typed(graph.node("MatMul", name, inputs), dims)
        product = graph.typed(graph.node("MatMul", f"{name}.product", inputs), dims)
        added = graph.constant(f"{layer.module}.bias", bias)
        return graph.typed(graph.node("Add", name, [product, added]), dims)

    def linear(self, layer: Linear, x: str, name: str) -> str:
        """A layer that nobody shares its input with."""
        return self.linears([layer], x, [name])[0]

    def linears(self, layers: list[Linear], x: str, names: list[str]) -> list[str]:
        """Layers with one input, which is quantized once for all of them."""
        results, quantized = [], ""
        for layer, name in zip(layers, names):
            if not self.config.quantization.covers(layer.module):
                results.append(self.float_linear(layer, x, name))
                continue
            epsilon = self.config.quantization.norm_epsilon
            if epsilon is not None:
                inner = f"{layer.module}.rms_norm"
                normed = self.norm(inner, x, layer.inputs, epsilon)
                quantized = self.quantize(f"{layer.module}.input", normed, layer.inputs)
            elif not quantized:
                quantized = self.quantize(f"{layer.module}.input", x, layer.inputs)
            results.append(self.bit_linear(layer, quantized, name))
        return results

    # -----------------------------------------------------------------------
    # A decoder layer
    # -----------------------------------------------------------------------

    def decoder_layer(self, index: int, x: str) -> str:
        """x + attention(norm(x)), and that plus mlp(norm of that)."""
        layer, hidden = f"model.layers.{index}", self.config.hidden
        normed = self.norm(f"{layer}.input_layernorm", x, hidden)
        x = self._add(f"{layer}.attended", x, self._attention(index, normed))
        normed = self.norm(f"{layer}.post_attention_layernorm", x, hidden)
        return self._add(f"{layer}.output", x, self._mlp(index, normed))

    def _add(self, name: str, x: str, y: str) -> str:
        dims = (BATCH, SEQUENCE, self.config.hidden)
        return self.graph.typed(self.graph.node("Add", name, [x, y]), dims)

    def _attention(self, index: int, x: str) -> str:
        config, graph = self.config, self.graph
        prefix, layers = f"model.layers.{index}.self_attn", layers_of(config, index)
        projections = [layers[name] for name in ("q_proj", "k_proj", "v_proj")]
        q, k, v = self.linears(projections, x, [p.module for p in projections])
        query = self._rotate(self._split(q, config.heads), config.heads)
        key = self._rotate(self._split(k, config.kv_heads), config.kv_heads)
        value = self._split(v, config.kv_heads)
        keys = self._append(f"{index}.key", key)
        values = self._append(f"{index}.value", value)
        inputs = [query, keys, values, "mask"]
        scale = 1 / math.sqrt(config.head_size)
        heads = graph.node("Attention", f"{prefix}.attention", inputs, scale=scale)
        graph.typed(heads, (BATCH, config.heads, SEQUENCE, config.head_size))
        y = self._join(prefix, heads)
        if config.has_sub_norms:
            y = self.norm(f"{prefix}.attn_sub_norm", y, config.hidden)
        return self.linear(layers["o_proj"], y, layers["o_proj"].module)

    def _split(self, x: str, heads: int) -> str:
        """[batch, sequence, heads * size] -> [batch, heads, sequence, size]"""
        graph, size = self.graph, self.config.head_size
        shape = self._ints(f"split_{heads}_heads", 0, 0, heads, size)
        split = graph.node("Reshape", f"{x}.split", [x, shape])
        graph.typed(split, (BATCH, SEQUENCE, heads, size))
        turned = graph.node("Transpose", f"{x}.heads", [split], perm=[0, 2, 1, 3])
        return graph.typed(turned, (BATCH, heads, SEQUENCE, size))

    def _rotate(self, x: str, heads: int) -> str:
        y = self.graph.node("RotaryEmbedding", f"{x}.rotated", [x, "cos", "sin"])
        dims = (BATCH, heads, SEQUENCE, self.config.head_size)
        return self.graph.typed(y, dims)

    def _append(self, cache: str, x: str) -> str:
        inputs = [f"past_key_values.{cache}", x]
        return self.graph.node("Concat", f"present.{cache}", inputs, axis=2)

    def _join(self, prefix: str, x: str) -> str:
        """[batch, heads, sequence, size] -> [batch, sequence, heads * size]"""
        graph, heads, size = self.graph, self.config.heads, self.config.head_size
        turned = graph.node("Transpose", f"{prefix}.turned", [x], perm=[0, 2, 1, 3])
        graph.typed(turned, (BATCH, SEQUENCE, heads, size))
        shape = self._ints("joined_heads", 0, 0, heads * size)
        joined = graph.node("Reshape", f"{prefix}.joined", [turned, shape])
        return graph.typed(joined, (BATCH, SEQUENCE, heads * size))

    def _mlp(self, index: int, x: str) -> str:
        config, graph = self.config, self.graph
        prefix = f"model.layers.{index}.mlp"
        layers = layers_of(config, index)
        both = [layers["gate_proj"], layers["up_proj"]]
        gate, up = self.linears(both, x, [layer.module for layer in both])
        dims = (BATCH, SEQUENCE, config.intermediate)
        active = graph.typed(self._activate(prefix, gate), dims)
        y = graph.typed(graph.node("Mul", f"{prefix}.gated", [active, up]), dims)
        if config.has_sub_norms:
            y = self.norm(f"{prefix}.ffn_sub_norm", y, config.intermediate)
        return self.linear(layers["down_proj"], y, layers["down_proj"].module)

    def _activate(self, prefix: str, x: str) -> str:
        node = self.graph.node
        if self.config.activation in ("silu", "swish"):
            sigmoid = node("Sigmoid", f"{prefix}.sigmoid", [x])
            return node("Mul", f"{prefix}.silu", [x, sigmoid])
        relu = node("Relu", f"{prefix}.relu", [x])
        if self.config.activation == "relu":
            return relu
        return node("Pow", f"{prefix}.relu2", [relu, self._float("two", 2)])
