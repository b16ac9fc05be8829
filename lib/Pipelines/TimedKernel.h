// A matmul alone, compiled as it is in a model, to be timed.
#ifndef BITNET_LIB_PIPELINES_TIMEDKERNEL_H
#define BITNET_LIB_PIPELINES_TIMEDKERNEL_H

#include "bitnet/Codegen/Tuning.h"
#include "bitnet/Target/TargetSpec.h"

namespace bitnet {

/// What to compile.
struct KernelSpec {
  MatmulShape shape;
  TileChoice choice;
  TargetSpec target;
};

/// A library with one matmul and its scale, whose weights are an input.
class TimedKernel {
public:
  /// Compiles it in `folder` and loads it.
  static llvm::Expected<TimedKernel> create(const KernelSpec &spec,
                                            llvm::StringRef folder);

  TimedKernel(TimedKernel &&other);
  ~TimedKernel();

  const KernelSpec &getSpec() const { return spec; }

  /// The least nanoseconds for so many rows of activations. Of weights, about
  /// so many bytes are gone through, as a model does between two uses.
  llvm::Expected<double> time(int64_t rows, int64_t streamed);

private:
  TimedKernel(const KernelSpec &spec, void *library)
      : spec(spec), library(library) {}

  KernelSpec spec;
  void *library;
};

} // namespace bitnet

#endif // BITNET_LIB_PIPELINES_TIMEDKERNEL_H
