"""Measures what the compiler makes against the machine's limits and against its peers.

    ninja -C build/release bench-bitnet

writes build/release/bench-bitnet.json and prints the same as a table. Every figure is a ratio
of things measured in this run: take a machine on which nothing else runs. README.md says what
each part does; --parts chooses some of them.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
from typing import NamedTuple

from figures import Figure, Report
from kernels import Kernel, Runner

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
SHAPES = ((2560, 2560), (6912, 2560), (2560, 6912), (640, 2560))
STREAM = 1 << 30
"""Bytes of weights that no cache holds."""

LAYERS = 8
"""Of one call, where a call's own time would show."""


class Bench(NamedTuple):
    """Where things are and what to do."""

    report: Report
    runner: Runner
    programs: pathlib.Path
    peers: pathlib.Path | None
    """A Python with requirements.txt, or None."""
    folder: pathlib.Path
    threads: list[int]
    large: pathlib.Path | None

    def limit(self, name: str, threads: int) -> float | None:
        return self.report.limits[str(threads)].get(name)

    def add(
        self,
        name: str,
        values: tuple[float, float],
        target: float | None,
        unit: str,
        threads: int,
    ) -> None:
        best, median = values
        self.report.add(Figure(name, best, median, target, unit, threads))


def cpu_name() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "uarch")):
            return line.split(":")[1].strip()
    return platform.machine()


def cpu_features() -> list[str]:
    words = pathlib.Path("/proc/cpuinfo").read_text().split()
    wanted = "avx2 avx_vnni avx512f avx512_vnni avx512vbmi amx_int8 asimddp i8mm sve"
    return [feature for feature in wanted.split() if feature in words]


def lanes_here() -> int:
    """Of the encoding that the compiler chooses on this machine, see Tiles.def."""
    features = cpu_features()
    if "avx512_vnni" in features:
        return 16
    return 8 if "avx2" in features else 4


def machine() -> dict[str, object]:
    return {
        "cpu": cpu_name(),
        "features": cpu_features(),
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
    }


