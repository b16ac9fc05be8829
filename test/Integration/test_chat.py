# RUN: %pytest %s --junitxml=%t.pytest.xml
"""Conversations with the bundled model, through a pipe and at a terminal."""

import json
import os
import pty
import random
import select
import signal
import subprocess
import time

import pytest
from tokenizers import Tokenizer

import bitnet
import chat_templates as zoo
import tokenizers_zoo
from program import BUNDLED, COMPILER, compile_model

AUSTEN = BUNDLED / "austen"
TOKENIZER = Tokenizer.from_file(str(AUSTEN / "tokenizer.json"))
BEGIN, END = (TOKENIZER.token_to_id(zoo.TOKENS[f"{x}_token"]) for x in ("bos", "eos"))
SYSTEM = "A novel."
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role | capitalize }}: "
    "{{ m.content | trim }}{{ eos_token if m.role == 'assistant' else '\n' }}"
    "{% endfor %}Assistant:"
)


@pytest.fixture(scope="module")
def talker(tmp_path_factory):
    """The bundled model with a chat template."""
    folder = tmp_path_factory.mktemp("talker")
    (folder / "t.jinja").write_text(TEMPLATE)
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (folder / name).write_bytes((AUSTEN / name).read_bytes())
    options = ["--tokenizer", f"{folder}/tokenizer.json"]
    options.append(f"--chat-template={folder}/t.jinja")
    return compile_model(AUSTEN / "model.onnx", folder, *options)


