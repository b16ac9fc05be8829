# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""From a prompt to text: generate, verify and perplexity of the bundled model."""

import json

import numpy as np
import pytest

from language_model import inputs_for
from program import BUNDLED, MODELS

GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
PROMPT = "It is a truth"


def speak(program, *options, threads=None):
    """The text after the prompt, without the end of the line."""
    text = program.output("generate", "--prompt", PROMPT, *options, threads=threads)
    assert text.endswith("\n")
    return text[:-1]


@pytest.mark.parametrize("entry", GREEDY[:8], ids=lambda entry: entry["prompt"])
def test_continues_text_as_recorded(austen, entry):
    count = len(entry["new_ids"])
    text = austen.output("generate", "--prompt", entry["prompt"], "-n", count)
    assert text == entry["text"] + "\n"


def test_says_the_same_as_json(austen):
    told = json.loads(speak(austen, "-n", 12, "--json", "--logprobs"))
    assert told["text"] == speak(austen, "-n", 12)
    assert len(told["ids"]) == len(told["logprobs"]) == 12
    assert all(logprob < 0 for logprob in told["logprobs"])


def test_log_probabilities_are_those_of_the_logits(austen):
    told = json.loads(speak(austen, "-n", 5, "--json", "--logprobs"))
    ids = [int(i) for i in austen.output("encode", PROMPT).split(",")]
    logits = austen.run(inputs_for(np.array([ids + told["ids"]])))["logits"][0]
    rows = logits[len(ids) - 1 : -1].astype(np.float64)
    wanted = rows - np.log(np.exp(rows).sum(-1, keepdims=True))
    chosen = wanted[np.arange(5), told["ids"]]
    assert told["logprobs"] == pytest.approx(chosen, abs=2e-6)


def test_a_seed_gives_the_same_text_for_all_threads(austen):
    options = ["--temperature", 0.8, "--top-p", 0.95, "--seed", 11]
    first = speak(austen, *options, threads=1)
    assert first == speak(austen, *options, threads=3)
    assert first != speak(austen, *options[:-1], 12)
    assert first != speak(austen)


def test_ends_before_the_stop_text(austen):
    whole = speak(austen, "-n", 40)
    stop = whole[20:25]
    assert speak(austen, "-n", 40, "--stop", stop) == whole[: whole.index(stop)]
    assert speak(austen, "-n", 40, "--stop", "never said") == whole


@pytest.mark.parametrize(
    "options,message",
    [
        ([], "error: generate wants either --prompt, a text, or --ids"),
        (["--prompt", "a", "--ids", "1"], "error: generate wants either --prompt"),
        (
            ["--ids", "1", "--stop", "end"],
            "error: --stop wants an id where ids are continued, not 'end'",
        ),
        (
            ["--prompt", PROMPT, "--max-context", "2"],
            "error: the context is full: 0 ids and",
        ),
    ],
)
def test_says_why_it_does_not_generate(austen, options, message):
    done = austen.call("generate", *options)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


# ---------------------------------------------------------------------------
# verify
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(austen):
    """What the program itself says of some ids."""
    inputs = inputs_for(np.array([[1, 2, 3]]))
    outputs = austen.run(inputs)
    return {f"in.{k}": v for k, v in inputs.items()}, {
        f"out.{k}": v for k, v in outputs.items()
    }


def test_verifies_recorded_numbers(austen, recorded, tmp_path):
    inputs, outputs = recorded
    second = {k.replace("in.", "in2."): v for k, v in inputs.items()}
    second |= {k.replace("out.", "out2."): v for k, v in outputs.items()}
    np.savez(tmp_path / "good.npz", note=np.array(1), **inputs, **outputs, **second)
    lines = austen.output("verify", tmp_path / "good.npz").splitlines()
    assert len(lines) == 2 * len(outputs)
    assert all("largest difference 0, 0 of" in line for line in lines)


