# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""A folder that cannot be exported is refused in one line that says why."""

import copy
import json
import pathlib
import random
import shutil
import sys

import pytest

import bitnet
import mutate
from bitnet.checkpoint import Checkpoint
from bitnet.__main__ import main
from safetensors_file import join, read_tensors, split, write_tensors

HF = pathlib.Path(__file__).resolve().parent / "Inputs" / "hf"
MUTANTS = 2000
UP = "model.layers.1.mlp.up_proj"


class Folder:
    """A copy of one of the folders, to be changed."""

    def __init__(self, path, name="llama-packed"):
        self.path = path / "folder"
        shutil.copytree(HF / name, self.path)
        self.weights = self.path / "model.safetensors"

    def change_config(self, **changes):
        """Sets fields; those set to ... are removed."""
        path = self.path / "config.json"
        config = json.loads(path.read_text()) | changes
        config = {key: value for key, value in config.items() if value is not ...}
        path.write_text(json.dumps(config))

    def change_quantization(self, **changes):
        path = self.path / "config.json"
        config = json.loads(path.read_text())
        self.change_config(quantization_config=config["quantization_config"] | changes)

    def change_tensor(self, name, tensor):
        """Another tensor of that name, or none."""
        tensors = read_tensors(self.weights)
        tensors[name] = tensor
        write_tensors(self.weights, {k: t for k, t in tensors.items() if t is not None})

    def change_header(self, change):
        """`change` edits the header in place, or returns another one."""
        header, data = split(self.weights.read_bytes())
        fields = json.loads(header)
        fields = change(fields) or fields
        self.weights.write_bytes(join(json.dumps(fields).encode(), data))

    def refusal(self):
        """What is said of it, without the path."""
        output = self.path.parent / "model.onnx"
        with pytest.raises(bitnet.Error) as caught:
            bitnet.export(self.path, output, progress=False)
        message = str(caught.value)
        assert len(message.splitlines()) == 1
        assert list(self.path.parent.iterdir()) == [self.path]
        return message.replace(f"{self.path}/", "").replace(str(self.path), "folder")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


# ---------------------------------------------------------------------------
# config.json
# ---------------------------------------------------------------------------

KNOWN = "known are BitNetForCausalLM, LlamaForCausalLM"
CONFIGS = [
    (
        {"architectures": ["GPT2LMHeadModel"]},
        f"config.json: unknown architecture 'GPT2LMHeadModel'; {KNOWN}",
    ),
    ({"architectures": ...}, f"config.json: 'architectures' is None; {KNOWN}"),
    (
        {"quantization_config": ...},
        "config.json: no 'quantization_config', so no BitNet model",
    ),
    ({"hidden_size": ...}, "config.json: 'hidden_size' is missing"),
    (
        {"hidden_size": "32"},
        "config.json: 'hidden_size' is '32', not an integer above 0",
    ),
    (
        {"hidden_size": True},
        "config.json: 'hidden_size' is True, not an integer above 0",
    ),
    (
        {"num_hidden_layers": 0},
        "config.json: 'num_hidden_layers' is 0, not an integer above 0",
    ),
    (
        {"vocab_size": 10**4000},
        f"config.json: 'vocab_size' is {10**4000}, not an integer above 0",
    ),
    (
        {"rms_norm_eps": 10**400},
        f"config.json: 'rms_norm_eps' is {10**400}, not a number above 0",
    ),
    (
        {"rms_norm_eps": float("inf")},
        "config.json: 'rms_norm_eps' is inf, not a number above 0",
    ),
    (
        {"tie_word_embeddings": 1},
        "config.json: 'tie_word_embeddings' is 1, not true or false",
    ),
    (
        {"hidden_act": "gelu"},
        "config.json: 'hidden_act' is 'gelu', not one of relu, relu2, silu, swish",
    ),
    (
        {"num_key_value_heads": 3},
        "config.json: 'num_attention_heads' is 4, "
        "no multiple of 'num_key_value_heads', which is 3",
    ),
    ({"head_dim": 7}, "config.json: heads of 7 channels cannot be rotated"),
    (
        {"architectures": ["BitNetForCausalLM"], "head_dim": 16},
        "config.json: 4 heads of 16 channels are not the 'hidden_size', which is 32",
    ),
    (
        {"rope_parameters": {"rope_type": "yarn"}},
        "config.json: rope_parameters: 'rope_type' is 'yarn', "
        "not one of default, linear, llama3",
    ),
    (
        {"rope_parameters": {"rope_type": "linear"}},
        "config.json: rope_parameters: 'factor' is missing",
    ),
    (
        {"rope_parameters": {"partial_rotary_factor": 0.5}},
        "config.json: rope_parameters: 'partial_rotary_factor' is not 1",
    ),
    (
        {
            "rope_parameters": {
                "rope_type": "llama3",
                "factor": 8,
                "low_freq_factor": 4,
                "high_freq_factor": 1,
                "original_max_position_embeddings": 32,
            }
        },
        "config.json: rope_parameters: 'high_freq_factor' is 1.0, "
        "not above 'low_freq_factor', which is 4.0",
    ),
    (
        {"rope_parameters": [1]},
        "config.json: 'rope_parameters' is [1], not an object",
    ),
]
QUANTIZATIONS = [
    ({"quant_method": "gptq"}, "'quant_method' is 'gptq', not one of bitnet"),
    (
        {"linear_class": "linear"},
        "'linear_class' is 'linear', not one of bitlinear, autobitlinear",
    ),
    (
        {"quantization_mode": "later"},
        "'quantization_mode' is 'later', not one of online, offline",
    ),
    (
        {"modules_to_not_convert": "lm_head"},
        "'modules_to_not_convert' is no list of names",
    ),
    (
        {"modules_to_not_convert": ["(", "lm_head"]},
        "'modules_to_not_convert': missing ), unterminated subpattern at position 3",
    ),
]


