"""A language model's inputs and outputs: ids, mask, positions and caches."""

from __future__ import annotations

import numpy as np

from program import Arrays, Program

LAYERS, KV_HEADS, HEAD_DIM = 6, 2, 64


def cache_names(kind: str) -> list[str]:
    """`past_key_values.0.key`, ... or `present.0.key`, ..."""
    return [f"{kind}.{i}.{what}" for i in range(LAYERS) for what in ("key", "value")]


def inputs_for(ids: np.ndarray, past: Arrays | None = None) -> Arrays:
    """The inputs that continue `past` (the outputs of another run) with `ids`."""
    batch, sequence = ids.shape
    shape = (batch, KV_HEADS, 0, HEAD_DIM)
    caches = {
        before: np.zeros(shape, np.float32) if past is None else past[after]
        for before, after in zip(cache_names("past_key_values"), cache_names("present"))
    }
    start = caches["past_key_values.0.key"].shape[2]
    positions = np.arange(start, start + sequence, dtype=np.int64)
    return {
        "input_ids": ids.astype(np.int64),
        "attention_mask": np.ones((batch, start + sequence), np.int64),
        "position_ids": np.tile(positions, (batch, 1)),
        **caches,
    }


def run_in_chunks(program: Program, ids: np.ndarray, lengths: list[int]) -> Arrays:
    """Feeds `ids` in chunks of these lengths; the logits of all, the last caches."""
    logits, past = [], None
    for chunk in np.split(ids, np.cumsum(lengths)[:-1], axis=1):
        past = program.run(inputs_for(chunk, past))
        logits.append(past["logits"])
    return {**past, "logits": np.concatenate(logits, axis=1)}


def assert_same_bits(actual: Arrays, expected: Arrays) -> None:
    """Equal bit for bit, so that -0 is not 0."""
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert actual[name].shape == array.shape, name
        different = actual[name].view(np.uint32) != array.view(np.uint32)
        assert not different.any(), f"{name}: {different.sum()} of {array.size} differ"
