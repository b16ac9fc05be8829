"""Times what others make of a chain of layers: onnxruntime and OpenVINO.

    python3 peers.py WORK --rows 1,128 --threads 1,2 [--seconds 1]

Prints a line of JSON for each: {"peer", "chain", "rows", "threads", "best", "median"}; times
in microseconds for the chain's shapes once. Runs in a Python of its own (requirements.txt).
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import onnxruntime
import openvino
from chains import CHAINS, Chain, scale_of, write_chain
from openvino import opset13 as ops


def time_calls(call: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Best and median seconds of a call, of at least ten."""
    check(call())
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 10 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    times.sort()
    return times[0], times[len(times) // 2]


def check(outputs: object) -> None:
    """That something was computed."""
    values = outputs[0]  # type: ignore[index]
    if not np.isfinite(values).all() or not np.any(values):
        raise RuntimeError("gives nothing")


def ort_session(path: pathlib.Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])


def ort_calls(chain: Chain, form: str, options: argparse.Namespace):
    """(repeats, threads, rows, call) of each case."""
    path = options.work / "peer.onnx"
    repeats = write_chain(chain, form, path)
    for threads in options.threads:
        session = ort_session(path, threads)
        for rows in options.rows:
            x = np.ones((rows, chain.shapes[0][1]), np.float32)
            yield repeats, threads, rows, lambda s=session, x=x: s.run(None, {"x": x})


class Weights(NamedTuple):
    """How OpenVINO is given weights; each kind as it is quickest."""

    element: openvino.Type
    bits: int
    group: int
    """Inputs that share a scale; 0 for all of them."""
    dynamic: int
    """Inputs that are quantized together; 0 for floats."""


OPENVINO = {
    "u2": Weights(openvino.Type.u2, 2, 0, 0),
    "i4": Weights(openvino.Type.i4, 4, 128, 128),
}


def openvino_weights(n: int, k: int, kind: Weights, random: np.random.Generator):
    """(codes - zero) * scale, as its own tools write it."""
    trits = random.integers(-1, 2, (n * k * kind.bits // 8, 8 // kind.bits), np.int8)
    zero = 1 if kind.bits == 2 else 0
    codes = (trits + zero & (1 << kind.bits) - 1).astype(np.uint8)
    data = np.bitwise_or.reduce(codes << kind.bits * np.arange(8 // kind.bits), axis=1)
    groups = [n, k // kind.group] if kind.group else [n]
    shape = [*groups, kind.group or k]
    tensor = openvino.Tensor(data.astype(np.uint8), shape, kind.element)
    weights = ops.convert(ops.constant(tensor, shared_memory=False), np.float16)
    if zero:
        zeros = np.full((*groups, 1), zero, np.float16)
        weights = ops.subtract(weights, ops.constant(zeros))
    scales = ops.constant(np.full((*groups, 1), scale_of(k), np.float16))
    weights = ops.reshape(ops.multiply(weights, scales), [n, k], False)
    return ops.convert(weights, np.float32)


def openvino_model(chain: Chain, kind: Weights) -> tuple[openvino.Model, int]:
    """The model, and how often the chain's shapes are repeated in it."""
    random = np.random.default_rng(1)
    repeats = chain.repeats(kind.bits)
    x = parameter = ops.parameter([-1, chain.shapes[0][1]], np.float32)
    for n, k in chain.shapes * repeats:
        x = ops.matmul(x, openvino_weights(n, k, kind, random), False, True)
    return openvino.Model([x], [parameter], "chain"), repeats


def openvino_calls(chain: Chain, kind: str, options: argparse.Namespace):
    """(repeats, threads, rows, call) of each case."""
    model, repeats = openvino_model(chain, OPENVINO[kind])
    for threads in options.threads:
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": OPENVINO[kind].dynamic,
        }
        request = openvino.compile_model(model, "CPU", settings).create_infer_request()
        for rows in options.rows:
            x = np.ones((rows, chain.shapes[0][1]), np.float32)
            yield repeats, threads, rows, lambda r=request, x=x: r.infer([x])


PEERS: dict[str, tuple[Callable, str]] = {
    "onnxruntime fp32": (ort_calls, "fp32"),
    "onnxruntime int8": (ort_calls, "int8"),
    "onnxruntime 4 bits": (ort_calls, "nbits4"),
    "onnxruntime 2 bits": (ort_calls, "nbits2"),
    "OpenVINO u2": (openvino_calls, "u2"),
    "OpenVINO i4": (openvino_calls, "i4"),
}


def time_peer(peer: str, chain: Chain, options: argparse.Namespace) -> None:
    calls, form = PEERS[peer]
    for repeats, threads, rows, call in calls(chain, form, options):
        best, median = time_calls(call, options.seconds)
        result = {
            "peer": peer,
            "chain": chain.name,
            "rows": rows,
            "threads": threads,
            "best": best / repeats * 1e6,
            "median": median / repeats * 1e6,
        }
        print(json.dumps(result), flush=True)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--rows", type=numbers, default=[1, 128])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--only", help="chains and peers with this in the name")
    options = parser.parse_args()
    for chain in CHAINS:
        for peer in PEERS:
            if options.only and options.only not in f"{peer} {chain.name}":
                continue
            try:
                time_peer(peer, chain, options)
            except (
                RuntimeError,
                onnxruntime.capi.onnxruntime_pybind11_state.Fail,
            ) as e:
                print(f"{peer}, {chain.name}: {e}".splitlines()[0], file=sys.stderr)


if __name__ == "__main__":
    main()