def test_tells_what_differs(austen, recorded, tmp_path):
    inputs, outputs = recorded
    logits = outputs["out.logits"].copy()
    logits[0, 1, 5] += 1
    bad = {**outputs, "out.logits": logits, "out.present.0.key": np.zeros((1, 2))}
    np.savez(tmp_path / "bad.npz", **inputs, **bad)
    done = austen.call("verify", tmp_path / "bad.npz")
    assert done.returncode == 1
    assert "1 of 6144 too large" in done.stdout
    assert "shape 1x2x3x64, recorded 1x2\n" in done.stdout
    assert done.stderr.startswith("error: 2 outputs differ from those in")
    loose = ["--rtol", "1", "--atol", "0"]
    done = austen.call("verify", tmp_path / "bad.npz", *loose)
    assert done.stderr.startswith("error: 1 outputs differ")


def test_says_what_verify_wants(austen, recorded, tmp_path):
    inputs, outputs = recorded
    np.savez(tmp_path / "none.npz", **inputs)
    np.savez(tmp_path / "wrong.npz", **{**outputs, "in.input_ids": np.zeros(3)})
    for arguments, message in [
        ([], "error: verify wants a file .npz with arrays in.NAME and out.NAME"),
        (["a", "b"], "error: verify wants one file, not also 'b'"),
        (["--tol", "1"], "error: verify has no option '--tol'; see --help"),
        (
            [tmp_path / "none.npz"],
            f"error: '{tmp_path}/none.npz' has no array out.NAME for an output of the model",
        ),
        (
            [tmp_path / "wrong.npz"],
            f"error: '{tmp_path}/wrong.npz', in: input 'input_ids'",
        ),
    ]:
        done = austen.call("verify", *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith(message)


# ---------------------------------------------------------------------------
# perplexity
# ---------------------------------------------------------------------------


def test_perplexity_of_ids_is_that_of_the_logits(austen, tmp_path):
    ids = np.array(GREEDY[0]["ids"] + GREEDY[0]["new_ids"], np.int32)
    np.save(tmp_path / "ids.npy", ids)
    loss = []
    for start in range(0, len(ids), 16):
        window = ids[start : start + 16]
        rows = austen.run(inputs_for(window[None].astype(np.int64)))["logits"][0, :-1]
        rows = rows.astype(np.float64)
        chosen = rows[np.arange(len(window) - 1), window[1:]]
        loss.append(np.log(np.exp(rows).sum(-1)) - chosen)
    told = json.loads(
        austen.output("perplexity", tmp_path / "ids.npy", "--window", 16, "--json")
    )
    assert told["predicted_tokens"] == sum(map(len, loss))
    assert told["mean_nll"] == pytest.approx(np.concatenate(loss).mean(), abs=1e-5)


@pytest.mark.models
def test_perplexity_of_a_text_is_as_recorded(austen):
    folder = MODELS / "austen" / "recorded"
    told = json.loads(austen.output("perplexity", folder / "eval.txt", "--json"))
    recorded = json.loads((folder / "perplexity.json").read_text())
    assert told["predicted_tokens"] == recorded["predicted_tokens"]
    assert told["perplexity"] == pytest.approx(recorded["perplexity"], rel=0.001)


def test_says_what_perplexity_wants(austen, tmp_path):
    np.save(tmp_path / "one.npy", np.array([1]))
    np.save(tmp_path / "large.npy", np.array([1, 2048]))
    np.save(tmp_path / "real.npy", np.array([1.0]))
    for arguments, message in [
        ([], "error: perplexity wants a file: text, or ids as .npy"),
        (["a", "b"], "error: perplexity wants one file, not also 'b'"),
        (["--windows", "1"], "error: perplexity has no option '--windows'; see --help"),
        (["--window", "1"], "error: --window wants a number from 2"),
        (
            [tmp_path / "one.npy"],
            f"error: '{tmp_path}/one.npy' has no two ids to predict one from the other",
        ),
        (
            [tmp_path / "large.npy"],
            f"error: '{tmp_path}/large.npy': id 2048 is not in the",
        ),
        ([tmp_path / "real.npy"], f"error: '{tmp_path}/real.npy' has type f64"),
    ]:
        done = austen.call("perplexity", *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith(message)
