"""How lit runs the tests of this tree; what is meant by what is in README.md."""

import os
import pathlib
import shutil

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

TOOLS = ["bitnet-opt", "bitnet-compile", "bitnet-lsp-server", "bitnet-reduce"]

# Names in /proc/cpuinfo of what a test that executes a tile may ask for.
CPU_FEATURES = {
    "avx2": "x86-avx2",
    "avx_vnni": "x86-avxvnni",
    "avx512_vnni": "x86-avx512vnni",
    "avx512_vbmi": "x86-avx512vbmi",
    "amx_int8": "x86-amx-int8",
    "asimddp": "aarch64-dotprod",
    "i8mm": "aarch64-i8mm",
}

config.name = "BitNet"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".onnxtxt", ".py", ".test"]
config.test_source_root = os.path.join(config.bitnet_src_root, "test")
config.test_exec_root = os.path.join(config.bitnet_obj_root, "test")

# A test is a .py named test_*; every other one is something tests use.
config.excludes = ["Inputs", "Models"] + [
    path.name
    for path in pathlib.Path(config.test_source_root).rglob("*.py")
    if not path.name.startswith("test_")
]

llvm_config.use_default_substitutions()
llvm_config.with_environment("PATH", config.bitnet_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.add_tool_substitutions(
    [ToolSubst(tool, unresolved="ignore") for tool in TOOLS], config.bitnet_tools_dir
)

models = os.environ.get("BITNET_MODELS", "")
if models:
    models = os.path.abspath(models)
    config.available_features.add("models")
    config.environment["BITNET_MODELS"] = models

config.substitutions += [
    ("%pytest", f'"{config.python}" -m pytest -q -p no:cacheprovider'),
    ("%python", f'"{config.python}"'),
    ("%cmake", f'"{config.cmake}"'),
    ("%cc", config.cc),
    ("%cxx", config.cxx),
    ("%models", models),
    ("%src_root", config.bitnet_src_root),
    ("%obj_root", config.bitnet_obj_root),
    ("%bitnet_libs", config.bitnet_libs_dir),
    ("%bitnet_tools", config.bitnet_tools_dir),
    ("%llvm_tools", config.llvm_tools_dir),
]

# What the pytest suites read; the same variables serve a run by hand.
config.environment["BITNET_SRC_ROOT"] = config.bitnet_src_root
config.environment["BITNET_TOOLS"] = config.bitnet_tools_dir
config.environment["BITNET_COMPILE"] = os.path.join(
    config.bitnet_tools_dir, "bitnet-compile"
)
config.environment["BITNET_LLVM_TOOLS"] = config.llvm_tools_dir
config.environment["BITNET_LIBS"] = config.bitnet_libs_dir
config.environment["PYTHONPATH"] = os.path.join(config.bitnet_src_root, "python")
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# Which of the generated models run: --param forms=all, or a part of their names.
config.environment["BITNET_FORMS"] = lit_config.params.get("forms", "")
if config.bitnet_sanitize:
    config.environment["BITNET_SANITIZE"] = config.bitnet_sanitize
    # Arenas that our code poisons are used by LLVM's libraries, which are not
    # instrumented and so don't unpoison what they take.
    config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"

cpuinfo = pathlib.Path("/proc/cpuinfo")
if cpuinfo.exists():
    words = set(cpuinfo.read_text().split())
    config.available_features.update(
        feature for word, feature in CPU_FEATURES.items() if word in words
    )
if os.uname().machine == "x86_64":
    config.available_features.add("x86")
# Machines whose programs can be made and run here.
for machine in ["aarch64", "riscv64"]:
    triple = f"{machine}-linux-gnu"
    runtime = os.path.join(config.bitnet_libs_dir, "bitnet", triple)
    if os.path.exists(runtime) and shutil.which(f"qemu-{machine}-static"):
        config.available_features.add(triple)
if config.bitnet_sanitize:
    config.available_features.add("sanitize")
for tool in TOOLS:
    if os.path.exists(os.path.join(config.bitnet_tools_dir, tool)):
        config.available_features.add(tool)
for tool in ["mlir-translate", "spirv-val"]:
    if shutil.which(tool, path=config.environment["PATH"]):
        config.available_features.add(tool)
