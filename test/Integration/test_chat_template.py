# RUN: %pytest %s --junitxml=%t.pytest.xml
"""Chat templates print what Jinja2 prints, or are refused by name.

BITNET_CHAT_TEMPLATES sets how many random ones are tried.
"""

import _ctypes
import json
import os
import subprocess

import pytest

import bitnet
import chat_templates as zoo
from program import BUNDLED, COMPILER

COUNT = int(os.environ.get("BITNET_CHAT_TEMPLATES", "40"))
TOKENIZER = BUNDLED / "austen" / "tokenizer.json"
CONVERSATIONS = zoo.conversations()


def compile_with(folder, model, *options):
    command = [COMPILER, model, "--emit=so", "-o", folder / "model.so"]
    command += ["--tokenizer", folder / "tokenizer.json", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path):
    """A folder as of Hugging Face, without a template yet."""
    (tmp_path / "tokenizer.json").write_bytes(TOKENIZER.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(zoo.TOKENS))
    return tmp_path


def texts_of(folder, conversations):
    """What a library makes of them, without keeping it."""
    loaded = bitnet.Model(folder / "model.so")
    found = [chat_text(loaded, messages) for messages in conversations]
    # There are hundreds.
    _ctypes.dlclose(loaded._library._library._handle)
    return found


def texts(folder, model, text, conversations):
    """What a program with that template makes of each conversation, None for a
    failure; of a template that is refused, what the compiler says."""
    (folder / "chat_template.jinja").write_text(text, newline="")
    done = compile_with(folder, model)
    if done.returncode:
        return done.stderr
    return texts_of(folder, conversations)


def chat_text(model, messages):
    """None if it fails."""
    try:
        return model.chat_text(messages)
    except bitnet.Error:
        return None


@pytest.mark.parametrize("name", zoo.KNOWN)
def test_known_templates_are_rendered_as_by_jinja(folder, small_model, name):
    wanted = [zoo.render(zoo.KNOWN[name], messages) for messages in CONVERSATIONS]
    assert any(wanted)
    assert texts(folder, small_model, zoo.KNOWN[name], CONVERSATIONS) == wanted


@pytest.mark.parametrize("text", [*zoo.SNIPPETS, *zoo.LAYOUTS])
def test_each_feature_is_jinjas(folder, small_model, text):
    some = CONVERSATIONS[:4] + CONVERSATIONS[-8:]
    wanted = [zoo.render(text, messages) for messages in some]
    assert texts(folder, small_model, text, some) == wanted


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_templates_are_rendered_as_by_jinja(folder, small_model, seed):
    text = zoo.RandomTemplate(seed).text()
    some = CONVERSATIONS[:3]
    found = texts(folder, small_model, text, some)
    assert isinstance(found, list), f"{text}: {found}"
    for messages, rendered in zip(some, found):
        # What is no text in our eyes, as a list, is not printed.
        assert rendered is None or rendered == zoo.render(text, messages), text


# ---------------------------------------------------------------------------
# Where a template stands
# ---------------------------------------------------------------------------

HELLO = [{"role": "user", "content": "Hello"}]


def hello(folder, model, *options):
    """What is made of one message."""
    done = compile_with(folder, model, *options)
    assert done.returncode == 0, done.stderr
    return texts_of(folder, [HELLO])[0]


def test_finds_the_template_beside_the_tokenizer(folder, small_model):
    assert hello(folder, small_model) == "Hello"  # plain text
    template = "config {{ eos_token }}{{ unk_token }}{{ pad_token }}"
    config = {**zoo.TOKENS, "unk_token": {"content": "<u>"}, "pad_token": None}
    config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    assert hello(folder, small_model) == "config <|end_of_text|><u>"
    (folder / "chat_template.jinja").write_text("jinja")
    assert hello(folder, small_model) == "jinja"
    assert hello(folder, small_model, "--chat-template=none") == "Hello"
    (folder / "other.jinja").write_text("other")
    option = f"--chat-template={folder}/other.jinja"
    assert hello(folder, small_model, option) == "other"
    named = [
        {"name": "tool_use", "template": "x"},
        {"name": "default", "template": "y"},
    ]
    (folder / "other.json").write_text(json.dumps({"chat_template": named}))
    option = f"--chat-template={folder}/other.json"
    assert hello(folder, small_model, option) == "y"


@pytest.mark.parametrize(
    "name,content,message",
    [
        ("t.json", "{}", "error: /t.json: the file has no 'chat_template'"),
        ("t.json", "[]", "error: /t.json: the file is no object"),
        ("t.json", "{", "error: /t.json: no JSON text: "),
        (
            "t.json",
            '{"chat_template": [{"name": "x"}]}',
            "error: /t.json: 'chat_template' has no default template",
        ),
        ("t.jinja", "a\0b", "error: /t.jinja: the chat template is no text in UTF-8"),
        ("u.jinja", "", "error: /t.jinja: cannot read the file: No such file"),
        ("t.jinja", "{{ 1.5 }}", "error: the chat template of /t.jinja, line 1: "),
    ],
)
def test_says_what_is_wrong_with_a_file(folder, small_model, name, content, message):
    (folder / name).write_text(content)
    option = f"--chat-template={folder}/t.{name.split('.')[1]}"
    done = compile_with(folder, small_model, option)
    assert done.returncode == 1
    assert message in done.stderr.replace(str(folder), "")
    assert not (folder / "model.so").exists()


def test_a_template_goes_with_a_tokenizer(folder, small_model):
    command = [COMPILER, small_model, "-o", folder / "m", "--chat-template=none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error: --chat-template wants a --tokenizer beside it" in done.stderr
