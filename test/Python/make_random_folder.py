"""Makes a Hugging Face folder of any size with random ternary weights.

    python3 make_random_folder.py OUTPUT                  # as BitNet b1.58 2B4T
    python3 make_random_folder.py OUTPUT --layers 2 --hidden 256

The layout is microsoft/bitnet-b1.58-2B-4T's: packed weights whose weight_scale
multiplies (autobitlinear, offline), a tied embedding in bf16, and a tokenizer with
an entry for each id. The same options give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
from collections.abc import Iterator

import numpy as np
from tokenizers.pre_tokenizers import ByteLevel

SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>")


def config_of(options: argparse.Namespace) -> dict:
    return {
        "architectures": ["BitNetForCausalLM"],
        "model_type": "bitnet",
        "vocab_size": options.vocabulary,
        "hidden_size": options.hidden,
        "intermediate_size": options.intermediate,
        "num_hidden_layers": options.layers,
        "num_attention_heads": options.hidden // options.head_size,
        "num_key_value_heads": options.kv_heads,
        "max_position_embeddings": 4096,
        "hidden_act": "relu2",
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "tie_word_embeddings": True,
        "bos_token_id": options.vocabulary - 2,
        "eos_token_id": options.vocabulary - 1,
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "bitnet",
            "linear_class": "autobitlinear",
            "quantization_mode": "offline",
        },
    }


def shapes_of(config: dict) -> Iterator[tuple[str, str, list[int]]]:
    """Name, type and shape of each tensor."""
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    kv = config["num_key_value_heads"] * (hidden // config["num_attention_heads"])
    yield "model.embed_tokens.weight", "BF16", [config["vocab_size"], hidden]
    linears = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (kv, hidden),
        "self_attn.v_proj": (kv, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (wide, hidden),
        "mlp.up_proj": (wide, hidden),
        "mlp.down_proj": (hidden, wide),
    }
    norms = {
        "input_layernorm": hidden,
        "post_attention_layernorm": hidden,
        "self_attn.attn_sub_norm": hidden,
        "mlp.ffn_sub_norm": wide,
    }
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        for name, (outputs, inputs) in linears.items():
            yield f"{layer}.{name}.weight", "U8", [outputs // 4, inputs]
            yield f"{layer}.{name}.weight_scale", "BF16", [1]
        for name, width in norms.items():
            yield f"{layer}.{name}.weight", "BF16", [width]
    yield "model.norm.weight", "BF16", [hidden]


def to_bf16(values: np.ndarray) -> np.ndarray:
    """The upper half of each f32."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


QUADS = np.array(
    [
        sum(int(d) << 2 * i for i, d in enumerate(np.unravel_index(n, [3] * 4)))
        for n in range(81)
    ],
    np.uint8,
)
"""All bytes of four codes."""


def blocks_of(
    name: str, shape: list[int], rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Random data of a tensor, some rows at a time."""
    if name.endswith("weight_scale"):
        yield to_bf16(np.array([1.5]))
    elif len(shape) == 1:
        yield to_bf16(np.ones(shape))
    else:
        for row in range(0, shape[0], 1024):
            part = (min(1024, shape[0] - row), shape[1])
            if name.startswith("model.embed_tokens"):
                yield to_bf16(rng.standard_normal(part, np.float32))
            else:
                yield QUADS[rng.integers(0, 81, part, np.uint8)]


def write_tensors(path: pathlib.Path, config: dict, seed: int) -> None:
    tensors = list(shapes_of(config))
    header, offset = {}, 0
    for name, kind, shape in tensors:
        end = offset + math.prod(shape) * (2 if kind == "BF16" else 1)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, _, shape in tensors:
            for block in blocks_of(name, shape, rng):
                file.write(block.tobytes())


def tokenizer_of(size: int) -> dict:
    """Byte-level BPE whose entries are bytes, pairs of bytes and triples of bytes."""
    letters = sorted(ByteLevel.alphabet())
    merges = [[a, b] for a in letters for b in letters]
    merges += [[a + b, c] for a, b in merges[:1000] for c in letters]
    merges = merges[: size - len(letters) - len(SPECIAL)]
    entries = letters + [a + b for a, b in merges]
    vocabulary = {entry: i for i, entry in enumerate(entries)}
    special = [
        {"id": len(entries) + i, "content": content, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for i, content in enumerate(SPECIAL)
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": {**byte_level, "use_regex": True},
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=pathlib.Path)
    sizes = {
        "vocabulary": 128256,
        "hidden": 2560,
        "intermediate": 6912,
        "layers": 30,
        "head-size": 128,
        "kv-heads": 5,
        "seed": 1,
    }
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    config = config_of(options)
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(config, indent=1) + "\n"
    (options.output / "config.json").write_text(text)
    tokenizer = json.dumps(tokenizer_of(options.vocabulary), ensure_ascii=False)
    (options.output / "tokenizer.json").write_text(tokenizer)
    write_tensors(options.output / "model.safetensors", config, options.seed)


if __name__ == "__main__":
    main()
