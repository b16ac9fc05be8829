"""Feeds damaged files to a command: it may refuse them, and nothing worse.

    mutate.py --file model.onnx --count 500 --seed 1 -- bitnet-compile {} -o {out}

`{}` is a damaged copy of --file and `{out}` a file that does not exist yet; a
suffix may follow. A refusal is exit code 1 with an "error: " and nothing at
{out}. Reported are crashes (a signal, a sanitizer's exit code, or more than 2 GB
of memory), hangs, other exit codes, refusals without an error, and outputs left
by a command that failed. The same seed gives the same copies.

An .onnx file is damaged field by field, so that most copies still parse as
protobuf and the damage is met late; a .json file value by value; an .npy file in
its header or its data; and all, like any other file, also byte by byte.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

Rng = random.Random
Mutation = Callable[[bytes, Rng], bytes]

# ---------------------------------------------------------------------------
# Bytes
# ---------------------------------------------------------------------------


def flip_bits(data: bytes, rng: Rng) -> bytes:
    """Changes one to eight bits."""
    result = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        result[rng.randrange(len(result))] ^= 1 << rng.randrange(8)
    return bytes(result)


def truncate(data: bytes, rng: Rng) -> bytes:
    return data[: rng.randrange(len(data))]


def overwrite(data: bytes, rng: Rng) -> bytes:
    """Replaces some bytes by zeros, ones or noise."""
    start, length = rng.randrange(len(data)), rng.randint(1, 64)
    fill = rng.choice([b"\0" * length, b"\xff" * length, rng.randbytes(length)])
    return data[:start] + fill + data[start + length :]


def remove(data: bytes, rng: Rng) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 64) :]


def repeat(data: bytes, rng: Rng) -> bytes:
    start = rng.randrange(len(data))
    end = start + rng.randint(1, 64)
    return data[:end] + data[start:]


BYTES: list[Mutation] = [flip_bits, truncate, overwrite, remove, repeat]

# ---------------------------------------------------------------------------
# Protobuf
# ---------------------------------------------------------------------------

VARINT, FIXED64, BYTES_FIELD, FIXED32 = 0, 1, 2, 5
EXTREMES = [0, 1, 2, 7, 127, 128, 2**31 - 1, 2**31, 2**32, 2**40, 2**63, 2**64 - 1]

Field = tuple[int, int, "int | bytes"]


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("varint is too long")


def write_varint(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes(result) + bytes([value])


def parse(data: bytes) -> list[Field]:
    """The fields of a message; ValueError or IndexError if it is none."""
    fields: list[Field] = []
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if number == 0 or wire not in (VARINT, FIXED64, BYTES_FIELD, FIXED32):
            raise ValueError("no protobuf")
        if wire == VARINT:
            value, at = read_varint(data, at)
            fields.append((number, wire, value))
            continue
        length = {FIXED64: 8, FIXED32: 4}.get(wire)
        if length is None:
            length, at = read_varint(data, at)
        if at + length > len(data):
            raise ValueError("a field is too long")
        fields.append((number, wire, data[at : at + length]))
        at += length
    return fields


def serialize(fields: list[Field]) -> bytes:
    parts = []
    for number, wire, value in fields:
        parts.append(write_varint(number << 3 | wire))
        if isinstance(value, int):
            parts.append(write_varint(value))
        else:
            parts.append(write_varint(len(value)) if wire == BYTES_FIELD else b"")
            parts.append(value)
    return b"".join(parts)


def mutate_value(field: Field, rng: Rng) -> Field:
    number, wire, value = field
    if isinstance(value, int):
        near = max(0, value + rng.choice([-1, 1]))
        return number, wire, rng.choice([near, *EXTREMES])
    if wire != BYTES_FIELD:
        return number, wire, rng.randbytes(len(value))
    damaged = rng.choice(BYTES)(value, rng) if value else rng.randbytes(4)
    return number, wire, rng.choice([b"", damaged, value * 2])


def mutate_fields(fields: list[Field], rng: Rng) -> list[Field]:
    """Changes, drops, doubles, swaps or renumbers one field."""
    result = list(fields)
    i, j = rng.randrange(len(result)), rng.randrange(len(result))
    number, wire, value = result[i]
    match rng.randrange(6):
        case 0:
            del result[i]
        case 1:
            result.insert(j, result[i])
        case 2:
            result[i], result[j] = result[j], result[i]
        case 3:
            result[i] = (rng.randint(1, 30), wire, value)
        case _:
            result[i] = mutate_value(result[i], rng)
    return result


def mutate_message(data: bytes, rng: Rng) -> bytes:
    """Goes down from message to message and damages one on the way."""
    try:
        fields = parse(data)
    except (ValueError, IndexError):
        return rng.choice(BYTES)(data, rng) if data else b"\0"
    inner = [i for i, f in enumerate(fields) if f[1] == BYTES_FIELD and f[2]]
    if not fields or not inner or rng.random() < 0.2:
        return serialize(mutate_fields(fields, rng)) if fields else b"\x08"
    # A message of many fields has a few kinds: choose the kind first.
    kind = rng.choice(sorted({fields[i][0] for i in inner}))
    chosen = rng.choice([i for i in inner if fields[i][0] == kind])
    number, wire, value = fields[chosen]
    assert isinstance(value, bytes)
    fields[chosen] = (number, wire, mutate_message(value, rng))
    return serialize(fields)


# ---------------------------------------------------------------------------
# NumPy files
# ---------------------------------------------------------------------------

WORDS = [b"0", b"-1", b"1", b"99999999999999999999", b"18446744073709551615", b"None"]
TYPES = [b"<f8", b"<f2", b">f4", b"|b1", b"|O", b"<U9", b"|V0", b"<i1", b"f", b""]


def mutate_npy_header(data: bytes, rng: Rng) -> bytes:
    """Replaces a number, the type, or the length of the header."""
    length = int.from_bytes(data[8:10], "little")
    header, rest = data[10 : 10 + length], data[10 + length :]
    match rng.randrange(4):
        case 0:
            numbers = (
                list(re.finditer(rb"\d+", header[header.find(b"shape") :])) or None
            )
            word = rng.choice(numbers)[0] if numbers else b"F"
            header = header.replace(word, rng.choice(WORDS))
        case 1:
            header = re.sub(
                rb"'[<>|=]?[a-zA-Z]\d*'", b"'" + rng.choice(TYPES) + b"'", header
            )
        case 2:
            header = rng.choice(BYTES)(header or b"{", rng)
        case _:
            length = rng.choice([0, 1, length - 1, length + 1, 65535])
            return data[:8] + (length & 0xFFFF).to_bytes(2, "little") + header + rest
    return data[:8] + (len(header) & 0xFFFF).to_bytes(2, "little") + header + rest


# ---------------------------------------------------------------------------
# JSON
# ---------------------------------------------------------------------------

VALUES: list[Any] = [None, True, False, 0, -1, 1.5, 2**31, 2**64, "", "a", "\0", [], {}]


def mutate_text(text: str, rng: Rng) -> str:
    """Removes, doubles or replaces a part."""
    at, length = rng.randrange(len(text) + 1), rng.randint(0, 4)
    part = text[at : at + length]
    odd = rng.choice(["", part * 2, "\\", "[", "(", "\U0001f600", "\ud7ff", "<0x", " "])
    return text[:at] + odd + text[at + length :]


def mutate_child(parent: Any, key: Any, rng: Rng) -> None:
    """Replaces, changes, drops, doubles or swaps one member of a container."""
    value, other = parent[key], rng.choice(list(parent) or [0])
    match rng.randrange(6):
        case 0:
            del parent[key]
        case 1 if isinstance(parent, list):
            parent.insert(rng.randrange(len(parent)), value)
        case 1 | 2 if isinstance(parent, dict):
            parent[key], parent[other] = parent[other], value
        case 3 if isinstance(value, str):
            parent[key] = mutate_text(value, rng)
        case 3 | 4 if isinstance(value, int):
            parent[key] = value + rng.choice([-1, 1, 1000])
        case _:
            parent[key] = rng.choice(VALUES)


def mutate_json(data: bytes, rng: Rng) -> bytes:
    """Goes down from value to value and damages one on the way."""
    try:
        root = json.loads(data)
    except ValueError:
        return rng.choice(BYTES)(data, rng)
    value = root
    while isinstance(value, (dict, list)) and value:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = rng.choice(keys)
        if not isinstance(value[key], (dict, list)) or rng.random() < 0.2:
            mutate_child(value, key, rng)
            break
        value = value[key]
    return json.dumps(root, ensure_ascii=rng.random() < 0.5).encode()


# ---------------------------------------------------------------------------
# Running
# ---------------------------------------------------------------------------

BY_KIND: dict[str, list[Mutation]] = {
    ".onnx": [mutate_message] * 15 + BYTES,
    ".json": [mutate_json] * 15 + BYTES,
    ".npy": [mutate_npy_header] * 5 + BYTES,
}

SANITIZER_EXITS = {99, 134, 136, 139}
"""Exit codes that shells and sanitizers give for a crash."""

MEMORY = 2 << 30


def limit_memory() -> None:
    if "BITNET_SANITIZE" not in os.environ:  # which reserves terabytes
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def remove_outputs(output: pathlib.Path) -> bool:
    """True if there is a file of that name, whatever comes after it."""
    found = list(output.parent.glob(output.name + "*"))
    for path in found:
        path.unlink()
    return bool(found)


def run(command: list[str], seconds: float, output: pathlib.Path) -> str:
    """What went wrong, or `accepted` or `refused`."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=seconds, preexec_fn=limit_memory
        )
    except subprocess.TimeoutExpired:
        return "hang"
    report = done.stderr
    if done.returncode < 0 or done.returncode in SANITIZER_EXITS:
        return f"crash ({done.returncode})"
    if b"Sanitizer" in report or b"runtime error:" in report:
        return "crash (sanitizer)"
    if done.returncode == 0:
        remove_outputs(output)
        return "accepted"
    if remove_outputs(output):
        return "half-written"
    if done.returncode != 1:
        return f"exit {done.returncode}"
    return "refused" if b"error: " in report else "silent"


