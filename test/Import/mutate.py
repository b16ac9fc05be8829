"""Feeds a tool mutated models: it may refuse them, but never crash or hang.

    mutate.py TOOL MODEL COUNT SEED [ARGUMENT...]

A mutation flips bits, overwrites, repeats or removes bytes of MODEL. The tool is
called with the ARGUMENTs and the mutated file. What it must not do is end by a
signal, run for more than 20 seconds, take more than 2 GB, or fail without one
line that has "error:" in it. Each failure is printed with the number that makes
it again: mutate.py TOOL MODEL 1 SEED+NUMBER.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 20
MEMORY = 2 << 30


def mutate(data: bytes, rng: random.Random) -> bytes:
    """One to four small damages. Most keep the length, so that they get past
    the first check of the file."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(damaged))
        action = rng.randrange(40)
        if action < 14:
            damaged[at] ^= 1 << rng.randrange(8)
        elif action < 22:
            damaged[at] = rng.choice((0x00, 0x01, 0x7F, 0x80, 0xFF))
        elif action < 28:
            damaged[at] = (damaged[at] + rng.choice((-1, 1))) % 256
        elif action < 32:
            size = rng.randint(2, 16)
            damaged[at : at + size] = rng.randbytes(min(size, len(damaged) - at))
        elif action < 36:
            size = rng.randint(1, 64)
            source = rng.randrange(len(damaged))
            piece = damaged[source : source + size]
            damaged[at : at + len(piece)] = piece[: len(damaged) - at]
        elif action < 38:
            del damaged[at : at + rng.randint(1, 16)]
        elif action < 39:
            damaged[at:at] = damaged[at : at + rng.randint(1, 64)]
        else:
            del damaged[at:]
        if not damaged:
            break
    return bytes(damaged)


def limit_memory() -> None:
    if "BITNET_SANITIZE" not in os.environ:  # which reserves terabytes
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def complaint(command: list[str]) -> str:
    """What is wrong with how the command ends; empty if nothing is."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, preexec_fn=limit_memory
        )
    except subprocess.TimeoutExpired:
        return f"runs for more than {SECONDS} s"
    if done.returncode < 0:
        return f"ends by signal {-done.returncode}"
    if done.returncode > 1:
        return f"exits with {done.returncode}"
    errors = done.stderr.decode(errors="replace")
    if done.returncode == 1 and ": error: " not in errors:
        return f"fails without an error: {errors[:200]!r}"
    return ""


def main() -> int:
    """Runs the mutations; returns the number of failures, at most 1."""
    tool, model, count, seed, *arguments = sys.argv[1:]
    data = Path(model).read_bytes()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutated{Path(model).suffix}"
        for number in range(int(seed), int(seed) + int(count)):
            path.write_bytes(mutate(data, random.Random(number)))
            wrong = complaint([tool, *arguments, str(path)])
            if wrong:
                print(f"seed {number}: {wrong}")
                failures += 1
    print(f"{count} mutations of {model}: {failures} failures")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
