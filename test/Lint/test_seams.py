# RUN: %pytest %s --junitxml=%t.pytest.xml
"""Dependencies run one way: dialects <- lib <- tools, and the runtime knows nobody."""

import pathlib
import re

from tree import files, matches, report, text

INCLUDE = r'^\s*#include\s+[<"]([^>"]+)[>"]'


def includes(*folders, suffixes=(".h", ".cpp", ".def")):
    """("file:line", included path) in these folders."""
    for place, match in matches(INCLUDE, files(*suffixes, under=folders)):
        yield place, match[1]


def refuse(found, pattern, why):
    return [
        f"{place}: {name}: {why}" for place, name in found if re.match(pattern, name)
    ]


def test_nobody_includes_from_lib():
    everywhere = includes("include", "lib", "dialects", "tools", "test", "python")
    report(refuse(everywhere, "lib/|tools/|test/", "a public header lives in include/"))


def test_onnx_and_protobuf_stay_in_the_importer():
    everywhere = [
        (place, name)
        for place, name in includes("include", "lib", "dialects", "tools", "python")
        if not place.startswith("lib/Import/ONNX/")
    ]
    report(
        refuse(everywhere, r"onnx/|google/|.*\.pb\.h", "only lib/Import/ONNX knows it")
    )


def test_runtime_stands_alone():
    runtime = list(includes("lib/Runtime", "include/bitnet/Runtime"))
    report(
        refuse(
            runtime, r"mlir/|llvm/|dialects/", "the runtime needs C++ and threads only"
        )
        + refuse(runtime, r"bitnet/(?!Runtime/)", "the runtime depends on nothing")
    )


def test_reference_knows_the_packing_alone():
    reference = list(includes("lib/Reference", "include/bitnet/Reference"))
    packing = list(includes("dialects/BitNet", suffixes=("PackedLayout.h",)))
    report(
        refuse(reference + packing, r"mlir/|llvm/", "plain C++")
        + refuse(
            reference, r"dialects/(?!BitNet/PackedLayout\.h)", "PackedLayout.h alone"
        )
        + refuse(
            reference, r"bitnet/(?!Reference/)", "the reference depends on nothing"
        )
    )


def test_dialects_need_mlir_only():
    report(refuse(includes("dialects"), "bitnet/", "dialects/ is below lib/"))


def test_dialects_link_nothing_of_ours():
    for folder in ("BitNet", "ONNX"):
        path = pathlib.Path("dialects", folder, "CMakeLists.txt")
        linked = re.findall(r"LINK_LIBS[^)]*\b(BitNet\w+)", text(path))
        report(f"{path}:1: links {name}" for name in linked)


def test_one_folder_is_one_library():
    """Or parts of one, which bear its name: BitNetRuntime, BitNetRuntimeMain."""
    library = r"^add_\w*library\((\w+)"
    for path in files("CMakeLists.txt", under=["lib", "dialects"]):
        names = re.findall(library, text(path), re.MULTILINE)
        report(
            f"{path}:1: {name} beside {names[0]}"
            for name in names
            if not name.startswith(names[0])
        )
