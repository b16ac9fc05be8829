# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""Text to ids and back, as Hugging Face's tokenizers do it.

BITNET_TOKENIZER_STRINGS sets how many random strings each kind is tried on.
"""

import os
import random
import subprocess

import pytest

import tokenizers_zoo as zoo
from program import BUNDLED, COMPILER, compile_model

STRINGS = int(os.environ.get("BITNET_TOKENIZER_STRINGS", "1000"))


@pytest.fixture(scope="session", params=zoo.KINDS)
def pair(request, small_model, tmp_path_factory):
    """A tokenizer and a program that has it."""
    folder = tmp_path_factory.mktemp(request.param)
    tokenizer, path = zoo.save(request.param, folder)
    return tokenizer, compile_model(small_model, folder, "--tokenizer", str(path))


def call(program, *arguments, data=b""):
    command = [str(program.path), *arguments]
    done = subprocess.run(command, input=data, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def encode_all(program, strings, *options):
    """The ids of each string."""
    data = b"".join(string + b"\0" for string in strings)
    lines = call(program, "encode", "--null", *options, "-", data=data).splitlines()
    return [[int(word) for word in line.split(b",") if word] for line in lines]


def decode_all(program, ids, *options):
    """The text of each list of ids."""
    data = "".join(",".join(map(str, row)) + "\n" for row in ids).encode()
    out = call(program, "decode", "--null", *options, "-", data=data)
    return [text.decode() for text in out.split(b"\0")[:-1]]


def first_difference(wanted, found, strings):
    assert len(wanted) == len(found)
    for a, b, string in zip(wanted, found, strings):
        assert a == b, string


@pytest.mark.parametrize("special", [True, False])
def test_encodes_like_the_original(pair, special):
    tokenizer, program = pair
    rng = random.Random(f"encode/{special}")
    strings = [zoo.random_bytes(rng) for _ in range(STRINGS)]
    texts = [string.decode(errors="replace") for string in strings]
    wanted = tokenizer.encode_batch_fast(texts, add_special_tokens=special)
    options = [] if special else ["--no-special"]
    found = encode_all(program, strings, *options)
    first_difference([encoding.ids for encoding in wanted], found, strings)


def random_ids(tokenizer, rng):
    """What a text has, or what no text has."""
    if rng.random() < 0.5:
        text = zoo.random_bytes(rng).decode(errors="replace")
        return tokenizer.encode(text).ids
    ids = list(tokenizer.get_vocab().values())
    return [rng.choice(ids) for _ in range(rng.randint(0, 20))]


@pytest.mark.parametrize("special", [True, False])
def test_decodes_like_the_original(pair, special):
    tokenizer, program = pair
    rng = random.Random(f"decode/{special}")
    ids = [random_ids(tokenizer, rng) for _ in range(STRINGS)]
    wanted = [tokenizer.decode(row, skip_special_tokens=not special) for row in ids]
    # A NUL is what separates the texts here.
    kept = [i for i, text in enumerate(wanted) if "\0" not in text]
    ids, wanted = [ids[i] for i in kept], [wanted[i] for i in kept]
    found = decode_all(program, ids, *(["--special"] if special else []))
    first_difference(wanted, found, ids)


def test_takes_any_bytes(pair):
    """NULs, too, and nothing at all."""
    tokenizer, program = pair
    for data in (b"", b"\0", b"a\0b \0", bytes(range(256)) * 2):
        wanted = tokenizer.encode(data.decode(errors="replace")).ids
        out = call(program, "encode", "-", data=data)
        assert out.decode().strip() == ",".join(map(str, wanted))


def test_takes_arguments(pair):
    tokenizer, program = pair
    text = "Hello, wörld 12345"
    ids = program.output("encode", text).strip()
    assert ids == ",".join(map(str, tokenizer.encode(text).ids))
    assert (
        program.output("decode", ids)
        == tokenizer.decode(tokenizer.encode(text).ids) + "\n"
    )


def test_takes_linear_time(pair):
    """Eight times the text takes far less than 64 times as long."""
    tokenizer, program = pair
    for part in (b"a", b"A", b"ab", b" ", b"word ", b"\xf0\x9f\x98\x80", b"a1-"):
        times = []
        text = (part * 5000).decode()
        ids = call(program, "encode", "-", data=text.encode()).decode().strip()
        assert ids == ",".join(map(str, tokenizer.encode(text).ids))
        for size in (1 << 15, 1 << 18):
            data = (part * size)[:size]
            start = os.times().children_user
            call(program, "encode", "-", data=data)
            times.append(os.times().children_user - start)
        assert times[1] < 24 * max(times[0], 0.02), (part, times)


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["encode"], "error: encode wants a text, or - for the standard input"),
        (["decode"], "error: decode wants ids, or - for the standard input"),
        (["encode", "a", "b"], "error: encode wants one argument, not also 'b'"),
        (["encode", "--all", "b"], "error: encode has no option '--all'; see --help"),
        (["decode", "1,"], "error: decode wants numbers separated by commas, not ''"),
        (["decode", "9999"], "error: id 9999 is not in the vocabulary of 2048"),
    ],
)
def test_commands_say_what_they_want(austen_text, arguments, message):
    done = austen_text.call(*arguments)
    assert done.returncode == 1 and done.stderr == message + "\n"


@pytest.fixture(scope="session")
def austen_text(small_model, tmp_path_factory):
    path = BUNDLED / "austen" / "tokenizer.json"
    folder = tmp_path_factory.mktemp("austen-text")
    return compile_model(small_model, folder, "--tokenizer", str(path))


def test_a_model_without_tokenizer_says_so(small_model, tmp_path):
    program = compile_model(small_model, tmp_path)
    for command in ("encode", "decode"):
        done = program.call(command, "1")
        assert done.returncode == 1
        assert done.stderr == (
            "error: the model was compiled without a tokenizer; compile it with "
            "--tokenizer tokenizer.json\n"
        )


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    tokenizer = zoo.bundled()
    tokenizer.add_tokens(["one too many"])
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer.to_str())
    model = BUNDLED / "austen" / "model.onnx"
    command = [COMPILER, model, "--tokenizer", path, "-o", tmp_path / "model"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and not (tmp_path / "model").exists()
    assert done.stderr == (
        f"{model}: error: the tokenizer is not the model's: it has 2049 ids, "
        "the model's logits are for 2048\n"
    )
