# RUN: %pytest -rs %s --junitxml=%t.pytest.xml
"""What kernels are made of, for NVIDIA and AMD: assembled and looked at, since
few machines that run tests have such a device."""

import os
import pathlib
import re
import shutil
import subprocess
import sysconfig

import pytest

from program import BUNDLED, compile_model

MODEL = BUNDLED / "austen" / "model.onnx"
LLVM = pathlib.Path(os.environ.get("BITNET_LLVM_TOOLS", "/usr/lib/llvm-22/bin"))
CUDA_CHIPS = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90"]
HIP_CHIPS = {"gfx90a": "v_dot4c?_i32_i8", "gfx942": "v_dot4c?_i32_i8"}
HIP_CHIPS["gfx1100"] = "v_dot4_i32_iu8"
"""Each with its dot product of four bytes."""

REGISTERS = 168
"""So many let six blocks of 64 threads share a multiprocessor's file."""


def find_ptxas():
    """NVIDIA's assembler, installed or from PyPI."""
    packages = pathlib.Path(sysconfig.get_paths()["purelib"])
    found = sorted(packages.glob("nvidia/*/bin/ptxas"))
    return shutil.which("ptxas") or (str(found[-1]) if found else None)


PTXAS = find_ptxas()
needs_ptxas = pytest.mark.skipif(not PTXAS, reason="no ptxas (nvidia-cuda-nvcc)")


@pytest.fixture(scope="module", params=CUDA_CHIPS)
def ptx(request, tmp_path_factory):
    """A chip and the bundled model's kernels for it."""
    chip = request.param
    options = [f"--target=cuda:{chip}", "--emit=ptx"]
    return chip, compile_model(MODEL, tmp_path_factory.mktemp(chip), *options).path


@pytest.fixture(scope="module", params=HIP_CHIPS)
def hsaco(request, tmp_path_factory):
    chip = request.param
    options = [f"--target=hip:{chip}", "--emit=hsaco"]
    return chip, compile_model(MODEL, tmp_path_factory.mktemp(chip), *options).path


def kernels_of(text):
    """The text of each kernel, by its name."""
    parts = re.split(r"^\.visible \.entry (\w+)\(", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def output_of(*command):
    return subprocess.run(
        list(map(str, command)), check=True, capture_output=True, text=True
    )


def test_ptx_is_exact_and_alone(ptx):
    """Each operation rounds by itself and exactly; nothing is called."""
    text = ptx[1].read_text()
    assert not re.findall(r"\.extern|^\s*call\b|\.local\b", text, re.MULTILINE)
    floats = re.findall(
        r"^\s*((?:add|sub|mul|fma|div|sqrt)\.[a-z0-9.]*f\d+)", text, re.M
    )
    assert {"div.rn.f32", "sqrt.rn.f32", "mul.rn.f32"} <= set(floats)
    assert all(".rn." in name and ".ftz" not in name for name in floats)
    assert ".approx" not in text and ".ftz" not in text


def test_matmuls_use_dp4a(ptx):
    """Kernels of rows and of blocks of rows, each with a loop of its own."""
    counts = [
        body.count("dp4a.u32.s32") for body in kernels_of(ptx[1].read_text()).values()
    ]
    assert sum(count >= 4 for count in counts) >= 4
    assert sum(count >= 64 for count in counts) >= 2, "16 rows of 4 columns"


@needs_ptxas
def test_ptx_assembles_without_spills(ptx, tmp_path):
    chip, path = ptx
    done = output_of(PTXAS, "-v", f"-arch={chip}", path, "-o", tmp_path / "cubin")
    said = done.stdout + done.stderr
    frames = re.findall(
        r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads",
        said,
    )
    kernels = kernels_of(path.read_text())
    assert len(frames) >= len(kernels) > 0
    assert set(frames) == {("0", "0", "0")}
    registers = [int(count) for count in re.findall(r"Used (\d+) registers", said)]
    print(f"{chip}: {len(kernels)} kernels, {max(registers)} registers at most")
    assert len(registers) == len(kernels) and max(registers) <= REGISTERS


def kernel_notes(path):
    """The fields of each kernel in the metadata, by its name."""
    notes = output_of(LLVM / "llvm-readelf", "--notes", path).stdout
    assert "amdhsa.kernels" in notes
    found = {}
    for part in re.split(r"^  - (?=\.)", notes, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^ *\.(\w+): +(\S+)$", "  " + part, re.MULTILINE))
        if "kernarg_segment_size" in fields:
            found[fields["symbol"].removesuffix(".kd")] = fields
    return found


def test_hsaco_has_no_scratch(hsaco):
    chip, path = hsaco
    kernels = kernel_notes(path)
    assert kernels
    for name, fields in kernels.items():
        for what in (
            "private_segment_fixed_size",
            "sgpr_spill_count",
            "vgpr_spill_count",
        ):
            assert fields[what] == "0", f"{name} on {chip}: {what}"
        assert fields["max_flat_workgroup_size"] == "64"
        assert fields["uses_dynamic_stack"] == "false"
    registers = max(int(fields["vgpr_count"]) for fields in kernels.values())
    print(f"{chip}: {len(kernels)} kernels, {registers} VGPRs at most")
    assert registers <= REGISTERS


def test_hsaco_multiplies_bytes(hsaco):
    chip, path = hsaco
    code = output_of(LLVM / "llvm-objdump", "-d", f"--mcpu={chip}", path).stdout
    assert len(re.findall(HIP_CHIPS[chip], code)) >= 64
    assert "scratch_" not in code and "s_swappc" not in code


@pytest.mark.parametrize(
    "target, library",
    [("cuda:sm_80", "libcuda.so.1"), ("hip:gfx942", "libamdhip64.so")],
)
def test_program_says_what_it_misses(target, library, tmp_path):
    """One line, where the driver is not installed."""
    program = compile_model(MODEL, tmp_path, f"--target={target}")
    done = program.call("generate", "--ids", "0,12,7", "-n", 4)
    if done.returncode == 0:
        pytest.skip(f"there is a {target}")
    assert done.returncode == 1
    assert library in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_program_for_several_devices(tmp_path):
    """The first that is there is taken; each that isn't has its reason."""
    program = compile_model(MODEL, tmp_path, "--target=cuda:sm_80,hip:gfx942")
    done = program.call("generate", "--ids", "0,12,7", "-n", 4)
    if done.returncode == 0:
        pytest.skip("there is such a device")
    assert "libcuda.so.1" in done.stderr and "libamdhip64.so" in done.stderr
    forced = program.under(BITNET_DEVICE="hip").call("generate", "--ids", "0", "-n", 1)
    assert "libamdhip64.so" in forced.stderr and "libcuda" not in forced.stderr
