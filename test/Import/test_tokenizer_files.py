# RUN: %pytest %s --junitxml=%t.pytest.xml
"""What a tokenizer.json can't say: every refusal, in one line, before anything is
written. What it can say is in test/Integration/test_tokenizer.py."""

import copy
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = os.environ.get("BITNET_COMPILE", ROOT / "build/release/bin/bitnet-compile")
VALID = {
    "version": "1.0",
    "added_tokens": [{"id": 3, "content": "<s>", "special": True}],
    "model": {
        "type": "BPE",
        "vocab": {"a": 0, "b": 1, "ab": 2},
        "merges": [["a", "b"]],
    },
}
SPLIT = {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Isolated"}
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
    "special_tokens": {"<s>": {"ids": [3]}},
}
METASPACE = {"type": "Metaspace", "replacement": "▁"}


def compile_file(tmp_path, text):
    """bitnet-compile with a tokenizer, and no model: the tokenizer comes first."""
    path, output = tmp_path / "tokenizer.json", tmp_path / "out"
    path.write_bytes(text)
    command = [COMPILER, "no.onnx", "--tokenizer", path, "-o", output]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and not output.exists()
    return done.stderr.replace(str(path), "tokenizer.json")


def changed(place, value):
    """VALID with another value somewhere: "model.merges"."""
    data = copy.deepcopy(VALID)
    *keys, last = place.split(".")
    inner = data
    for key in keys:
        inner = inner[key]
    inner[last] = value
    return json.dumps(data).encode()


def test_takes_what_is_valid(tmp_path):
    message = compile_file(tmp_path, json.dumps(VALID).encode())
    assert message.startswith("no.onnx: error: ")


def regex(text):
    return "pre_tokenizer", {**SPLIT, "pattern": {"Regex": text}}


def decoder(*steps):
    return "decoder", {"type": "Sequence", "decoders": list(steps)}


def added(**fields):
    token = {"id": 3, "content": "<s>", "normalized": True, **fields}
    return "added_tokens", [{"id": 3, "content": "<s>"}, token]


def nested(depth):
    value = {"type": "ByteLevel"}
    for _ in range(depth):
        value = {"type": "Sequence", "normalizers": [value]}
    return value


