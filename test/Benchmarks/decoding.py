"""Times a decode step of a language model in onnxruntime: one line of JSON, microseconds.

python3 decoding.py MODEL [--past 128] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
from peers import ort_session, time_calls

TYPES = {
    "tensor(float)": np.float32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


def example_inputs(session, past: int) -> dict[str, np.ndarray]:
    """One id after `past` others."""
    inputs = {}
    for port in session.get_inputs():
        shape = list(port.shape)
        if "past" in port.name:
            shape = [1, shape[1], past, shape[3]]
        elif "mask" in port.name:
            shape = [1, past + 1]
        else:
            shape = [1, 1]
        value = np.ones(shape, TYPES[port.type])
        inputs[port.name] = value * past if "position" in port.name else value
    return inputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--past", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    session = ort_session(options.model, options.threads)
    inputs = example_inputs(session, options.past)
    best, median = time_calls(lambda: session.run(None, inputs), options.seconds)
    print(json.dumps({"best": best * 1e6, "median": median * 1e6}))


if __name__ == "__main__":
    main()
