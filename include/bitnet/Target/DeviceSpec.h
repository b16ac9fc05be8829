// The GPU that a model's kernels are compiled for.
#ifndef BITNET_TARGET_DEVICESPEC_H
#define BITNET_TARGET_DEVICESPEC_H

#include "bitnet/Target/TargetSpec.h"

#include <vector>

namespace mlir {
class Operation;
} // namespace mlir

namespace bitnet {

struct DeviceSpec {
  std::string kind; ///< vulkan, cuda or hip
  std::string chip; ///< sm_80, gfx942; empty for Vulkan

  /// Whether `target` names devices instead of a CPU's triple.
  static bool isDevice(llvm::StringRef target);

  /// The device of a name: `vulkan`, `cuda:sm_80`, `hip:gfx942`.
  static llvm::Expected<DeviceSpec> find(llvm::StringRef name);

  /// Those of several names with commas between.
  static llvm::Expected<std::vector<DeviceSpec>> findAll(llvm::StringRef names);

  /// The device that a module of kernels has been converted for; no kind if
  /// there is none.
  static DeviceSpec of(mlir::Operation *kernels);

  std::string name() const;

  /// LLVM's code generator for the chip. Vulkan has none.
  TargetSpec target() const;
};

} // namespace bitnet

#endif // BITNET_TARGET_DEVICESPEC_H
