"""Makes the Hugging Face folders in Inputs/hf with transformers itself.

    python make_hf_folders.py [OUTPUT]

Needs torch, transformers and accelerate, which the tests then do not: each folder
has an expected.npz with what transformers computes from it in f32: the logits of
two prompts and their greedy continuations. Of many prompts those are taken whose
activations stay away from a rounding tie and whose best tokens lead clearly, so
that another order of summation gives the same. Made with torch 2.14, transformers 5.24.
"""

import os

os.environ["TORCHDYNAMO_DISABLE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import json
import pathlib
import shutil
import sys

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import BitNetConfig, LlamaConfig
from transformers.integrations import bitnet

PROMPT, NEW, ROWS, LEAD = 7, 12, 256, 0.02
LAYERS = (bitnet.BitLinear, bitnet.AutoBitLinear)
SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
PACKED = {"linear_class": "bitlinear"}
OFFLINE = {"linear_class": "autobitlinear", "quantization_mode": "offline"}
ONLINE = {"linear_class": "autobitlinear", "quantization_mode": "online"}


def config_of(kind, quantization, **changes):
    config = kind(**{**SMALL, **changes})
    config.quantization_config = {"quant_method": "bitnet", **quantization}
    return config


FOLDERS = {
    "bitnet-packed": config_of(BitNetConfig, PACKED, tie_word_embeddings=True),
    "bitnet-offline": config_of(BitNetConfig, OFFLINE, tie_word_embeddings=True),
    "bitnet-online": config_of(BitNetConfig, ONLINE, tie_word_embeddings=True),
    "bitnet-online-bf16": config_of(BitNetConfig, ONLINE, attention_bias=True),
    "bitnet-offline-norm": config_of(
        BitNetConfig, {**OFFLINE, "use_rms_norm": True, "rms_norm_eps": 1e-3}
    ),
    "llama-packed": config_of(LlamaConfig, PACKED),
    "llama-packed-bias": config_of(
        LlamaConfig, PACKED, attention_bias=True, mlp_bias=True, head_dim=16
    ),
    "llama-offline-bias": config_of(
        LlamaConfig, OFFLINE, attention_bias=True, mlp_bias=True
    ),
    "llama-offline-unpacked": config_of(LlamaConfig, OFFLINE, tie_word_embeddings=True),
    "llama-online-norm": config_of(
        LlamaConfig, {**ONLINE, "use_rms_norm": True}, rope_parameters=LLAMA3
    ),
    "llama-online-mixed": config_of(
        LlamaConfig,
        {
            **ONLINE,
            "modules_to_not_convert": ["model.layers.1", "layers.0.mlp.up_proj"],
        },
        num_key_value_heads=1,
        rope_parameters={"rope_type": "linear", "rope_theta": 5000.0, "factor": 2.0},
    ),
    "llama-packed-sharded-f16": config_of(LlamaConfig, PACKED, hidden_act="relu2"),
}
HALVES = {"bf16": torch.bfloat16, "f16": torch.float16}


def values(name, shape, generator):
    noise = torch.randn(shape, generator=generator)
    if "norm" in name:
        return 1 + 0.2 * noise
    if "embed" in name:
        return 0.5 * noise
    return 0.15 * noise + 0.01


def ternary(weight):
    scale = weight.abs().mean().clamp(min=1e-5)
    return (weight / scale).round().clamp(-1, 1), scale


def tensors_of(name, config):
    """The tensors that transformers' model of this config has, filled."""
    quantization = transformers.BitNetQuantConfig(**config.quantization_config)
    model = getattr(
        transformers, type(config).__name__.replace("Config", "ForCausalLM")
    )
    model = model(config)
    kept = quantization.modules_to_not_convert or ["lm_head"]
    bitnet.replace_with_bitnet_linear(model, kept, quantization)
    generator = torch.Generator().manual_seed(158)
    dtype = next((t for key, t in HALVES.items() if key in name), torch.float32)
    linears = {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, LAYERS)
    }
    filled = {}
    for key, tensor in model.state_dict().items():
        path, _, what = key.rpartition(".")
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        if what == "weight_scale":
            continue
        if path not in linears or what == "bias":
            filled[key] = values(key, tensor.shape, generator).to(dtype)
            continue
        shape = (linears[path].out_features, linears[path].in_features)
        weight = values(key, shape, generator)
        filled[key] = weight.to(dtype)
        if quantization.quantization_mode == "online":
            continue
        codes, scale = ternary(weight)
        inverse = quantization.linear_class == "bitlinear"
        filled[f"{path}.weight_scale"] = (
            (1 / scale if inverse else scale).reshape(1).to(dtype)
        )
        packed = "unpacked" not in name
        filled[key] = bitnet.pack_weights(codes) if packed else codes.to(dtype)
    return filled


def write(folder, name, config):
    folder.mkdir(parents=True)
    tensors = {key: t.contiguous() for key, t in tensors_of(name, config).items()}
    if "sharded" in name:
        names = sorted(tensors)
        halves = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
        for file, keys in halves.items():
            save_file({key: tensors[key] for key in keys}, folder / file)
        places = {key: file for file, keys in halves.items() for key in keys}
        index = {"metadata": {}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(
            json.dumps(index, indent=1)
        )
    else:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    fields = config.to_dict()
    fields["architectures"] = [type(config).__name__.replace("Config", "ForCausalLM")]
    (folder / "config.json").write_text(json.dumps(fields, indent=1) + "\n")


def logits_and_margins(model, ids):
    """The logits, and how far each row's scaled activations stay from a tie."""
    margins, hooks = [], []

    def look(module, inputs):
        x = inputs[0] if module.rms_norm is None else module.rms_norm(inputs[0])
        scaled = x * (127 / x.abs().amax(-1, keepdim=True).clamp(min=1e-5))
        margins.append((scaled - scaled.floor() - 0.5).abs().amin((1, 2)))

    for module in model.modules():
        if isinstance(module, LAYERS):
            hooks.append(module.register_forward_pre_hook(look))
    logits = model(ids).logits
    for hook in hooks:
        hook.remove()
    return logits, torch.stack(margins).amin(0)


def choose(model):
    """Two prompts with continuations: ids and logits of all."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(2, SMALL["vocab_size"], (ROWS, PROMPT), generator=generator)
    greedy = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=NEW,
        min_new_tokens=NEW,
        do_sample=False,
        eos_token_id=None,
    )
    logits, margins = logits_and_margins(model, greedy)
    best = logits[:, PROMPT - 1 : -1].topk(2).values
    leads = (best[..., 0] - best[..., 1]).amin(1)
    rows = torch.where(leads > LEAD, margins, 0).topk(2).indices
    print(f"  margins {margins[rows].tolist()}, leads {leads[rows].tolist()}")
    return greedy[rows], logits[rows]


@torch.no_grad()
def main(output):
    for name, config in FOLDERS.items():
        folder = output / name
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, name, config)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32
        ).eval()
        print(f"{name}: {sum(isinstance(m, LAYERS) for m in model.modules())} layers")
        ids, logits = choose(model)
        np.savez_compressed(
            folder / "expected.npz",
            ids=ids.numpy(),
            logits=logits.numpy(),
            prompt=PROMPT,
        )


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent
    main(pathlib.Path(sys.argv[1]) if sys.argv[1:] else here / "Inputs" / "hf")
