"""Vulkan without hardware: Mesa's lavapipe, which runs kernels on the CPU."""

from __future__ import annotations

import pathlib
import tempfile

import pytest

ICD = pathlib.Path("/usr/share/vulkan/icd.d")
LAYER = pathlib.Path(
    "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json"
)
DRIVERS = sorted(map(str, ICD.glob("lvp_icd.*.json")))
SHADERS = tempfile.TemporaryDirectory(prefix="bitnet-shaders-")
"""Where Mesa keeps the machine code of kernels: other processes have the same."""

TARGET = "--target=vulkan"
ENVIRONMENT = {
    "VK_ICD_FILENAMES": DRIVERS[0] if DRIVERS else "",
    "MESA_SHADER_CACHE_DIR": SHADERS.name,
}
"""What a program runs under, so that no other device is found."""

needs_lavapipe = pytest.mark.skipif(not DRIVERS, reason="no lavapipe in " + str(ICD))
needs_layer = pytest.mark.skipif(not LAYER.exists(), reason=f"no {LAYER}")