@pytest.mark.parametrize("changes,message", CONFIGS)
def test_refuses_config(folder, changes, message):
    folder.change_config(**changes)
    assert folder.refusal() == message


@pytest.mark.parametrize("changes,message", QUANTIZATIONS)
def test_refuses_quantization(folder, changes, message):
    folder.change_quantization(**changes)
    refusal = folder.refusal()
    assert refusal.startswith(f"config.json: quantization_config: {message}"[:90])


@pytest.mark.parametrize(
    "text,message",
    [
        (b"{", "config.json is no JSON: Expecting property name"),
        (b"[]", "config.json is no JSON object"),
        (b"\xff{}", "config.json is no JSON: 'utf-8' codec can't decode"),
        (b'{"a": 1, "a": 1}', "config.json is no JSON: a key occurs twice"),
        (b'{"a":' * 100_000, "config.json is no JSON: maximum recursion depth"),
    ],
)
def test_refuses_broken_json(folder, text, message):
    (folder.path / "config.json").write_bytes(text)
    assert folder.refusal().startswith(message)


# ---------------------------------------------------------------------------
# Files and tensors
# ---------------------------------------------------------------------------


def test_refuses_what_is_no_folder(tmp_path):
    with pytest.raises(bitnet.Error, match="nowhere is no folder"):
        bitnet.export(tmp_path / "nowhere", tmp_path / "model.onnx")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_refuses_missing_file(folder, name):
    (folder.path / name).unlink()
    assert folder.refusal() == f"cannot read {name}: No such file or directory"


def test_refuses_output_that_cannot_be_written(folder):
    output = folder.path.parent / "nowhere" / "model.onnx"
    with pytest.raises(bitnet.Error, match="cannot write .*: No such file"):
        bitnet.export(folder.path, output, progress=False)


def test_refuses_missing_tensor(folder):
    folder.change_tensor(f"{UP}.weight", None)
    assert folder.refusal() == f"folder: tensor '{UP}.weight' is missing"


def test_refuses_missing_scale(folder):
    folder.change_tensor(f"{UP}.weight_scale", None)
    assert folder.refusal() == f"folder: tensor '{UP}.weight_scale' is missing"


def test_refuses_tensor_that_nothing_describes(folder):
    folder.change_tensor(f"{UP}.bias", ("F32", [48], bytes(4 * 48)))
    assert folder.refusal() == (
        f"folder: tensor '{UP}.bias' belongs to nothing that config.json describes"
    )


def test_refuses_wrong_shape(folder):
    folder.change_tensor(f"{UP}.weight", ("U8", [12, 31], bytes(12 * 31)))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (U8 [12, 31]) must have shape [12, 32]"
    )


def test_refuses_floats_where_bytes_are_packed(folder):
    folder.change_tensor(f"{UP}.weight", ("F32", [12, 32], bytes(4 * 12 * 32)))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (F32 [12, 32]) "
        "has the wrong type for packed bytes"
    )


def test_refuses_type(folder):
    folder.change_tensor(f"{UP}.weight", ("F8_E4M3", [12, 32], bytes(12 * 32)))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (F8_E4M3 [12, 32]) "
        "has none of the types U8, I8, F16, BF16, F32, F64"
    )