def damaged(original: bytes, suffix: str, rng: Rng) -> bytes:
    mutations = BY_KIND.get(suffix, BYTES)
    result = original
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        result = rng.choice(mutations)(result or b"\0", rng)
    return result


def try_all(
    arguments: argparse.Namespace, scratch: pathlib.Path
) -> collections.Counter:
    """Runs the command on every copy; keeps and prints what went wrong."""
    outcomes: collections.Counter = collections.Counter()
    original, suffix = arguments.file.read_bytes(), arguments.file.suffix
    for number in range(arguments.count):
        rng = random.Random(f"{arguments.seed}/{number}")
        copy, output = scratch / f"mutant-{number}{suffix}", scratch / "output"
        copy.write_bytes(damaged(original, suffix, rng))
        names = {"{}": str(copy), "{out}": str(output)}
        command = [
            re.sub(r"\{(out)?\}", lambda m: names[m[0]], a) for a in arguments.command
        ]
        outcome = run(command, arguments.timeout, output)
        outcomes[outcome] += 1
        if outcome in ("accepted", "refused"):
            copy.unlink()
            continue
        print(f"{outcome}: mutant {number}: {shlex.join(command)}", flush=True)
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            copy.rename(arguments.keep / copy.name)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--file", type=pathlib.Path, required=True, help="what to damage"
    )
    parser.add_argument("--count", type=int, default=100, help="damaged copies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for what went wrong")
    parser.add_argument("command", nargs="+", help="{} is the copy, {out} the output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = try_all(arguments, pathlib.Path(scratch))
    print(", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items())))
    return 0 if set(outcomes) <= {"accepted", "refused"} else 1


if __name__ == "__main__":
    sys.exit(main())
