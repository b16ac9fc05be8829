# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""The Python package compiles and runs models, and says what the program says."""

import concurrent.futures
import gc
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import bitnet
from bitnet.__main__ import main
from program import BUNDLED, COMPILER, MODELS, ROOT, compile_model

AUSTEN = BUNDLED / "austen"
CASES = json.loads((AUSTEN / "greedy.json").read_text())
FOLDERS = sorted((ROOT / "test" / "Python" / "Inputs" / "hf").iterdir())
models = pytest.mark.models


@pytest.fixture(scope="module", autouse=True)
def compiler():
    """The one under test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITNET_COMPILE", str(COMPILER))
        yield


@pytest.fixture(scope="module")
def model():
    """The bundled model, from its folder."""
    return bitnet.compile(AUSTEN)


# ---------------------------------------------------------------------------
# Text and ids
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["prompt"])
def test_continues_bundled_prompt(model, case):
    count = len(case["new_ids"])
    assert model.generate(case["ids"], count) == case["new_ids"]
    assert model.generate(case["prompt"], count) == case["text"]


@models
@pytest.mark.parametrize("first", range(0, 64, 16))
def test_continues_recorded_prompts(model, first):
    cases = json.loads((MODELS / "austen" / "recorded" / "greedy.json").read_text())
    for case in cases[first : first + 16]:
        assert model.generate(case["prompt"], len(case["new_ids"])) == case["text"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_continues_as_transformers_does(folder):
    tiny = bitnet.compile(folder)
    with np.load(folder / "expected.npz") as expected:
        prompt = int(expected["prompt"])
        for ids in expected["ids"].tolist():
            new = tiny.generate(ids[:prompt], len(ids) - prompt, stop=())
            assert new == ids[prompt:]
        logits = tiny.run(input_ids=expected["ids"])["logits"]
        np.testing.assert_allclose(logits, expected["logits"], atol=1e-5)


def test_stream_gives_pieces_of_whole_characters(model):
    case = CASES[0]
    pieces = list(model.stream(case["prompt"], len(case["new_ids"])))
    assert len(pieces) > 1 and "".join(pieces) == case["text"]


def test_text_is_streamed_in_whole_characters(model, monkeypatch):
    """An id is one byte of a character here."""
    ids = model.tokenizer.encode("Zoë – 你好").ids
    assert len(ids) > len("Zoë – 你好")
    monkeypatch.setattr(model, "stream_ids", lambda *_, **options: iter(ids))
    pieces = list(model.stream("It"))
    assert "".join(pieces) == "Zoë – 你好"
    assert not any("\ufffd" in piece for piece in pieces)
    monkeypatch.setattr(model, "stream_ids", lambda *_, **options: iter(ids[:-1]))
    assert "".join(model.stream("It")).startswith("Zoë – 你")


def test_stops_before_a_stop_id(model):
    case = CASES[0]
    stop = case["new_ids"][3]
    first = case["new_ids"].index(stop)
    found = model.generate(case["ids"], 32, stop=[stop])
    assert found == case["new_ids"][:first]
    assert model.stop_ids == {1}


def logits_after(model, *chunks):
    session = model.session()
    for ids in chunks:
        session.feed(ids)
    return session.logits()


def test_session_continues_and_forks(model):
    ids = CASES[0]["ids"]
    expected = logits_after(model, ids)
    session = model.session()
    session.feed(ids[:2])
    fork = session.fork()
    session.feed(ids[2:])
    for i in ids[2:]:
        fork.feed([i])
    np.testing.assert_array_equal(session.logits(), expected)
    np.testing.assert_array_equal(fork.logits(), expected)
    assert len(session) == len(fork) == len(ids)
    session.reset()
    assert len(session) == 0
    session.feed(ids)
    np.testing.assert_array_equal(session.logits(), expected)
    assert session.sample() == expected.argmax() == CASES[0]["new_ids"][0]


def test_session_is_what_run_computes(model):
    ids = CASES[0]["ids"]
    logits = model.run(input_ids=[ids])["logits"][0, -1]
    np.testing.assert_array_equal(logits_after(model, ids), logits)


def test_many_prompts_are_continued_as_each_alone(model):
    """Of several lengths, some of them equal; in an order of their own."""
    cases = CASES[:12]
    count = max(len(case["new_ids"]) for case in cases)
    ids = [case["ids"] for case in cases]
    assert len({len(one) for one in ids}) < len(ids)
    alone = [model.generate(one, count) for one in ids]
    assert model.generate_all(ids, count) == alone
    texts = [case["prompt"] for case in cases]
    wanted = [model.generate(text, count) for text in texts]
    assert model.generate_all(texts, count) == wanted
    stops = {one[5] for one in alone[:3]}
    stopped = [model.generate(one, count, stop=stops) for one in ids]
    assert model.generate_all(ids, count, stop=stops) == stopped
    assert any(len(one) < count for one in stopped)


def test_contexts_side_by_side_have_the_bits_of_each_alone(model):
    rows = np.array([(case["ids"] + case["new_ids"])[:30] for case in CASES[:3]])
    batch = model.session(batch=3)
    batch.feed(rows[:, :20])
    fork = batch.fork()
    for column in range(20, 30):
        batch.feed(rows[:, column : column + 1])
    fork.feed(rows[:, 20:])
    for i, row in enumerate(rows):
        alone = model.session()
        alone.feed(row)
        np.testing.assert_array_equal(batch.logits(i), alone.logits())
        np.testing.assert_array_equal(fork.logits(i), alone.logits())
    assert batch.sample_all() == [int(batch.logits(i).argmax()) for i in range(3)]


def test_each_context_wants_as_many_ids(model):
    session = model.session(batch=2)
    for ids in ([1, 2], [[1], [2], [3]], [[], []]):
        with pytest.raises(bitnet.Error, match="fed to each of 2 contexts"):
            session.feed(ids)
    assert len(session) == 0


def test_session_that_is_full_is_as_it_was(model):
    ids = CASES[0]["ids"]
    session = model.session(capacity=len(ids) + 1)
    session.feed(ids)
    before = session.logits()
    with pytest.raises(bitnet.ContextFull):
        session.feed([5, 6])
    np.testing.assert_array_equal(session.logits(), before)
    session.feed([5])


def test_sampling_is_repeated_by_its_seed(model):
    def draw(seed):
        sampling = bitnet.Sampling(temperature=1.0, top_k=50, seed=seed)
        return model.generate(CASES[0]["ids"], 16, sampling=sampling)

    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(4)}) > 1


def test_threads_share_a_model(model):
    def generate(case):
        return model.generate(case["ids"], len(case["new_ids"]))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(generate, CASES * 2))
    assert found == [case["new_ids"] for case in CASES * 2]


# ---------------------------------------------------------------------------
# Arrays
# ---------------------------------------------------------------------------

ADD = """<ir_version: 10, opset_import: ["": 25]>
add (float[n, 4] x, float[n, 4] y) => (float[n, 4] z, float[n, 4] w) {
  z = Add(x, y)
  w = Exp(x)
}
"""


@pytest.fixture(scope="module")
def add(tmp_path_factory):
    """z = x + y, w = exp(x)"""
    import onnx.parser

    path = tmp_path_factory.mktemp("add") / "add.onnx"
    path.write_bytes(onnx.parser.parse_model(ADD).SerializeToString())
    return bitnet.compile(path)


def test_says_what_goes_in_and_out(add):
    assert add.inputs[0] == bitnet.Port("x", "f32", "-", ("n", 4))
    assert [port.name for port in add.outputs] == ["z", "w"]


def test_runs_on_arrays(add):
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    outputs = add.run({"x": x}, y=x[::-1])
    np.testing.assert_array_equal(outputs["z"], x + x[::-1])
    empty = add.run(x=x[:0], y=x[:0])
    assert empty["z"].shape == (0, 4) and empty["z"].dtype == np.float32


def test_takes_dlpack(add):
    class Tensor:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    x = np.ones((1, 4), np.float32)
    assert (add.run(x=Tensor(x), y=Tensor(x))["z"] == 2).all()


def test_outputs_live_as_long_as_they_are_used(add):
    x = np.ones((1000, 4), np.float32)
    kept = [add.run(x=i * x, y=x)["z"][1:] for i in range(50)]
    gc.collect()
    assert all((array == i + 1).all() for i, array in enumerate(kept))


@pytest.mark.parametrize(
    "inputs,message",
    [
        ({}, "input 'x' is missing: f32 .n, 4."),
        ({"x": np.zeros((1, 3), np.float32)}, "input 'x' has shape 1x3"),
        ({"x": np.zeros((1, 4))}, "input 'x' has type f64, the model wants f32"),
        ({"x": ["a"]}, "input 'x' has type <U1, which no model takes"),
        ({"x": np.zeros([1] * 9)}, "input 'x' has 9 dimensions, the most is 8"),
        ({"q": np.zeros(1)}, "the model has no input 'q'; its inputs are"),
    ],
)
def test_refuses_inputs(add, inputs, message):
    y = np.zeros((1, 4), np.float32)
    with pytest.raises(bitnet.Error, match=message):
        add.run(inputs, y=y)


def test_session_needs_a_language_model(add):
    with pytest.raises(bitnet.Error, match="language model"):
        add.session()


def test_session_needs_ids(model):
    with pytest.raises(bitnet.Error, match="one or more ids are fed"):
        model.generate([])
    with pytest.raises(bitnet.Error, match="has logits after the first id"):
        model.session().logits()


def test_session_refuses_ids_that_are_none(model):
    with pytest.raises(bitnet.Error, match="2048"):
        model.generate([2048])


# ---------------------------------------------------------------------------
# Compiling
# ---------------------------------------------------------------------------


def test_compiler_is_looked_for(monkeypatch):
    monkeypatch.setenv("BITNET_COMPILE", "no-such-program")
    with pytest.raises(bitnet.Error, match="no program 'no-such-program'"):
        bitnet.compile(AUSTEN / "model.onnx")


def test_error_is_the_compilers(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_text("no model")
    with pytest.raises(bitnet.Error, match="bad.onnx.*error: "):
        bitnet.compile(path)


def test_output_is_kept_and_loaded_again(tmp_path):
    library = tmp_path / "tiny.so"
    ids = [5, 6, 7]
    first = bitnet.compile(FOLDERS[0], output=library).generate(ids, 8)
    assert bitnet.Model(library).generate(ids, 8) == first


def test_report_knows_every_layer():
    layers = bitnet.report(AUSTEN)["layers"]
    assert sum(layer["form"] == "A1/W10" for layer in layers) == 42


def test_library_must_be_a_model(tmp_path):
    path = tmp_path / "model.so"
    path.write_text("nothing")
    with pytest.raises(bitnet.Error, match="model.so is no compiled model"):
        bitnet.Model(path)
    with pytest.raises(bitnet.Error, match="is no compiled model: no bitnet_run"):
        bitnet.Model("libc.so.6")


def test_text_needs_a_tokenizer(tmp_path):
    with pytest.raises(bitnet.Error, match="loaded without one"):
        bitnet.compile(FOLDERS[0]).generate("text")
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    with pytest.raises(bitnet.Error, match="tokenizer.json: error: the file: "):
        bitnet.compile(FOLDERS[0], tokenizer=broken)
    bitnet.compile(FOLDERS[0], output=tmp_path / "m.so")
    with pytest.raises(bitnet.Error, match="tokenizer.json is no tokenizer"):
        bitnet.Model(tmp_path / "m.so", tokenizer=broken)


def test_tokenizer_must_be_the_models(tmp_path):
    tokenizer = AUSTEN / "tokenizer.json"
    with pytest.raises(bitnet.Error, match="the tokenizer is not the model's: it has"):
        bitnet.compile(FOLDERS[0], tokenizer=tokenizer)
    bitnet.compile(FOLDERS[0], output=tmp_path / "m.so")
    with pytest.raises(bitnet.Error, match="2048 entries, the model knows 64 ids"):
        bitnet.Model(tmp_path / "m.so", tokenizer=tokenizer)


# ---------------------------------------------------------------------------
# Recorded numbers
# ---------------------------------------------------------------------------


def test_verify(add, tmp_path):
    x = np.ones((1, 4), np.float32)
    recorded = {"in.x": x, "in.y": x, "out.z": x * 2.5}
    np.savez(tmp_path / "r.npz", **recorded)
    assert bitnet.verify(add, tmp_path / "r.npz") == {"z": 0.5}
    np.savez(tmp_path / "r.npz", **{**recorded, "out.z": x[0]})
    assert bitnet.verify(add, tmp_path / "r.npz") == {"z": np.inf}
    np.savez(tmp_path / "r.npz", **{**recorded, "out.q": x})
    with pytest.raises(bitnet.Error, match="the model has no output 'q'"):
        bitnet.verify(add, tmp_path / "r.npz")
    np.savez(tmp_path / "r.npz", x=x)
    with pytest.raises(bitnet.Error, match="nothing is recorded as out.NAME"):
        bitnet.verify(add, tmp_path / "r.npz")
    with pytest.raises(bitnet.Error, match="cannot read"):
        bitnet.verify(add, tmp_path / "nowhere.npz")


@models
@pytest.mark.parametrize("name", ["prefill", "decode", "batch", "chunk"])
def test_verify_recorded_call(model, name):
    path = MODELS / "austen" / "recorded" / f"{name}.npz"
    assert max(bitnet.verify(model, path).values()) < 0.4


@models
def test_perplexity_is_that_of_training(model):
    """From f32 weights, as they were trained."""
    austen = MODELS / "austen"
    trained = bitnet.compile(austen / "hf")
    text = (austen / "recorded" / "eval.txt").read_text()
    ids = np.array(trained.tokenizer.encode(text).ids)
    losses = []
    for start in range(0, len(ids), 256):
        window = ids[None, start : start + 256]
        logits = trained.run(input_ids=window)["logits"][0, :-1].astype(np.float64)
        chosen = np.take_along_axis(logits, window[0, 1:, None], -1)[:, 0]
        losses.append(np.log(np.exp(logits).sum(-1)) - chosen)
    recorded = json.loads((austen / "recorded" / "perplexity.json").read_text())
    perplexity = np.exp(np.concatenate(losses).mean())
    assert perplexity == pytest.approx(recorded["perplexity"], rel=0.001)


@models
def test_trained_folder_becomes_a_program(tmp_path):
    """Exported from f32 weights, compiled: all recorded continuations as text."""
    austen = MODELS / "austen"
    exported = tmp_path / "exported.onnx"
    bitnet.export(austen / "hf", exported, progress=False)
    tokenizer = austen / "hf" / "tokenizer.json"
    program = compile_model(exported, tmp_path, "--tokenizer", str(tokenizer))
    for case in json.loads((austen / "recorded" / "greedy.json").read_text()):
        count = len(case["new_ids"])
        told = program.output("generate", "--prompt", case["prompt"], "-n", count)
        assert told.removesuffix("\n") == case["text"], case["prompt"]


# ---------------------------------------------------------------------------
# Conversations
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talker(tmp_path_factory):
    """The bundled folder with a chat template."""
    folder = tmp_path_factory.mktemp("talker")
    for path in AUSTEN.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    for name in ("model.onnx", "model.safetensors"):
        (folder / name).symlink_to(AUSTEN / name)
    text = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}"
    text += "{{ eos_token if m.role == 'assistant' }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(text)
    return folder


def test_chats(talker):
    model = bitnet.compile(talker)
    messages = [{"role": "user", "content": "It is a truth"}]
    text = "<|begin_of_text|>user: It is a truth"
    assert model.chat_text(messages) == text
    ids = model.tokenizer.encode(text, add_special_tokens=False).ids
    wanted = model.tokenizer.decode(model.generate(ids, 12))
    session = model.session()
    reply = "".join(model.chat(messages, 12, session=session))
    assert reply == wanted
    assert len(session) == len(ids) + 11
    messages.append({"role": "assistant", "content": reply})
    messages.append({"role": "user", "content": " And?"})
    again = "".join(model.chat(messages, 5, session=session))
    assert again == "".join(model.chat(messages, 5))
    small = model.session(10)
    with pytest.raises(bitnet.ContextFull, match="the context is full: "):
        small.read_chat(messages)


@pytest.mark.parametrize(
    "message", [{"role": "user"}, {"role": "user", "content": None}, "Hello"]
)
def test_refuses_what_is_no_message(model, message):
    with pytest.raises(bitnet.Error, match="a message wants text as its "):
        model.chat_text([message])


def test_exported_models_know_their_context(talker):
    model = bitnet.compile(talker)
    with pytest.raises(bitnet.Error, match="the model has 512 positions, 513 are"):
        model.session(513)


def test_command_chats(talker):
    command = [sys.executable, "-m", "bitnet", "chat", talker, "-n", "12"]
    done = subprocess.run(
        command, input="It is a truth\n", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    model = bitnet.compile(talker)
    messages = [{"role": "user", "content": "It is a truth"}]
    assert done.stdout == "".join(model.chat(messages, 12)) + "\n"
    done = subprocess.run([*command, "--wrong"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: chat has no option '--wrong'; see --help\n"


# ---------------------------------------------------------------------------
# The command line
# ---------------------------------------------------------------------------


def test_command_exports_and_runs(tmp_path, capsys):
    exported = tmp_path / "m.onnx"
    assert main(["export", str(AUSTEN), "-o", str(exported), "-q"]) == 0
    case = CASES[0]
    arguments = ["--prompt", case["prompt"], "-n", str(len(case["new_ids"]))]
    tokenizer = ["--tokenizer", str(AUSTEN / "tokenizer.json")]
    assert main(["run", str(exported), *arguments, *tokenizer]) == 0
    assert capsys.readouterr().out == case["text"] + "\n"
    assert main(["run", str(AUSTEN), *arguments]) == 0
    assert capsys.readouterr().out == case["text"] + "\n"


def test_command_samples(capsys):
    command = ["run", str(AUSTEN), "--prompt", "It", "-n", "8", "-q", "--seed"]
    drawn = []
    for seed in ("1", "1"):
        assert main([*command, seed, "--temperature", "0.9", "--top-k", "40"]) == 0
        drawn.append(capsys.readouterr().out)
    assert drawn[0] == drawn[1]


def test_command_says_what_is_wrong(capsys):
    assert main(["run", "nowhere.onnx", "--prompt", "x"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_package_installs(tmp_path):
    """`pip install ./python`, and the installed package is whole."""
    # Copied, as building leaves files beside pyproject.toml.
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    offline = ["--no-build-isolation", "--disable-pip-version-check"]
    source = tmp_path / "python"
    subprocess.run(["cp", "-r", ROOT / "python", source], check=True)
    target = tmp_path / "site"
    subprocess.run([*command, *offline, "--target", target, source], check=True)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-m", "bitnet", "run", AUSTEN, "--prompt", "It", "-n", "2"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (target / "bitnet" / "py.typed").exists()
    assert pathlib.Path(target, "bitnet", "reference.py").exists()