def test_refuses_code_that_is_no_weight(folder):
    folder.change_tensor(f"{UP}.weight", ("U8", [12, 32], b"\x0c" * 12 * 32))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (U8 [12, 32]) "
        "has a code 3, which is no weight"
    )


@pytest.mark.parametrize("scale,shown", [("0000", "0.0"), ("80bf", "-1.0")])
def test_refuses_scale(folder, scale, shown):
    data = bytes.fromhex("0000" + scale)
    folder.change_tensor(f"{UP}.weight_scale", ("F32", [1], data))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight_scale' (F32 [1]) "
        f"is {shown}, not above 0"
    )


@pytest.mark.parametrize("name", [f"{UP}.weight_scale", "model.norm.weight"])
def test_refuses_nan(folder, name):
    kind, shape, data = read_tensors(folder.weights)[name]
    folder.change_tensor(name, (kind, shape, b"\xff" * len(data)))
    assert folder.refusal().endswith("is not finite everywhere")


def test_refuses_nan_weights(tmp_path):
    folder = Folder(tmp_path, "bitnet-online")
    folder.change_tensor(f"{UP}.weight", ("F32", [48, 32], b"\xff" * 4 * 48 * 32))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (F32 [48, 32]) "
        "is not finite everywhere"
    )


def test_refuses_floats_that_are_no_codes(tmp_path):
    folder = Folder(tmp_path, "llama-offline-unpacked")
    half = b"\x00\x00\x00\x3f" * 48 * 32
    folder.change_tensor(f"{UP}.weight", ("F32", [48, 32], half))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{UP}.weight' (F32 [48, 32]) "
        "has values other than -1, 0, 1"
    )


def test_refuses_rows_that_do_not_come_in_fours(folder):
    folder.change_config(intermediate_size=50)
    layer = "model.layers.0.mlp.gate_proj"
    assert folder.refusal() == (
        f"folder: {layer} has 50 outputs, and packed weights come in fours"
    )


def test_online_weights_are_not_taken_for_offline_ones(tmp_path):
    folder = Folder(tmp_path, "bitnet-online")
    folder.change_quantization(quantization_mode="offline")
    name = "model.layers.0.self_attn.q_proj.weight_scale"
    assert folder.refusal() == f"folder: tensor '{name}' is missing"


# ---------------------------------------------------------------------------
# Damaged .safetensors
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0, 4, 1000, 15000])
def test_refuses_cut_file(folder, cut):
    folder.weights.write_bytes(folder.weights.read_bytes()[:cut])
    assert folder.refusal().startswith("model.safetensors is cut")


def test_refuses_huge_header(folder):
    content = folder.weights.read_bytes()
    folder.weights.write_bytes((1 << 62).to_bytes(8, "little") + content[8:])
    assert folder.refusal() == (
        f"model.safetensors is cut or no safetensors file: it has {len(content)} "
        f"bytes, a header of {1 << 62} is announced"
    )


NAME = "model.norm.weight"
FIELDS = [
    ({"dtype": "F31"}, "has the unknown type 'F31'"),
    ({"shape": [-1, 5]}, "has the shape [-1, 5]"),
    ({"shape": 5}, "has the shape 5"),
    ({"data_offsets": [0]}, "has the offsets [0]"),
    ({"data_offsets": [0.0, 4.0]}, "has the offsets [0.0, 4.0]"),
]


@pytest.mark.parametrize("changes,message", FIELDS)
def test_refuses_header_field(folder, changes, message):
    folder.change_header(lambda header: header[NAME].update(changes))
    assert folder.refusal() == f"model.safetensors: tensor '{NAME}' {message}"


def test_refuses_offsets_that_are_not_the_size(folder):
    folder.change_header(lambda header: header[NAME].update(data_offsets=[0, 12]))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{NAME}' (F32 [32]) takes 128 bytes, "
        "its offsets say 12"
    )


def test_refuses_header_without_description(folder):
    folder.change_header(lambda header: header.update({NAME: []}))
    assert folder.refusal() == (
        f"model.safetensors: tensor '{NAME}': the header has no description of it"
    )


