"""What the config.json of a Hugging Face folder says about a decoder."""

from __future__ import annotations

import math
import pathlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checkpoint import read_json
from .errors import Error


@dataclass(frozen=True)
class Architecture:
    """What is not in a config.json, because the name says it."""

    has_sub_norms: bool
    """Norms before o_proj and down_proj."""
    rope_theta: float
    """Where the config does not say it."""
    activation: str
    has_mlp_bias: bool
    """True if the config may ask for one."""


ARCHITECTURES = {
    "BitNetForCausalLM": Architecture(True, 500000.0, "relu2", False),
    "LlamaForCausalLM": Architecture(False, 10000.0, "silu", True),
}
ACTIVATIONS = ("relu", "relu2", "silu", "swish")
QUANTIZERS = {
    ("bitlinear", "offline"): "packed",
    ("bitlinear", "online"): "packed",  # transformers looks at the class alone
    ("autobitlinear", "offline"): "offline",
    ("autobitlinear", "online"): "online",
}


class Fields:
    """A JSON object whose values are checked when they are taken."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self.values = values
        self.where = where

    def _take(self, key: str, default: Any, kinds: type | tuple, wanted: str) -> Any:
        value = self.values.get(key)
        if value is None:
            value = default
        if value is None:
            raise Error(f"{self.where}: {key!r} is missing")
        if not isinstance(value, kinds) or isinstance(value, bool) != (kinds is bool):
            raise Error(f"{self.where}: {key!r} is {value!r}, not {wanted}")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        """An integer above zero."""
        value = self._take(key, default, int, "an integer above 0")
        if not 0 < value < 1 << 31:
            raise Error(f"{self.where}: {key!r} is {value}, not an integer above 0")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number above zero."""
        value = self._take(key, default, (int, float), "a number above 0")
        if not 0 < value < 1e300:
            raise Error(f"{self.where}: {key!r} is {value!r}, not a number above 0")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        return self._take(key, default, bool, "true or false")

    def choice(self, key: str, default: str | None, choices: tuple[str, ...]) -> str:
        """One of some words."""
        wanted = "one of " + ", ".join(choices)
        value = self._take(key, default, str, wanted)
        if value not in choices:
            raise Error(f"{self.where}: {key!r} is {value!r}, not {wanted}")
        return value

    def object(self, key: str) -> Fields | None:
        """Another object, if there is one."""
        if self.values.get(key) is None:
            return None
        value = self._take(key, None, dict, "an object")
        return Fields(value, f"{self.where}: {key}")


@dataclass(frozen=True)
class Quantization:
    """How the linear layers are stored and computed."""

    weights: str
    """`packed`: codes in bytes, weight_scale divides. `offline`: codes, weight_scale
    multiplies. `online`: floats, whose codes and scale are yet to be computed."""
    norm_epsilon: float | None
    """Of the norm inside of each layer, if there is one."""
    kept: tuple[re.Pattern[str], ...]
    """Names of layers that stay float."""
    kept_endings: tuple[str, ...]

    def covers(self, module: str) -> bool:
        """True if transformers makes a BitLinear of the linear layer `module`."""
        return not module.endswith(self.kept_endings) and not any(
            pattern.match(module) for pattern in self.kept
        )


def read_quantization(config: Fields) -> Quantization:
    """The field `quantization_config`."""
    fields = config.object("quantization_config")
    if fields is None:
        raise Error(f"{config.where}: no 'quantization_config', so no BitNet model")
    fields.choice("quant_method", None, ("bitnet",))
    linear = fields.choice("linear_class", "bitlinear", ("bitlinear", "autobitlinear"))
    mode = fields.choice("quantization_mode", "offline", ("online", "offline"))
    has_norm = fields.flag("use_rms_norm", False)
    kept = fields.values.get("modules_to_not_convert")
    if kept is None:
        kept = ["lm_head"]
    if not isinstance(kept, list) or not all(isinstance(name, str) for name in kept):
        raise Error(f"{fields.where}: 'modules_to_not_convert' is no list of names")
    # As transformers' should_convert_module does it: up to the end of a name's
    # part, or as an ending.
    boundary = r"(?:(?<=\.)|(?=\.|$))"
    try:
        patterns = tuple(re.compile(f"(?:{name}){boundary}") for name in kept)
    except (re.error, RecursionError, OverflowError) as error:
        raise Error(f"{fields.where}: 'modules_to_not_convert': {error}") from None
    epsilon = fields.number("rms_norm_eps", 1e-6) if has_norm else None
    return Quantization(QUANTIZERS[linear, mode], epsilon, patterns, tuple(kept))


