# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""The bundled language model says what PyTorch says.

How equal is equal: an activation at a rounding tie may take the next code in
another correct evaluation, and the logits then move by some hundredths. The
bounds below are a little above what was measured between correct evaluations
over 2,048 positions (PyTorch f64 and onnxruntime, both against PyTorch f32).
"""

import json

import numpy as np
import pytest

from language_model import assert_same_bits, inputs_for, run_in_chunks
from program import BUNDLED, MODELS

MEAN, P99, LARGEST = 0.017, 0.09, 0.4
"""Bounds on the differences of the 8 best logits at each position."""
CLEAR_LEAD = 0.1
"""A best token that leads by more is the best token of every correct program."""
WINDOW = 256

RECORDED = MODELS / "austen" / "recorded" if MODELS else None
BUNDLED_GREEDY = json.loads((BUNDLED / "austen" / "greedy.json").read_text())
PROMPTS = 64

models = pytest.mark.models


def greedy_case(number):
    return json.loads((RECORDED / "greedy.json").read_text())[number]


# ---------------------------------------------------------------------------
# Greedy continuations
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", BUNDLED_GREEDY, ids=lambda case: case["prompt"])
def test_continues_bundled_prompt(austen, case):
    new_ids = austen.generate(case["ids"], len(case["new_ids"]))
    assert new_ids == case["new_ids"], f"instead of {case['text']!r}"


@models
@pytest.mark.parametrize("number", range(PROMPTS))
def test_continues_recorded_prompt(austen, number):
    case = greedy_case(number)
    new_ids = austen.generate(case["ids"], len(case["new_ids"]))
    assert new_ids == case["new_ids"], f"{case['prompt']!r}: not {case['text']!r}"


@models
def test_every_recorded_prompt_is_run():
    assert len(json.loads((RECORDED / "greedy.json").read_text())) == PROMPTS


# ---------------------------------------------------------------------------
# Recorded inputs and outputs
# ---------------------------------------------------------------------------


@models
@pytest.mark.parametrize("name", ["prefill", "decode", "batch", "chunk"])
def test_runs_recorded_call(austen, name):
    with np.load(RECORDED / f"{name}.npz") as file:
        recorded = dict(file)
    inputs = {key[3:]: x for key, x in recorded.items() if key.startswith("in.")}
    expected = {key[4:]: x for key, x in recorded.items() if key.startswith("out.")}
    outputs = austen.run(inputs)

    assert outputs.keys() == expected.keys()
    for key, x in expected.items():
        assert outputs[key].shape == x.shape and outputs[key].dtype == x.dtype, key
        difference = np.abs(outputs[key] - x)
        assert difference.max() <= LARGEST, key
        assert difference.mean() <= MEAN, key
    ranked = np.sort(expected["logits"], axis=-1)
    clear = ranked[..., -1] - ranked[..., -2] > CLEAR_LEAD
    best = outputs["logits"].argmax(-1) == expected["logits"].argmax(-1)
    assert best[clear].all()


# ---------------------------------------------------------------------------
# eval.txt: logits at 2,048 positions, perplexity at 7,186
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eval_ids():
    tokenizers = pytest.importorskip("tokenizers")
    path = MODELS / "austen" / "hf" / "tokenizer.json"
    text = (RECORDED / "eval.txt").read_text()
    return np.array(tokenizers.Tokenizer.from_file(str(path)).encode(text).ids)


@pytest.fixture(scope="module")
def teacher():
    with np.load(RECORDED / "teacher.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def teacher_logits(austen, teacher):
    return austen.run(inputs_for(teacher["ids"]))["logits"]


def log_sum_exp(logits):
    wide = logits.astype(np.float64)
    largest = wide.max(-1)
    return largest + np.log(np.exp(wide - largest[..., None]).sum(-1))


@models
def test_best_logits_are_within_measured_noise(teacher, teacher_logits):
    best = np.take_along_axis(teacher_logits, teacher["top_ids"], axis=-1)
    difference = np.abs(best - teacher["top_logits"])
    report = (difference.mean(), np.quantile(difference, 0.99), difference.max())
    assert report[0] <= MEAN and report[1] <= P99 and report[2] <= LARGEST, report


@models
def test_best_token_is_the_same_where_it_leads(teacher, teacher_logits):
    lead = teacher["top_logits"][..., 0] - teacher["top_logits"][..., 1]
    same = teacher_logits.argmax(-1) == teacher["top_ids"][..., 0]
    assert same[lead > CLEAR_LEAD].all(), lead[~same].max()


@models
def test_log_likelihood_is_the_same(teacher, teacher_logits):
    """Within 0.001 on the mean over the positions that teacher.npz can tell."""
    following = teacher["ids"][:, 1:]
    found = teacher["top_ids"][:, :-1] == following[..., None]
    known = found.any(-1)
    recorded = np.where(found, teacher["top_logits"][:, :-1], 0).sum(-1)
    recorded = (teacher["logsumexp"][:, :-1] - recorded)[known]
    ours = np.take_along_axis(teacher_logits[:, :-1], following[..., None], -1)[..., 0]
    ours = (log_sum_exp(teacher_logits[:, :-1]) - ours)[known]
    assert abs(ours.mean() - recorded.mean()) <= 0.001


@models
def test_perplexity(austen, eval_ids):
    recorded = json.loads((RECORDED / "perplexity.json").read_text())
    losses = []
    for start in range(0, len(eval_ids), WINDOW):
        window = eval_ids[None, start : start + WINDOW]
        logits = austen.run(inputs_for(window))["logits"][0, :-1]
        chosen = np.take_along_axis(logits, window[0, 1:, None], -1)[:, 0]
        losses.append(log_sum_exp(logits) - chosen)
    losses = np.concatenate(losses)
    assert losses.size == recorded["predicted_tokens"]
    assert losses.mean() == pytest.approx(recorded["mean_nll"], abs=0.001)
    assert np.exp(losses.mean()) == pytest.approx(recorded["perplexity"], rel=0.001)


# ---------------------------------------------------------------------------
# Our own runs, bit for bit
# ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_rows():
    """Two rows of 37 ids: no multiple of any tile."""
    rows = [BUNDLED_GREEDY[i]["ids"] + BUNDLED_GREEDY[i]["new_ids"] for i in (0, 1)]
    return np.array([(row * 2)[:37] for row in rows])


@pytest.fixture(scope="module")
def at_once(austen, two_rows):
    return austen.run(inputs_for(two_rows[:1]), threads=1)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing(austen, two_rows, at_once, threads):
    again = austen.run(inputs_for(two_rows[:1]), threads=threads)
    assert_same_bits(again, at_once)


def test_batch_changes_nothing(austen, two_rows):
    both = austen.run(inputs_for(two_rows))
    for row in range(2):
        alone = austen.run(inputs_for(two_rows[row : row + 1]))
        assert_same_bits({name: x[row : row + 1] for name, x in both.items()}, alone)


@pytest.mark.parametrize(
    "lengths", [[20, 17], [1, 36], [36, 1], [16, 16, 5], [1] * 37], ids=str
)
def test_chunks_change_nothing(austen, two_rows, at_once, lengths):
    assert_same_bits(run_in_chunks(austen, two_rows[:1], lengths), at_once)


def test_generate_is_the_best_logit_of_run(austen, two_rows, at_once):
    best = int(at_once["logits"][0, -1].argmax())
    assert austen.generate(two_rows[0].tolist(), 1) == [best]


@pytest.mark.parametrize("threads", [1, 2])
def test_generate_is_the_same_on_threads(austen, threads):
    case = BUNDLED_GREEDY[0]
    count = len(case["new_ids"])
    assert austen.generate(case["ids"], count, threads) == case["new_ids"]


def test_all_outputs_are_finite(at_once):
    assert all(np.isfinite(x).all() for x in at_once.values())
