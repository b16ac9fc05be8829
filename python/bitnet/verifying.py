"""Compares a compiled model with recorded numbers."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .errors import Error
from .model import Model


def verify(model: Model, recorded: str | os.PathLike[str]) -> dict[str, float]:
    """The largest difference of each output from a recorded one.

    `recorded` is an .npz with inputs as `in.NAME` and outputs as `out.NAME`. An
    output with another shape, or NaN where a number was, differs by infinity.
    """
    try:
        with np.load(recorded) as file:
            arrays: dict[str, Any] = dict(file)
    except (OSError, ValueError) as error:
        raise Error(f"cannot read {recorded}: {error}") from None
    inputs = {k.removeprefix("in."): a for k, a in arrays.items() if k[:3] == "in."}
    expected = {k.removeprefix("out."): a for k, a in arrays.items() if k[:4] == "out."}
    if not expected:
        raise Error(f"{recorded}: nothing is recorded as out.NAME")
    outputs = model.run(inputs)
    missing = expected.keys() - outputs.keys()
    if missing:
        raise Error(f"{recorded}: the model has no output '{min(missing)}'")
    return {name: difference(outputs[name], a) for name, a in expected.items()}


def difference(actual: Any, expected: Any) -> float:
    """The largest; 0 of nothing, infinity where they cannot be compared."""
    if actual.shape != expected.shape:
        return float("inf")
    wide, recorded = np.float64(actual), np.float64(expected)
    apart = np.where(np.isnan(wide) & np.isnan(recorded), 0, np.abs(wide - recorded))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))