REFUSED = [
    # The model
    ("model", None, "error: the file: 'model' wants an object"),
    ("model", [], "error: the file: 'model' wants an object"),
    ("model.type", "Unigram", "error: model type 'Unigram' is not supported, only BPE is"),
    ("model.type", 1, "error: the file: model: 'type' wants a string"),
    ("model.vocab", {"a": -1}, "error: the file: model: vocab: 'a' wants a number from 0"),
    ("model.vocab", {"a": 3000000}, "error: token 'a' has id 3000000, the largest is 2097151"),
    ("model.merges", {}, "error: the file: model: 'merges' wants a list"),
    ("model.merges", ["a b c"], "error: merge 0 is no pair of tokens"),
    ("model.merges", [["a"]], "error: merge 0 is no pair of tokens"),
    ("model.merges", ["a c"], "error: merge 0 wants the token 'c', which is not in the vocabulary"),
    ("model.merges", ["b a"], "error: merge 0 wants the token 'ba', which is not in the vocabulary"),
    ("model.dropout", 0.5, "error: model: dropout is not supported"),
    ("model.fuse_unk", 1, "error: the file: model: 'fuse_unk' wants true or false"),
    ("model.unk_token", "?", "error: model: unk_token '?' is not in the vocabulary"),
    ("model.end_of_word_suffix", "</w>", "error: model: end_of_word_suffix is not supported"),
    ("model.continuing_subword_prefix", "##", "error: model: continuing_subword_prefix is not supported"),
    # Added tokens
    ("added_tokens", [1], "error: added token is no object"),
    ("added_tokens", [{"id": 9, "content": "x"}], "error: added token 'x' has id 9, wanted 3"),
    (*added(content="y", id=4, special=2), "error: added token: 'special' wants true or false"),
    # Steps
    ("normalizer", {"type": "NFC"}, "error: normalizer 'NFC' is not supported"),
    ("normalizer", {"type": "Lowercase"}, "error: normalizer 'Lowercase' is not supported"),
    ("normalizer", {"type": "Prepend"}, "error: normalizer Prepend: 'prepend' wants a string"),
    ("normalizer", {"type": "Replace", "pattern": {"Regex": "a"}, "content": ""}, "error: normalizer 'Replace' of a regular expression is not supported"),
    ("normalizer", {"type": "Replace", "pattern": {"String": ""}, "content": ""}, "error: an empty pattern matches nothing"),
    ("normalizer", nested(9), "error: normalizer has too many sequences in sequences"),
    ("pre_tokenizer", {"type": "BertPreTokenizer"}, "error: pre-tokenizer 'BertPreTokenizer' is not supported"),
    ("pre_tokenizer", {**SPLIT, "behavior": "Other"}, "error: split behavior 'Other' is not supported"),
    ("pre_tokenizer", {**METASPACE, "prepend_scheme": "last"}, "error: pre-tokenizer 'Metaspace' with prepend_scheme 'last' is not supported"),
    ("pre_tokenizer", {**METASPACE, "replacement": "ab"}, "error: pre-tokenizer Metaspace: 'replacement' wants one character"),
    (*regex("(a"), "error: regular expression '(a' is not valid: missing closing parenthesis"),
    (*regex("\\h"), "error: regular expression '\\h': '\\h' is not supported"),
    (*regex("[\\W]"), "error: regular expression '[\\W]': '\\W in a class' is not supported"),
    (*regex("[a&&b]"), "error: regular expression '[a&&b]': '&&' is not supported"),
    (*regex("[a[b]]"), "error: regular expression '[a[b]]': '[ in a class' is not supported"),
    (*regex("[]a]"), "error: regular expression '[]a]': '[]' is not supported"),
    (*regex("(?m:a)"), "error: regular expression '(?m:a)': '(?m' is not supported"),
    (*regex("a{1,2}+"), "error: regular expression 'a{1,2}+': '{1,' is not supported"),
    (*regex("\\pL"), "error: regular expression '\\pL': '\\pL' is not supported"),
    (*regex("\\p{Klingon}"), "error: regular expression '\\p{Klingon}' is not valid: unknown property"),
    # Around the tokens
    ("post_processor", {"type": "BertProcessing"}, "error: post-processor 'BertProcessing' is not supported"),
    ("post_processor", {**TEMPLATE, "single": []}, "error: post-processor: a template with 0 texts is not supported"),
    ("post_processor", {**TEMPLATE, "special_tokens": {"<s>": {"ids": [4]}}}, "error: post-processor: the ids of '<s>' are not in the vocabulary"),
    ("decoder", {"type": "WordPiece"}, "error: decoder 'WordPiece' is not supported"),
    ("decoder", {**METASPACE, "replacement": ""}, "error: decoder: 'replacement' wants one character"),
    (*decoder({"type": "ByteLevel"}, {"type": "Fuse"}), "error: decoder 'ByteLevel' is not supported at this place"),
    (*decoder({"type": "Strip"}), "error: decoder 'Strip' is not supported at this place"),
    (*decoder({"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 0, "stop": 1}), "error: decoder 'Strip' at the end of a text is not supported"),
    (*decoder({"type": "Replace", "pattern": {"String": ""}, "content": ""}), "error: decoder 'Replace' of nothing is not supported"),
]  # fmt: skip


@pytest.mark.parametrize("place,value,message", REFUSED)
def test_refuses(tmp_path, place, value, message):
    found = compile_file(tmp_path, changed(place, value))
    assert found.startswith(f"tokenizer.json: {message}")
    assert found.count("\n") == 1


def test_refuses_ids_that_two_tokens_have(tmp_path):
    text = changed("model.vocab", {"a": 0, "b": 0})
    found = compile_file(tmp_path, text)
    assert "error: tokens '" in found and "' have the same id 0\n" in found
    data = json.loads(changed("model.vocab", {"a": 0, "b": 1, "ab": 3}))
    found = compile_file(tmp_path, json.dumps(data).encode())
    assert "error: added token '<s>' and token 'ab' have the same id 3\n" in found


def test_refuses_added_tokens_that_look_the_same(tmp_path):
    data = copy.deepcopy(VALID)
    replace = {"type": "Replace", "pattern": {"String": "x"}, "content": "y"}
    data["normalizer"] = replace
    data["added_tokens"] = [
        {"id": 3, "content": "x", "normalized": True},
        {"id": 4, "content": "y", "normalized": True},
    ]
    found = compile_file(tmp_path, json.dumps(data).encode())
    assert "error: added token 'y' is empty or the same as another" in found
    assert found.endswith("is empty or the same as another one after normalization\n")


@pytest.mark.parametrize(
    "text,message",
    [
        (b"", "error: no JSON text: "),
        (b"{\n\xff}", "error: no JSON text: "),
        (b"[]", "error: the file is no object"),
        (b"[" * 100000, "error: the JSON text is nested too deeply"),
    ],
)
def test_refuses_what_is_no_tokenizer(tmp_path, text, message):
    found = compile_file(tmp_path, text)
    assert found.startswith(f"tokenizer.json: {message}")
    assert found.count("\n") == 1


def test_refuses_a_missing_file(tmp_path):
    command = [COMPILER, "no.onnx", "--tokenizer", "no.json", "-o", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "no.json: error: cannot read the file: No such file" in done.stderr
