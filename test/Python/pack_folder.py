"""Packs the float weights of a Hugging Face folder, as Models/austen was made.

    PYTHONPATH=python python3 test/Python/pack_folder.py FOLDER OUTPUT

A folder with `quantization_mode` online becomes one with offline: four codes in
a byte and a weight_scale. What is not ternary stays as it is.
"""

import json
import pathlib
import shutil
import sys

import numpy as np

from bitnet.checkpoint import Checkpoint
from bitnet.config import read_config
from bitnet.ternary import ternarize
from safetensors_file import Tensors, write_tensors


def packed(checkpoint: Checkpoint, covers) -> Tensors:
    tensors: Tensors = {}
    for name, entry in checkpoint.entries.items():
        module, _, what = name.rpartition(".")
        if what != "weight" or len(entry.shape) != 2 or not covers(module):
            data = b"".join(block.tobytes() for block in checkpoint.blocks(entry))
            tensors[name] = (entry.type, list(entry.shape), data)
            continue
        codes, scale = ternarize(checkpoint, entry)
        quarters = (codes + 1).astype(np.uint8).reshape(4, -1, codes.shape[1])
        rows = quarters[0] | quarters[1] << 2 | quarters[2] << 4 | quarters[3] << 6
        tensors[name] = ("U8", list(rows.shape), rows.tobytes())
        tensors[f"{module}.weight_scale"] = ("F32", [1], np.float32(scale).tobytes())
    return tensors


def main(folder: pathlib.Path, output: pathlib.Path) -> None:
    quantization = read_config(folder / "config.json").quantization
    assert quantization.weights == "online"

    def covers(module: str) -> bool:
        return module.endswith("_proj") and quantization.covers(module)

    output.mkdir(parents=True, exist_ok=True)
    tensors = packed(Checkpoint(folder), covers)
    write_tensors(output / "model.safetensors", tensors)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"]["quantization_mode"] = "offline"
    (output / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, output / name)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