def chat(program, lines, *options):
    """What it says to these lines."""
    done = subprocess.run(
        [str(program.path), "chat", *map(str, options)],
        input="".join(line + "\n" for line in lines).encode(),
        capture_output=True,
        timeout=120,
    )
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def turns(program, lines, *options):
    """The same, turn by turn."""
    done = chat(program, lines, "--json", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def message(role, content):
    return {"role": role, "content": content}


def ids_of(messages):
    """What transformers would feed, if nobody says special tokens."""
    text = zoo.render(TEMPLATE, messages)
    return TOKENIZER.encode(text, add_special_tokens=False).ids


def same(a, b):
    """How many ids two lists begin with."""
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count


# ---------------------------------------------------------------------------
# What is said
# ---------------------------------------------------------------------------


def test_answers_are_those_to_the_rendered_conversation(talker):
    lines = ["Who is Emma?", "And  Mr. Knightley? ", "Größe 🤖"]
    told = turns(talker, lines, "--system", SYSTEM, "-n", 24)
    messages, known = [message("system", SYSTEM)], []
    for line, turn in zip(lines, told, strict=True):
        messages.append(message("user", line))
        ids = ids_of(messages)
        reply = talker.generate(ids, 24)
        ended = END in reply
        reply = reply[: reply.index(END)] if ended else reply
        assert turn["ids"] == reply
        assert turn["ending"] == ("end" if ended else "length")
        assert turn["text"] == TOKENIZER.decode(reply)
        # Only what is new was read.
        assert turn["read"] == len(ids) - same(ids, known)
        known = ids + (reply if ended else reply[:-1])
        assert turn["context"] == len(known)
        messages.append(message("assistant", turn["text"]))
    assert told[1]["read"] < len(ids_of(messages[:4])) / 2


def test_text_is_streamed_and_ends_lines(talker):
    lines = ["Who is Emma?", "", "Why?"]
    done = chat(talker, lines, "-n", 12)
    assert done.stderr == ""
    texts = [turn["text"] for turn in turns(talker, lines, "-n", 12)]
    assert done.stdout == "".join(text + "\n" for text in texts)
    assert len(texts) == 2  # nothing is said to nothing


def test_a_user_cannot_say_special_tokens(talker):
    said = "a<|end_of_text|>b <|begin_of_text|>"
    (turn,) = turns(talker, [said], "-n", 1)
    split = no_specials(TOKENIZER, f"User: {said}\nAssistant:")
    assert BEGIN not in split and END not in split
    assert turn["read"] == 1 + len(split)
    assert turn["ids"] == talker.generate([BEGIN, *split], 1)
    assert len(ids_of([message("user", said)])) < turn["read"]


def no_specials(tokenizer, text):
    """As with `split_special_tokens` of transformers."""
    tokenizer.encode_special_tokens = True
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    tokenizer.encode_special_tokens = False
    return ids


@pytest.mark.parametrize("kind", ["gpt2-added", "llama2-added", "metaspace"])
def test_no_tokenizer_finds_special_tokens_in_messages(tmp_path, kind, monkeypatch):
    monkeypatch.setenv("BITNET_COMPILE", str(COMPILER))
    tokenizer, path = tokenizers_zoo.save(kind, tmp_path)
    (tmp_path / "t.jinja").write_text("Q: {{ messages[0].content }} A:")
    options = [f"--tokenizer={path}", f"--chat-template={tmp_path}/t.jinja"]
    model = bitnet.compile(
        AUSTEN / "model.onnx", output=tmp_path / "m.so", options=options
    )
    specials = [t.content for t in tokenizer.get_added_tokens_decoder().values()]
    rng = random.Random(kind)
    changed = 0
    for _ in range(25):
        data = tokenizers_zoo.random_bytes(rng).decode(errors="replace")
        said = data[:200] + rng.choice(specials) + " x" + rng.choice(specials)
        ids = no_specials(tokenizer, f"Q: {said} A:")
        session, reference = model.session(), model.session()
        session.read_chat([message("user", said)])
        reference.feed(ids)
        assert len(session) == len(reference), said
        assert (session.logits() == reference.logits()).all(), said
        plain = tokenizer.encode(f"Q: {said} A:", add_special_tokens=False).ids
        changed += plain != ids
    assert changed


def test_ends_at_a_stop_text_and_samples(talker):
    (turn,) = turns(talker, ["Who?"], "-n", 40)
    stop = turn["text"][6:10]
    (cut,) = turns(talker, ["Who?"], "-n", 40, "--stop", stop)
    assert cut["text"] == turn["text"][: turn["text"].index(stop)]
    assert cut["ending"] == "stop"
    options = ["--temperature", 0.9, "--seed", 3, "-n", 20]
    drawn = turns(talker, ["Who?", "Why?"], *options)
    assert drawn[0]["ids"] != turn["ids"][:20]
    again = turns(talker, ["Who?", "Why?"], *options)
    assert [t["ids"] for t in again] == [t["ids"] for t in drawn]


def test_without_a_template_text_goes_on(austen):
    done = chat(austen, ["It is a truth", "She said"], "-n", 10, "--json")
    assert done.stderr.startswith("note: the model has no chat template: it continues")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["text"] + "\n" == austen.output(
        "generate", "--prompt", "It is a truth", "-n", 10
    )
    text = f"It is a truth{first['text']}\nShe said"
    assert second["text"] + "\n" == austen.output(
        "generate", "--prompt", text, "-n", 10
    )


# ---------------------------------------------------------------------------
# When the context is full
# ---------------------------------------------------------------------------


def test_forgets_the_oldest_turns(talker):
    lines = [f"Tell me of number {i}." for i in range(6)]
    limit = 96
    options = ["--system", SYSTEM, "-n", 16, "--max-context", limit, "--json"]
    done = chat(talker, lines, *options)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr.count("its oldest turns are forgotten") == 1
    assert all(turn["context"] <= limit for turn in told) and len(told) == 6
    # The last answer is that to a conversation without the turns before.
    messages = [message("system", SYSTEM)]
    for line, turn in zip(lines, told):
        messages += [message("user", line), message("assistant", turn["text"])]
    last = messages.pop()["content"]
    candidates = [messages[:1] + messages[i:] for i in range(3, len(messages), 2)]
    answers = [TOKENIZER.decode(talker.generate(ids_of(c), 16)) for c in candidates]
    assert last in answers


def test_forgets_in_the_middle_of_an_answer(talker):
    lines = ["Tell me of Emma, and of all her friends in Highbury.", "Go on."]
    options = ["-n", 60, "--max-context", 90]
    first, second = turns(talker, lines, *options)
    assert len(first["ids"]) == len(second["ids"]) == 60
    assert first["context"] <= 90 and second["context"] <= 90
    # From then on it's an answer to the second message alone.
    prompt = ids_of([message("user", lines[1])])
    step = second["context"] - len(prompt)
    assert talker.generate(prompt + second["ids"][:step], 1) == second["ids"][step:]


def test_an_answer_ends_with_the_context(talker):
    first, second = turns(talker, ["Who?", "Why?"], "-n", 100, "--max-context", 40)
    assert first["ending"] == second["ending"] == "context"
    assert first["context"] == second["context"] == 40


def test_says_that_a_message_is_too_long(talker):
    done = chat(talker, ["word " * 200], "--max-context", 50)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: the context is full: ")
    assert done.stderr.endswith(" ids exceed its 50 positions\n")


def slid(program, ids, count, limit, kept):
    """The reference: a context that is computed anew for each id."""
    context, found = list(ids), []
    while len(found) < count:
        found += program.generate(context, 1)
        if len(context) == limit:
            rest = context[kept:]
            context = context[:kept] + rest[(len(rest) + 1) // 2 :]
        context.append(found[-1])
    return found


@pytest.mark.parametrize("kept", [0, 4])
def test_a_sliding_context_is_as_if_read_anew(austen, kept):
    ids = TOKENIZER.encode("It is a truth universally").ids
    options = ["-n", 40, "--max-context", 17, "--sliding", "--keep", kept]
    line = austen.output("generate", "--ids", ",".join(map(str, ids)), *options)
    found = [int(word) for word in line.split(",")]
    assert found == slid(austen, ids, 40, 17, kept)


@pytest.mark.parametrize(
    "options,message",
    [
        (["--max-context", "17"], "error: after 13 new ids: the context is full: 17"),
        (
            ["--max-context", "17", "--sliding", "--keep", "16"],
            "error: after 13 new ids: a context of 17 ids cannot slide and keep 16",
        ),
        (["--max-context", "4"], "error: the context is full: 0 ids and 5 more exceed"),
        (["--keep", "x"], "error: --keep wants a number from 0"),
    ],
)
def test_a_full_context_is_an_error(austen, options, message):
    done = austen.call("generate", "--ids", "1,2,3,4,5", *options)
    assert done.returncode == 1
    assert done.stderr.startswith(message)


def test_the_program_knows_its_context(tmp_path, austen):
    small = compile_model(AUSTEN / "model.onnx", tmp_path, "--max-context=20")
    done = small.call("generate", "--ids", "1,2,3", "-n", "30")
    assert done.stderr.startswith("error: after 18 new ids: the context is full: 20")
    done = small.call("generate", "--ids", "1,2,3", "--max-context", "21")
    assert done.stderr.startswith("error: the model has 20 positions, 21 are wanted")
    assert small.generate([1, 2, 3], 10) == austen.generate([1, 2, 3], 10)


# ---------------------------------------------------------------------------
# At a terminal
# ---------------------------------------------------------------------------


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *command):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execv(command[0], [str(word) for word in command])
        self.seen = ""

    def wait_for(self, text):
        """Reads until the text comes."""
        deadline = time.monotonic() + 20
        while text not in self.seen:
            ready, _, _ = select.select([self.file], [], [], 1)
            assert time.monotonic() < deadline, self.seen
            if not ready:
                continue
            self.seen += os.read(self.file, 4096).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text):
        os.write(self.file, text.encode())

    def status(self):
        """How it ended."""
        while True:
            try:
                if not os.read(self.file, 4096):
                    break
            except OSError:
                break
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.file)
        return status


