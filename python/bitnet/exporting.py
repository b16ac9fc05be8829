"""From a trained model to the compact ONNX form, without running it."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from tqdm import tqdm

from .checkpoint import Checkpoint
from .config import read_config
from .decoder import Decoder
from .errors import Error
from .graph import new_files, new_model


def export_folder(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    progress: bool = True,
) -> None:
    """Writes a Hugging Face folder (config.json and safetensors) as ONNX.

    It takes BitNetForCausalLM and LlamaForCausalLM with `quantization_config` of
    BitNet. The weights become INT2 codes with a scale; only a few rows of a
    tensor are in memory at a time. PyTorch is not needed.
    """
    folder, output = pathlib.Path(folder), pathlib.Path(output)
    if not folder.is_dir():
        raise Error(f"{folder} is no folder")
    config = read_config(folder / "config.json")
    decoder = Decoder(config, Checkpoint(folder))
    weight_bytes = decoder.check()
    bar = tqdm(total=config.layers + 1, unit="layer", disable=not progress)
    with new_model(output, weight_bytes) as graph, bar:

        def advance(name: str) -> None:
            bar.set_description(name)
            bar.update()

        decoder.write(graph, advance)


def export_module(
    module: Any,
    output: str | os.PathLike[str],
    example_inputs: tuple[Any, ...],
    **options: Any,
) -> None:
    """Writes any torch.nn.Module as torch.onnx.export does it.

    `options` go to torch.onnx.export, as `dynamic_shapes` or `input_names`. BitNet
    quantizers stay in the graph; the compiler finds and evaluates them.
    """
    # transformers compiles its quantizers, which the exporter cannot look into.
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
    import torch

    output = pathlib.Path(output)
    options = {"dynamo": True, "opset_version": 23, **options}
    with new_files(output) as new:
        torch.onnx.export(module.eval(), example_inputs, str(new), **options)


def export(
    source: Any,
    output: str | os.PathLike[str],
    example_inputs: tuple[Any, ...] | None = None,
    **options: Any,
) -> None:
    """Writes a Hugging Face folder, or a torch.nn.Module, to the file `output`.

    bitnet.export("my-model", "model.onnx")
    bitnet.export(module, "model.onnx", (ids,), input_names=["ids"])

    See export_folder and export_module for the options. A file that is there is
    replaced when all went well, and stays as it is otherwise.
    """
    if isinstance(source, (str, os.PathLike)):
        export_folder(source, output, **options)
    elif example_inputs is None:
        raise Error("a module is exported with example inputs; there are none")
    else:
        export_module(source, output, example_inputs, **options)
