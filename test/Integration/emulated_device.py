"""A model's kernels for NVIDIA or AMD, run by the CPU under a pretended driver.

What is converted for the device is the device's LLVM IR; only LLVM's code
generator for it is not taken. Its intrinsics become functions of
Inputs/KernelEmulator.c, its address spaces the one of the host.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

from program import COMPILER, Program, compile_model

LLVM = pathlib.Path(os.environ.get("BITNET_LLVM_TOOLS", "/usr/lib/llvm-22/bin"))
OPT = COMPILER.with_name("bitnet-opt")
EMULATOR = pathlib.Path(__file__).parent / "Inputs" / "KernelEmulator.c"
LIBRARIES = {"cuda": "libcuda.so.1", "hip": "libamdhip64.so"}

INTRINSICS = {
    r"llvm\.nvvm\.read\.ptx\.sreg\.tid\.x|llvm\.amdgcn\.workitem\.id\.x": "thread_x",
    r"llvm\.nvvm\.read\.ptx\.sreg\.ctaid\.([xyz])": r"block_\1",
    r"llvm\.amdgcn\.workgroup\.id\.([xyz])": r"block_\1",
    r"llvm\.nvvm\.read\.ptx\.sreg\.nctaid\.([xyz])": r"grid_\1",
    r"llvm\.amdgcn\.implicitarg\.ptr": "arguments",
    r"llvm\.nvvm\.barrier[\w.]*|llvm\.amdgcn\.s\.barrier": "barrier",
    r"llvm\.nvvm\.idp4a\.u\.s": "dot4",
    r"llvm\.amdgcn\.(s|su)dot4": r"\1dot4",
}


def run(*command: object) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:]}"
    return done


def converted_kernels(model: pathlib.Path, device: str, folder: pathlib.Path) -> str:
    """The module of the device's kernels, as the pipeline makes it."""
    loops = compile_model(model, folder, f"--target={device}", "--emit=loops").path
    done = run(
        OPT,
        loops,
        f"--bitnet-gpu-to-llvm=devices={device}",
        "--mlir-print-ir-before=bitnet-embed-kernels",
        "--mlir-elide-elementsattrs-if-larger=8",
        "-o",
        os.devnull,
    )
    chip = device.split(":")[1]
    pattern = rf"^  gpu\.module @kernels_{chip} .*?\{{$\n(.*?)^  \}}$"
    match = re.search(pattern, done.stderr, re.MULTILINE | re.DOTALL)
    assert match, "no kernels"
    return "module {\n" + match[1] + "}\n"


def for_the_host(text: str) -> str:
    """LLVM IR of a device as that of the CPU."""
    text = re.sub(r"\b(ptx_kernel|amdgpu_kernel) ", "", text)
    text = re.sub(r' ?addrspace\(\d\)| immarg| syncscope\("\w+"\)', "", text)
    for intrinsic, name in INTRINSICS.items():
        text = re.sub(rf'@"?(?:{intrinsic})"?\(', rf"@device_{name}(", text)
    return text


def calls(text: str) -> str:
    """C that tells the emulator which kernels there are."""
    kernels = re.findall(r"^define void @(\w+)\((.*?)\)", text, re.MULTILINE)
    lines = ["#include <stdint.h>"]
    for name, parameters in kernels:
        words = [
            f"*(int64_t *)p[{i}]" for i, p in enumerate(parameters.split(",")) if p
        ]
        types = ", ".join(["int64_t"] * len(words)) or "void"
        lines.append(f"void {name}({types});")
        lines.append(
            f"static void call_{name}(void **p) {{ {name}({', '.join(words)}); }}"
        )
    rows = "".join(f'  {{"{name}", call_{name}}},\n' for name, _ in kernels)
    lines.append("struct Kernel { const char *name; void (*call)(void **); };")
    lines.append(f"const struct Kernel kKernels[] = {{\n{rows}  {{0, 0}}}};")
    return "\n".join(lines) + "\n"


def emulate(model: pathlib.Path, device: str, folder: pathlib.Path) -> Program:
    """The model's program for a device, under a driver that pretends to be one."""
    kind = device.split(":")[0]
    source = folder / "kernels.mlir"
    source.write_text(converted_kernels(model, device, folder))
    translated = run(LLVM / "mlir-translate", "--mlir-to-llvmir", source).stdout
    text = for_the_host(translated)
    (folder / "kernels.ll").write_text(text)
    (folder / "calls.c").write_text(calls(text))
    command = [LLVM / "clang", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    command += ["-Wno-override-module", f"-DEMULATE_{kind.upper()}"]
    command += [EMULATOR, folder / "calls.c", folder / "kernels.ll"]
    run(*command, "-o", folder / LIBRARIES[kind], "-lm")
    program = compile_model(model, folder, f"--target={device}")
    return program.under(LD_LIBRARY_PATH=str(folder))