# Its logits have no peak, so it hardly ever comes to an end.
ENDLESS = ["-n", 100000, "--temperature", 100]


def test_an_interrupt_ends_the_turn(talker):
    terminal = Terminal(talker.path, "chat", *ENDLESS, "--stop", "never")
    terminal.wait_for("> ")
    terminal.type("Hello\n")
    terminal.wait_for("\n")
    time.sleep(0.3)
    terminal.type("\x03")
    terminal.wait_for("> ")
    terminal.type("Again\n")
    terminal.wait_for("Again")
    time.sleep(0.3)
    terminal.type("\x03")
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.status() == 0


def test_two_interrupts_at_the_prompt_end_it(talker):
    terminal = Terminal(talker.path, "chat")
    terminal.wait_for("> ")
    terminal.type("half a line\x03")
    terminal.wait_for("(once more, or ctrl-D, to leave)")
    terminal.wait_for("> ")
    terminal.type("\x03")
    assert terminal.status() == 0


def test_an_error_at_a_terminal_is_no_end(talker):
    terminal = Terminal(talker.path, "chat", "--max-context", "40", "-n", "4")
    terminal.wait_for("> ")
    terminal.type("word " * 60 + "\n")
    terminal.wait_for("error: the context is full: ")
    terminal.wait_for("> ")
    terminal.type("Hello\n")
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.status() == 0


