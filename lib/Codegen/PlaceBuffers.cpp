// Where buffers live: stack at the function's head, heap aligned. See
// Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#define DEBUG_TYPE "bitnet-place-buffers"

namespace bitnet {
#define GEN_PASS_DEF_PLACEBUFFERS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// A cache line, and the longest vector of any target.
static constexpr int64_t kAlignment = 64;

namespace {

struct PlaceBuffers : bitnet::impl::PlaceBuffersBase<PlaceBuffers> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    Block &entry = getOperation().front();
    getOperation().walk([&](memref::AllocaOp buffer) {
      if (buffer->getNumOperands() == 0 && buffer->getBlock() != &entry)
        buffer->moveBefore(&entry, entry.begin());
    });
    getOperation().walk([](memref::AllocOp buffer) {
      if (buffer.getAlignment().value_or(0) < kAlignment)
        buffer.setAlignment(kAlignment);
    });
  }
};

} // namespace
