// Host code reads the device's memory by copies. See GPUPasses.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-reach-device-memory"

namespace bitnet {
#define GEN_PASS_DEF_REACHDEVICEMEMORY
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kDownload = "bitnet_download";

/// The address of a buffer's first element.
static Value addressOf(ImplicitLocOpBuilder &b, Value memref) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  Value pointer = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  unsigned bits = cast<MemRefType>(memref.getType()).getElementTypeBitWidth();
  Value bytes = arith::ConstantIndexOp::create(b, llvm::divideCeil(bits, 8));
  Value distance = arith::MulIOp::create(b, metadata.getOffset(), bytes);
  return arith::AddIOp::create(b, pointer, distance);
}

namespace {

struct ReachDeviceMemory
    : bitnet::impl::ReachDeviceMemoryBase<ReachDeviceMemory> {
  void runOnOperation() override {
    SmallVector<memref::LoadOp> loads;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](memref::LoadOp load) {
        if (!load->getParentOfType<gpu::LaunchOp>())
          loads.push_back(load);
      });
    if (loads.empty())
      return;
    auto b = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                getOperation().getBody());
    SmallVector<Type> arguments(3, b.getIndexType());
    download =
        func::FuncOp::create(b, kDownload, b.getFunctionType(arguments, {}));
    download.setPrivate();
    for (memref::LoadOp load : loads)
      fetch(load);
  }

private:
  void fetch(memref::LoadOp load) {
    ImplicitLocOpBuilder b(load.getLoc(), load);
    int64_t rank = load.getMemRefType().getRank();
    SmallVector<OpFoldResult> ones(rank, b.getIndexAttr(1));
    Value element = memref::SubViewOp::create(
        b, load.getMemRef(), getAsOpFoldResult(load.getIndices()), ones, ones);
    auto function = load->getParentOfType<func::FuncOp>();
    Value copy;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&function.front());
      copy = memref::AllocaOp::create(
          b, MemRefType::get({}, load.getMemRefType().getElementType()));
    }
    unsigned bits = load.getMemRefType().getElementTypeBitWidth();
    Value bytes = arith::ConstantIndexOp::create(b, llvm::divideCeil(bits, 8));
    Value to = memref::ExtractAlignedPointerAsIndexOp::create(b, copy);
    func::CallOp::create(b, download,
                         ValueRange{to, addressOf(b, element), bytes});
    load.replaceAllUsesWith(memref::LoadOp::create(b, copy).getResult());
    load.erase();
  }

  func::FuncOp download;
};

} // namespace
