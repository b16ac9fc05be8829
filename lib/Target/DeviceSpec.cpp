// Finds the GPU to compile for.
#include "bitnet/Target/DeviceSpec.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using bitnet::DeviceSpec;

namespace {

struct Chip {
  StringRef kind, name, features;
};

} // namespace

/// With the oldest PTX that knows the chip, but none before 7.1, so that
/// drivers of any age take it.
static constexpr Chip kChips[] = {
    {"cuda", "sm_75", "+ptx71"}, {"cuda", "sm_80", "+ptx71"},
    {"cuda", "sm_86", "+ptx71"}, {"cuda", "sm_89", "+ptx78"},
    {"cuda", "sm_90", "+ptx78"}, {"hip", "gfx90a", ""},
    {"hip", "gfx942", ""},       {"hip", "gfx1100", ""},
};

static const Chip *findChip(const DeviceSpec &device) {
  const Chip *found = llvm::find_if(kChips, [&](const Chip &chip) {
    return chip.kind == device.kind && chip.name == device.chip;
  });
  return found == std::end(kChips) ? nullptr : found;
}

/// sm_75, sm_80 or sm_90
static std::string chipsOf(StringRef kind) {
  SmallVector<StringRef> names;
  for (const Chip &chip : kChips)
    if (chip.kind == kind)
      names.push_back(chip.name);
  return join(drop_end(names), ", ") + " or " + names.back().str();
}

bool DeviceSpec::isDevice(StringRef target) {
  StringRef kind =
      target.take_until([](char c) { return c == ':' || c == ','; });
  return kind == "vulkan" || kind == "cuda" || kind == "hip";
}

Expected<DeviceSpec> DeviceSpec::find(StringRef name) {
  auto [kind, chip] = name.split(':');
  if (!isDevice(kind))
    return createStringError("unknown device '" + name + "'");
  DeviceSpec device = {kind.str(), chip.str()};
  if (kind == "vulkan" && name != kind)
    return createStringError("target 'vulkan' has no chips, found '" + name +
                             "'");
  if (kind == "vulkan" || findChip(device))
    return device;
  return createStringError("target '" + kind + "' wants a chip behind it, " +
                           chipsOf(kind) + ", found '" + name + "'");
}

Expected<std::vector<DeviceSpec>> DeviceSpec::findAll(StringRef names) {
  std::vector<DeviceSpec> devices;
  for (StringRef name : split(names, ',')) {
    Expected<DeviceSpec> device = find(name);
    if (!device)
      return device.takeError();
    for (const DeviceSpec &other : devices)
      if (other.name() == device->name())
        return createStringError("target '" + name + "' is there twice");
    devices.push_back(*device);
  }
  return devices;
}

DeviceSpec DeviceSpec::of(mlir::Operation *kernels) {
  if (isa<mlir::spirv::ModuleOp>(kernels))
    return {"vulkan", ""};
  auto module = dyn_cast<mlir::gpu::GPUModuleOp>(kernels);
  if (!module || !module.getTargetsAttr())
    return {};
  for (mlir::Attribute target : module.getTargetsAttr()) {
    if (auto nvidia = dyn_cast<mlir::NVVM::NVVMTargetAttr>(target))
      return {"cuda", nvidia.getChip().str()};
    if (auto amd = dyn_cast<mlir::ROCDL::ROCDLTargetAttr>(target))
      return {"hip", amd.getChip().str()};
  }
  return {};
}

std::string DeviceSpec::name() const {
  return chip.empty() ? kind : kind + ":" + chip;
}

bitnet::TargetSpec DeviceSpec::target() const {
  const Chip *known = findChip(*this);
  assert(known && "a chip that was found");
  StringRef triple =
      kind == "cuda" ? "nvptx64-nvidia-cuda" : "amdgcn-amd-amdhsa";
  return {triple.str(), chip, known->features.str()};
}