def test_a_pipe_is_interrupted_between_turns(talker):
    command = [str(talker.path), "chat", *map(str, ENDLESS), "--json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        process.stdin.write("Hello\n")
        process.stdin.flush()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        turn = json.loads(process.stdout.readline())
        assert turn["ending"] in ("interrupt", "end")
        out, _ = process.communicate("Again\n" if turn["ending"] == "end" else "")
    assert process.returncode == 0


# ---------------------------------------------------------------------------
# What is wrong
# ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options,message",
    [
        (["--prompt", "a"], "error: chat has no option '--prompt'; see --help"),
        (["--system"], "error: --system wants a value"),
        (["-n", "-1"], "error: -n wants a number from 0"),
        (["--max-context", "513"], "error: the model has 512 positions, 513 are"),
    ],
)
def test_says_what_chat_wants(tmp_path, talker, options, message):
    if "513" in options:
        talker = compile_model(
            AUSTEN / "model.onnx",
            tmp_path,
            "--max-context=512",
            f"--tokenizer={AUSTEN / 'tokenizer.json'}",
        )
    done = chat(talker, [], *options)
    assert done.returncode == 1
    assert done.stderr.startswith(message)


def test_needs_a_tokenizer_and_a_language_model(small_model, tmp_path):
    program = compile_model(small_model, tmp_path)
    done = chat(program, ["a"])
    assert done.stderr.startswith("error: the model was compiled without a tokenizer")
    option = f"--tokenizer={AUSTEN / 'tokenizer.json'}"
    program = compile_model(small_model, tmp_path, option)
    assert chat(program, ["a"]).stderr.startswith("error: 'small' is no language model")


def test_the_template_may_refuse(tmp_path):
    (tmp_path / "t.jinja").write_text("{{ raise_exception('never') }}")
    (tmp_path / "u.jinja").write_text("{% if false %}{% endif %}")
    for name, text in [
        ("t", "error: the chat template refuses the conversation: never"),
        ("u", "error: the chat template makes nothing of the messages"),
    ]:
        program = compile_model(
            AUSTEN / "model.onnx",
            tmp_path,
            f"--tokenizer={AUSTEN / 'tokenizer.json'}",
            f"--chat-template={tmp_path}/{name}.jinja",
        )
        done = chat(program, ["a"])
        assert done.returncode == 1
        assert done.stderr.startswith(text)


def test_the_compiler_bounds_the_context(tmp_path):
    for option, text in [
        ("--max-context=0", "error: --max-context wants a number from 1"),
        ("--max-context=-3", "error: --max-context wants a number from 1"),
    ]:
        command = [COMPILER, AUSTEN / "model.onnx", "-o", tmp_path / "m", option]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1 and text in done.stderr
