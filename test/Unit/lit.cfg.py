"""Runs the GoogleTest programs: in the build tree, each file named *Tests."""

import os

import lit.formats

config.name = "BitNet-Unit"
config.suffixes = []
config.test_exec_root = os.path.join(config.bitnet_obj_root, "test", "Unit")
config.test_source_root = config.test_exec_root
config.test_format = lit.formats.GoogleTest(".", "Tests")

# What a test that runs in parallel or prints in colour looks at.
for name in ("HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
# See ../lit.cfg.py.
config.environment.setdefault("ASAN_OPTIONS", "allow_user_poisoning=0")