SHARDED = "llama-packed-sharded-f16"
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "places,message",
    [
        (None, f"{INDEX}: 'weight_map' does not name files beside it"),
        (
            {"a": "../a.safetensors"},
            f"{INDEX}: 'weight_map' does not name files beside it",
        ),
        ({"a": "a.safetensors"}, f"{INDEX}: tensor 'a' is not in a.safetensors"),
        (
            {"a": "c.safetensors"},
            "cannot read c.safetensors: No such file or directory",
        ),
    ],
)
def test_refuses_index(tmp_path, places, message):
    folder = Folder(tmp_path, SHARDED)
    (folder.path / INDEX).write_text(json.dumps({"weight_map": places}))
    assert folder.refusal() == message


# ---------------------------------------------------------------------------
# 2,000 damaged headers
# ---------------------------------------------------------------------------

JUNK = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**400, 1.5, float("nan"), float("inf"),
    "", "F32", "U8", "BF16", "\ud800", [], {}, [[]], {"dtype": []}, [0, 0],
]  # fmt: skip


def damage_value(value, rng):
    """Replaces one value somewhere in it."""
    inside = list(value.items() if isinstance(value, dict) else enumerate(value))
    key, child = rng.choice(inside)
    if isinstance(child, (dict, list)) and child and rng.random() < 0.8:
        damage_value(child, rng)
    elif isinstance(value, dict) and rng.random() < 0.3:
        del value[key]
        value[rng.choice(["", "shape", "x" * 300, "\ud800"])] = child
    else:
        value[key] = copy.deepcopy(rng.choice(JUNK))


def damaged(content, rng):
    """The file with other values, or other bytes, in its header."""
    header, data = split(content)
    if rng.random() < 0.5:
        fields = json.loads(header)
        for _ in range(rng.randint(1, 3)):
            damage_value(fields, rng)
        return join(json.dumps(fields).encode(), data)
    if rng.random() < 0.8:
        return join(mutate.damaged(header, ".json", rng), data)
    return mutate.damaged(content[: 8 + len(header)], ".bin", rng) + data


@pytest.mark.parametrize("first", range(0, MUTANTS, 500))
def test_damaged_headers_are_read_or_refused(folder, first):
    """Whatever is in the header, each tensor that is found can be read."""
    content = folder.weights.read_bytes()
    refused = 0
    for seed in range(first, first + 500):
        folder.weights.write_bytes(damaged(content, random.Random(seed)))
        try:
            checkpoint = Checkpoint(folder.path)
            for name, entry in checkpoint.entries.items():
                if entry.type in ("U8", "F32"):
                    for _ in checkpoint.blocks(checkpoint.find(name, entry.shape)):
                        pass
        except bitnet.Error as error:
            assert len(str(error).encode().splitlines()) == 1
            refused += 1
    assert refused > 300


def test_damaged_headers_are_exported_or_refused(folder):
    content = folder.weights.read_bytes()
    output = folder.path.parent / "model.onnx"
    for seed in range(0, MUTANTS, 10):
        folder.weights.write_bytes(damaged(content, random.Random(seed)))
        try:
            bitnet.export(folder.path, output, progress=False)
            output.unlink()
        except bitnet.Error:
            assert not output.exists()


# ---------------------------------------------------------------------------
# The command line
# ---------------------------------------------------------------------------


def test_command_refuses_in_one_line(folder, capsys):
    folder.change_config(architectures=["T5"])
    output = folder.path.parent / "model.onnx"
    assert main(["export", str(folder.path), "-o", str(output)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and len(captured.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["export", "x"], ["run", "x", "-n", "-1"]])
def test_command_needs_its_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m bitnet" in capsys.readouterr().err


def test_module_needs_example_inputs(tmp_path):
    with pytest.raises(
        bitnet.Error, match="exported with example inputs; there are none"
    ):
        bitnet.export(object(), tmp_path / "model.onnx")


class FakeTorch:
    """torch, as far as a module's export needs it."""

    class onnx:
        @staticmethod
        def export(module, inputs, path, **options):
            module.exported = inputs, options
            if module.fails:
                raise RuntimeError("unsupported")
            pathlib.Path(path).write_text("model")


class Module:
    def __init__(self, fails=False):
        self.fails = fails

    def eval(self):
        return self


def test_module_goes_through_torch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", FakeTorch)
    module = Module()
    bitnet.export(module, tmp_path / "m.onnx", (1, 2), input_names=["a", "b"])
    assert (tmp_path / "m.onnx").read_text() == "model"
    options = {"dynamo": True, "opset_version": 23, "input_names": ["a", "b"]}
    assert module.exported == ((1, 2), options)


def test_module_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", FakeTorch)
    with pytest.raises(RuntimeError, match="unsupported"):
        bitnet.export(Module(fails=True), tmp_path / "m.onnx", ())
    assert not list(tmp_path.iterdir())