@dataclass(frozen=True)
class Rope:
    """How fast the channels of a head turn with the position."""

    fields: Fields
    kind: str
    theta: float

    def frequencies(self, head_size: int) -> NDArray[np.float32]:
        """Radians per position of each pair of channels, in f32 as in PyTorch."""
        exponents = np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size)
        speeds = np.float32(1) / np.float32(self.theta) ** exponents
        if self.kind == "linear":
            return speeds / np.float32(self.fields.number("factor"))
        if self.kind == "llama3":
            return self._stretch(speeds)
        return speeds

    def _stretch(self, speeds: NDArray[np.float32]) -> NDArray[np.float32]:
        """Llama 3.1: slow channels are slowed down by `factor`, fast ones stay."""
        factor = np.float32(self.fields.number("factor"))
        low = self.fields.number("low_freq_factor")
        high = self.fields.number("high_freq_factor")
        length = self.fields.number("original_max_position_embeddings")
        if high <= low:
            raise Error(
                f"{self.fields.where}: 'high_freq_factor' is {high}, "
                f"not above 'low_freq_factor', which is {low}"
            )
        waves = np.float32(2 * math.pi) / speeds
        smooth = (np.float32(length) / waves - np.float32(low)) / np.float32(high - low)
        between = (1 - smooth) * speeds / factor + smooth * speeds
        slow = waves > length / low
        fast = waves < length / high
        return np.where(slow, speeds / factor, np.where(fast, speeds, between))


def read_rope(config: Fields, default_theta: float) -> Rope:
    """`rope_parameters`, or `rope_theta` and `rope_scaling` of older folders."""
    fields = config.object("rope_parameters") or config.object("rope_scaling")
    theta = config.number("rope_theta", default_theta)
    if fields is None:
        return Rope(config, "default", theta)
    kinds = ("default", "linear", "llama3")
    older = fields.choice("type", "default", kinds)
    kind = fields.choice("rope_type", older, kinds)
    if fields.number("partial_rotary_factor", 1.0) != 1:
        raise Error(f"{fields.where}: 'partial_rotary_factor' is not 1")
    return Rope(fields, kind, fields.number("rope_theta", theta))


NO_LIMIT = (1 << 31) - 1


@dataclass(frozen=True)
class Config:
    """A decoder of the Llama family."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    positions: int
    """The most that it was trained for, or NO_LIMIT."""
    epsilon: float
    activation: str
    is_tied: bool
    has_sub_norms: bool
    has_attention_bias: bool
    has_mlp_bias: bool
    frequencies: NDArray[np.float32]
    quantization: Quantization


def read_architecture(fields: Fields) -> Architecture:
    """By the first of `architectures`."""
    names = fields.values.get("architectures")
    known = ", ".join(ARCHITECTURES)
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        raise Error(f"{fields.where}: 'architectures' is {names!r}; known are {known}")
    if names[0] not in ARCHITECTURES:
        raise Error(
            f"{fields.where}: unknown architecture {names[0]!r}; known are {known}"
        )
    return ARCHITECTURES[names[0]]


def check_heads(config: Config, where: str) -> None:
    """Head counts and sizes that fit each other."""
    if config.heads % config.kv_heads:
        raise Error(
            f"{where}: 'num_attention_heads' is {config.heads}, "
            f"no multiple of 'num_key_value_heads', which is {config.kv_heads}"
        )
    if config.head_size % 2:
        raise Error(f"{where}: heads of {config.head_size} channels cannot be rotated")
    if config.has_sub_norms and config.heads * config.head_size != config.hidden:
        raise Error(
            f"{where}: {config.heads} heads of {config.head_size} channels "
            f"are not the 'hidden_size', which is {config.hidden}"
        )


def read_config(path: pathlib.Path) -> Config:
    """The decoder that a config.json describes; Error if it is none we know."""
    fields = Fields(read_json(path), str(path))
    architecture = read_architecture(fields)
    hidden, heads = fields.count("hidden_size"), fields.count("num_attention_heads")
    head_size = fields.count("head_dim", max(1, hidden // heads))
    rope = read_rope(fields, architecture.rope_theta)
    config = Config(
        layers=fields.count("num_hidden_layers"),
        hidden=hidden,
        intermediate=fields.count("intermediate_size"),
        heads=heads,
        kv_heads=fields.count("num_key_value_heads", heads),
        head_size=head_size,
        vocabulary=fields.count("vocab_size"),
        positions=fields.count("max_position_embeddings", NO_LIMIT),
        epsilon=fields.number(
            "rms_norm_eps", 1e-5 if architecture.has_sub_norms else 1e-6
        ),
        activation=fields.choice("hidden_act", architecture.activation, ACTIVATIONS),
        is_tied=fields.flag("tie_word_embeddings", False),
        has_sub_norms=architecture.has_sub_norms,
        has_attention_bias=fields.flag("attention_bias", False),
        has_mlp_bias=architecture.has_mlp_bias and fields.flag("mlp_bias", False),
        frequencies=rope.frequencies(min(head_size, 1 << 16)),
        quantization=read_quantization(fields),
    )
    check_heads(config, str(path))
    return config
