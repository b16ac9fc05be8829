// Copies of strided buffers become loops. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#define DEBUG_TYPE "bitnet-lower-copies"

namespace bitnet {
#define GEN_PASS_DEF_LOWERCOPIES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// What the conversion to LLVM lowers to one memcpy.
static bool isContiguous(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && (type.getLayout().isIdentity() ||
                  type.areTrailingDimsContiguous(type.getRank()));
}

static void lowerCopy(memref::CopyOp copy) {
  OpBuilder b(copy);
  Location loc = copy.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  int64_t rank = cast<MemRefType>(copy.getSource().getType()).getRank();
  SmallVector<Value> lower(rank, zero), step(rank, one), upper;
  for (int64_t d = 0; d < rank; ++d)
    upper.push_back(b.createOrFold<memref::DimOp>(loc, copy.getSource(), d));
  scf::buildLoopNest(
      b, loc, lower, upper, step,
      [&](OpBuilder &b, Location loc, ValueRange indices) {
        Value x = memref::LoadOp::create(b, loc, copy.getSource(), indices);
        memref::StoreOp::create(b, loc, x, copy.getTarget(), indices);
      });
  copy.erase();
}

namespace {

struct LowerCopies : bitnet::impl::LowerCopiesBase<LowerCopies> {
  void runOnOperation() override {
    SmallVector<memref::CopyOp> strided;
    getOperation().walk([&](memref::CopyOp copy) {
      if (!isContiguous(copy.getSource()) || !isContiguous(copy.getTarget()))
        strided.push_back(copy);
    });
    for (memref::CopyOp copy : strided)
      lowerCopy(copy);
  }
};

} // namespace
