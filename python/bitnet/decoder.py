"""The ONNX graph of a Llama-like decoder with BitNet layers.

One graph for prompts and for single tokens: past keys and values come in as
inputs and leave, longer, as outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from onnx import TensorProto

from .checkpoint import Checkpoint
from .config import NO_LIMIT, Config
from .decoder_layer import (
    BATCH,
    EMBEDDING,
    HALF_TYPES,
    SEQUENCE,
    Block,
    layers_of,
    norms_of,
    store_floats,
    widen,
)
from .errors import Error
from .graph import Dims, Graph
from .ternary import Linear, find_weight

HEAD = "lm_head"
CONTEXT = "bitnet.context"
"""What the compiler reads: the most positions that the model was trained for."""

Progress = Callable[[str], object]


class Decoder:
    """Writes one checkpoint as a graph."""

    def __init__(self, config: Config, checkpoint: Checkpoint) -> None:
        self.config = config
        self.checkpoint = checkpoint
        self.head = Linear(HEAD, config.vocabulary, config.hidden, False)
        # Tied and not quantized, the head's weights are the embedding's.
        self.shares_embedding = config.is_tied and not config.quantization.covers(HEAD)

    # -----------------------------------------------------------------------
    # What there must be
    # -----------------------------------------------------------------------

    def _linears(self) -> Iterator[Linear]:
        for index in range(self.config.layers):
            yield from layers_of(self.config, index).values()
        if not self.config.is_tied:
            yield self.head

    def _norms(self) -> Iterator[tuple[str, int]]:
        for index in range(self.config.layers):
            yield from norms_of(self.config, index).items()
        yield "model.norm", self.config.hidden

    def check(self) -> int:
        """Checks that each tensor is there and none besides; returns roughly how
        many bytes of weights the graph will have."""
        config, find = self.config, self.checkpoint.find
        embedding = find(f"{EMBEDDING}.weight", (config.vocabulary, config.hidden))
        used, size = {embedding.name}, embedding.size
        for norm, width in self._norms():
            used.add(find(f"{norm}.weight", (width,)).name)
        for layer in self._linears():
            used.update(self._tensors_of(layer))
            quarter = 0.25 if config.quantization.covers(layer.module) else 4
            size += int(layer.outputs * layer.inputs * quarter)
        for name in self.checkpoint.entries.keys() - used:
            tied = config.is_tied and name == f"{HEAD}.weight"
            if not tied and not name.endswith("rotary_emb.inv_freq"):
                raise Error(
                    f"{self.checkpoint.folder}: tensor {name!r} belongs to nothing "
                    "that config.json describes"
                )
        return size

    def _tensors_of(self, layer: Linear) -> Iterator[str]:
        find, quantization = self.checkpoint.find, self.config.quantization
        if layer.has_bias:
            yield find(f"{layer.module}.bias", (layer.outputs,)).name
        if not quantization.covers(layer.module):
            yield find(f"{layer.module}.weight", (layer.outputs, layer.inputs)).name
            return
        yield find_weight(self.checkpoint, quantization.weights, layer).name
        if quantization.weights != "online":
            yield find(f"{layer.module}.weight_scale", (1,), ()).name
        if quantization.norm_epsilon is not None:
            yield find(f"{layer.module}.rms_norm.weight", (layer.inputs,)).name

    # -----------------------------------------------------------------------
    # The graph
    # -----------------------------------------------------------------------

    def write(self, graph: Graph, progress: Progress) -> None:
        """Appends the whole decoder, calling `progress` with the name of each layer
        when it's done."""
        if self.config.positions != NO_LIMIT:
            graph.metadata[CONTEXT] = str(self.config.positions)
        block = Block(self.config, self.checkpoint, graph)
        x = self._embed(graph)
        block.begin()
        for index in range(self.config.layers):
            x = block.decoder_layer(index, x)
            progress(f"model.layers.{index}")
        x = block.norm("model.norm", x, self.config.hidden)
        self._unembed(graph, block, x)
        progress(HEAD)
        logits: Dims = (BATCH, SEQUENCE, self.config.vocabulary)
        graph.output("logits", TensorProto.FLOAT, logits)
        block.end()

    def _embed(self, graph: Graph) -> str:
        config = self.config
        graph.input("input_ids", TensorProto.INT64, (BATCH, SEQUENCE))
        entry = self.checkpoint.find(
            f"{EMBEDDING}.weight", (config.vocabulary, config.hidden)
        )
        table = store_floats(graph, self.checkpoint, entry)
        rows = graph.node("Gather", f"{EMBEDDING}.rows", [table, "input_ids"], axis=0)
        dims = (BATCH, SEQUENCE, config.hidden)
        graph.typed(rows, dims, HALF_TYPES.get(entry.type, TensorProto.FLOAT))
        return graph.typed(widen(graph, entry, rows), dims)

    def _unembed(self, graph: Graph, block: Block, x: str) -> None:
        if not self.shares_embedding and not self.config.is_tied:
            block.linear(self.head, x, "logits")
            return
        tied = Linear(EMBEDDING, *self.head[1:])
        if self.shares_embedding:
            block.float_linear(tied, x, "logits")
        else:
            block.bit_linear(tied, block.quantize(HEAD, x, tied.inputs), "logits")