def measure_limits(bench: Bench) -> None:
    """The best of what was seen so far, since other programs only make it slower."""
    for threads in bench.threads:
        limits = bench.report.limits.setdefault(str(threads), {})
        output = subprocess.run(
            [bench.programs / "bench-limits"],
            env={"BITNET_THREADS": str(threads)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for line in output.splitlines():
            name, value, unit = line.split()
            key = f"{name} {unit}"
            limits[key] = max(limits.get(key, 0), float(value))


def part_limits(bench: Bench) -> None:
    for threads in bench.threads:
        for name, value in bench.report.limits[str(threads)].items():
            limit, unit = name.split()
            bench.add(f"limit: {limit}", (value, value), None, unit, threads)


def percent(amount: float, times: tuple[float, float], limit: float):
    """Best and median, of a limit in 10^9 a second and times in nanoseconds."""
    return 100 * amount / times[0] / limit, 100 * amount / times[1] / limit


def part_decode(bench: Bench) -> None:
    """One row; weights from memory, then from the second cache."""
    for threads in bench.threads:
        read = bench.report.limits[str(threads)]["read GB/s"]
        for n, k in SHAPES:
            kernel = Kernel(n, k, lanes_here(), layers=LAYERS)
            times = bench.runner.time(kernel, 1, STREAM, threads)
            values = percent(kernel.bytes(), times, read)
            bench.add(f"decode {n}x{k}, streamed", values, 85, "% of read", threads)
    rows = [("vpdpbusd-512", 16, "", 75), ("vpmaddubsw-256", 8, "1x32x4-avx2", 60)]
    for name, lanes, tile, target in rows:
        limit = bench.limit(f"{name} GOP/s", 1)
        if limit is None:
            bench.report.skip(f"decode in L2, {name}", "no such instruction here")
            continue
        kernel = Kernel(960, 2560, lanes, tile)
        times = bench.runner.time(kernel, 1, 1, 1)
        values = percent(kernel.operations(1), times, limit)
        bench.add(f"decode {kernel.name} in L2", values, target, f"% of {name}", 1)


DOTS = (
    ("vpdpbusd-512", {"Intel": 80, "": 90}),
    ("vpdpbusd-256", {"": None}),
    ("vpmaddubsw-256", {"": None}),
)
"""What tiles may be made of, the best first, and what they are to reach of its limit, by the
CPU's name."""


def part_prefill(bench: Bench) -> None:
    for threads in bench.threads:
        limits = bench.report.limits[str(threads)]
        dots = [dot for dot in DOTS if f"{dot[0]} GOP/s" in limits]
        if not dots:
            bench.report.skip("prefill", "no limit is known here")
            continue
        name, targets = dots[0]
        cpu = str(bench.report.machine["cpu"])
        target = next(value for part, value in targets.items() if part in cpu)
        for n, k in SHAPES:
            for rows in (128, 512):
                kernel = Kernel(n, k, lanes_here())
                times = bench.runner.time(kernel, rows, 1, threads)
                limit = limits[f"{name} GOP/s"]
                values = percent(kernel.operations(rows), times, limit)
                what = f"prefill {rows} x {n}x{k}"
                bench.add(what, values, target, f"% of {name}", threads)


def bench_json(
    program: pathlib.Path, *arguments: object, threads: int
) -> dict[str, dict[str, float]]:
    output = subprocess.run(
        [program, "bench", "--json", *map(str, arguments)],
        env={"BITNET_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return json.loads(output)


def compile_model(
    bench: Bench, model: pathlib.Path, name: str, *flags: str
) -> pathlib.Path:
    program = bench.folder / name
    command = [bench.runner.compiler, model, "-o", program, *flags]
    subprocess.run(command, check=True)
    return program


def peer_lines(bench: Bench, script: str, *arguments: str) -> list[dict]:
    output = subprocess.run(
        [str(bench.peers), HERE / script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return [json.loads(line) for line in output.splitlines()]


def part_peers(bench: Bench) -> None:
    """Chains of layers, one row and 128, against the best of the peers."""
    if bench.peers is None:
        bench.report.skip("peers", "no Python with requirements.txt was given")
        return
    from chains import CHAINS, write_chain

    threads = ",".join(map(str, bench.threads))
    bench.report.peers = peer_lines(
        bench, "peers.py", str(bench.folder), "--threads", threads
    )
    for chain in CHAINS:
        model = bench.folder / "chain.onnx"
        repeats = write_chain(chain, "bitnet", model)
        program = compile_model(bench, model, "chain")
        for count in bench.threads:
            for rows in (1, 128):
                flags = ("--dim", f"rows={rows}", "--repeat", 20)
                ours = bench_json(program, *flags, threads=count)["run_ms"]
                compare_chain(
                    bench,
                    (chain.name, rows, count),
                    (ours["best"] * 1e3 / repeats, ours["median"] * 1e3 / repeats),
                )


def compare_chain(
    bench: Bench, case: tuple[str, int, int], ours: tuple[float, float]
) -> None:
    """`ours` in microseconds. int8 and 2 and 4 bits have targets of their own in prefill."""
    chain, rows, threads = case
    peers = {
        peer["peer"]: peer
        for peer in bench.report.peers
        if (peer["chain"], peer["rows"], peer["threads"]) == case
    }
    what = f"{'decode' if rows == 1 else 'prefill'} {chain}"
    groups = {"any peer": (peers, 2.0)}
    if rows != 1:
        few = {name: peer for name, peer in peers.items() if "int8" not in name}
        int8 = {name: peer for name, peer in peers.items() if "int8" in name}
        groups = {"int8": (int8, 1.1), "2 and 4 bits": (few, 1.6)}
    for group, (members, target) in groups.items():
        if not members:
            bench.report.skip(f"{what} against {group}", "no such peer ran")
            continue
        name = min(members, key=lambda peer: float(members[peer]["best"]))
        values = (
            float(members[name]["best"]) / ours[0],
            float(members[name]["median"]) / ours[1],
        )
        bench.add(f"{what} against {name}", values, target, "x", threads)


def part_bundled(bench: Bench) -> None:
    """A decode step of the small model, against onnxruntime on the same files."""
    folder = ROOT / "test/Models/austen"
    models = {"compact": folder / "model.onnx"}
    if "BITNET_MODELS" in os.environ:
        models["exported"] = (
            pathlib.Path(os.environ["BITNET_MODELS"]) / "austen/exported.onnx"
        )
    else:
        bench.report.skip("small model, exported file", "BITNET_MODELS is not set")
    for name, model in models.items():
        program = compile_model(bench, model, name)
        for threads in bench.threads:
            flags = ("--prefill", 128, "--decode", 64, "--repeat", 20)
            ours = bench_json(program, *flags, threads=threads)
            decode = ours["decode_ms"]
            bench.add(
                f"small model, {name}: decode",
                (decode["best"] and 1e3 / decode["best"], 1e3 / decode["median"]),
                None,
                "tokens/s",
                threads,
            )
            if bench.peers is None:
                continue
            (peer,) = peer_lines(
                bench, "decoding.py", str(model), "--threads", str(threads)
            )
            values = (
                peer["best"] / decode["best"] / 1e3,
                peer["median"] / decode["median"] / 1e3,
            )
            bench.add(
                f"small model, {name}: decode against onnxruntime",
                values,
                3,
                "x",
                threads,
            )


def part_large(bench: Bench) -> None:
    """BitNet b1.58 2B4T's sizes with random weights: a decode step and a prefill."""
    if bench.large is None:
        bench.report.skip("2B shape", "--large=FOLDER was not given")
        return
    model = bench.folder / "large.onnx"
    export = [sys.executable, "-m", "bitnet", "export", bench.large, "-o", model]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    subprocess.run(export, env=environment, check=True)
    program = compile_model(bench, model, "large", "--head=int8")
    for threads in bench.threads:
        measure_large(bench, program, threads)


def measure_large(bench: Bench, program: pathlib.Path, threads: int) -> None:
    flags = ("--prefill", 512, "--decode", 16, "--repeat", 3, "--breakdown")
    ours = bench_json(program, *flags, threads=threads)
    kinds = {kind["kind"]: kind for kind in ours["breakdown"]["decode"]}
    amount = sum(
        kind["ms"] * kind.get("gb_per_s", 0) for kind in kinds.values()
    )  # 10^6 bytes
    read = bench.report.limits[str(threads)]["read GB/s"]
    decode = ours["decode_ms"]
    bench.add(
        "2B shape: decode",
        (100 * amount / decode["best"] / read, 100 * amount / decode["median"] / read),
        75,
        "% of read",
        threads,
    )
    bench.add(
        "2B shape: decode",
        (1e3 / decode["best"], 1e3 / decode["median"]),
        None,
        "tokens/s",
        threads,
    )
    prefill = ours["prefill_ms"]
    share = {kind["kind"]: kind for kind in ours["breakdown"]["prefill"]}
    ternary = share["ternary matmul"]
    work = ternary["ms"] * ternary["gop_per_s"]  # 10^6 operations
    kernel = Kernel(6912, 2560, lanes_here())
    best, _ = bench.runner.time(kernel, 512, 1, threads)
    rate = kernel.operations(512) / best
    bench.add(
        "2B shape: prefill of 512",
        (100 * work / prefill["best"] / rate, 100 * work / prefill["median"] / rate),
        60,
        "% of the tile's rate",
        threads,
    )


def part_threads(bench: Bench) -> None:
    """What a second thread gives, beside what it gives to the limit."""
    if len(bench.threads) < 2:
        bench.report.skip("threads", "this machine runs one")
        return
    few, many = bench.threads[0], bench.threads[-1]
    cases = (("decode", 1, STREAM, "read GB/s"), ("prefill", 128, 1, None))
    for what, rows, stream, limit in cases:
        layers = LAYERS if rows == 1 else 1
        kernel = Kernel(2560, 2560, lanes_here(), layers=layers)
        one = bench.runner.time(kernel, rows, stream, few)
        two = bench.runner.time(kernel, rows, stream, many)
        values = (one[0] / two[0], one[1] / two[1])
        bench.add(f"{what} with {many} threads", values, 1.8, f"x {few}", many)
        if limit:
            ratio = bench.limit(limit, many) or 0
            ratio /= bench.limit(limit, few) or 1
            bench.add(f"the limit with {many} threads", (ratio, ratio), None, "x", many)


PARTS = {
    "limits": part_limits,
    "decode": part_decode,
    "prefill": part_prefill,
    "threads": part_threads,
    "bundled": part_bundled,
    "peers": part_peers,
    "large": part_large,
}


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument("--build", type=path, default=ROOT / "build/release")
    parser.add_argument("--output", type=path, help="(default: in the build folder)")
    parser.add_argument("--peers", type=path, help="a Python that has requirements.txt")
    parser.add_argument(
        "--large", type=path, help="from test/Python/make_random_folder.py"
    )
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=2, help="of a figure")
    parser.add_argument("--threads", help="(default: 1 and all CPUs)")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    output = options.output or options.build / "bench-bitnet.json"
    cpus = len(os.sched_getaffinity(0))
    threads = sorted({1, cpus})
    if options.threads:
        threads = [int(count) for count in options.threads.split(",")]
    report = Report(machine())
    with tempfile.TemporaryDirectory() as folder:
        compiler = options.build / "bin/bitnet-compile"
        programs = options.build / "test/Benchmarks"
        work = pathlib.Path(folder)
        runner = Runner(compiler, programs / "run-kernel", work, options.seconds)
        bench = Bench(
            report, runner, programs, options.peers, work, threads, options.large
        )
        measure_limits(bench)
        for part in options.parts.split(","):
            PARTS[part](bench)
        measure_limits(bench)
    report.write(output)


if __name__ == "__main__":
    main()
