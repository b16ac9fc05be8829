// Parallel loops become launches of kernels. See GPUPasses.td.
#include "../ParallelLoop.h"
#include "Grid.h"

#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-map-loops-to-grid"

namespace bitnet {
#define GEN_PASS_DEF_MAPLOOPSTOGRID
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using bitnet::ParallelLoop;

/// Blocks along x: Vulkan promises 65535.
static constexpr int64_t kMaxBlocks = 32768;

static Value constant(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

namespace {

/// A launch, and the number of the block in which one is.
struct Launch {
  gpu::LaunchOp op;
  Value block;
};

} // namespace

/// An empty launch of some blocks, which leaves the builder in it.
static Launch createLaunch(ImplicitLocOpBuilder &b, Value blocks) {
  Value one = constant(b, 1), threads = constant(b, bitnet::kBlockThreads);
  Value y = arith::MaxUIOp::create(
      b, arith::CeilDivUIOp::create(b, blocks, constant(b, kMaxBlocks)), one);
  Value x = arith::CeilDivUIOp::create(b, blocks, y);
  auto launch = gpu::LaunchOp::create(b, x, y, one, threads, one, one);
  b.setInsertionPointToStart(&launch.getBody().front());
  gpu::TerminatorOp::create(b);
  b.setInsertionPointToStart(&launch.getBody().front());
  Value above =
      arith::MulIOp::create(b, launch.getBlockIds().y, launch.getGridSize().x);
  return {launch, arith::AddIOp::create(b, above, launch.getBlockIds().x)};
}

/// Puts the iteration of that number into the launch, if there is one.
static void inlineIteration(ImplicitLocOpBuilder &b, const ParallelLoop &loop,
                            ArrayRef<OpFoldResult> counts, Value number,
                            Value total) {
  Value isInside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, total);
  auto inside = scf::IfOp::create(b, isInside, /*withElseRegion=*/false);
  b.setInsertionPointToStart(inside.thenBlock());
  bitnet::inlineBody(b, loop,
                     bitnet::delinearize(b, b.getLoc(), number, counts));
}

/// Replaces a loop by a launch with one thread for each iteration.
static gpu::LaunchOp launchThreads(const ParallelLoop &loop) {
  ImplicitLocOpBuilder b(loop.op->getLoc(), loop.op);
  SmallVector<OpFoldResult> counts = bitnet::tripCounts(b, loop);
  Value total = bitnet::product(b, b.getLoc(), counts);
  Launch launch = createLaunch(
      b,
      arith::CeilDivUIOp::create(b, total, constant(b, bitnet::kBlockThreads)));
  Value id = arith::MulIOp::create(b, launch.block,
                                   constant(b, bitnet::kBlockThreads));
  id = arith::AddIOp::create(b, id, launch.op.getThreadIds().x);
  inlineIteration(b, loop, counts, id, total);
  loop.op->erase();
  return launch.op;
}

/// Replaces a loop in a block's work by one over the iterations of a thread.
static void distribute(const ParallelLoop &loop) {
  ImplicitLocOpBuilder b(loop.op->getLoc(), loop.op);
  SmallVector<OpFoldResult> counts = bitnet::tripCounts(b, loop);
  Value total = bitnet::product(b, b.getLoc(), counts);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  auto share =
      scf::ForOp::create(b, thread, total, constant(b, bitnet::kBlockThreads));
  gpu::BarrierOp::create(b);
  b.setInsertionPoint(share.getBody()->getTerminator());
  bitnet::inlineBody(
      b, loop,
      bitnet::delinearize(b, b.getLoc(), share.getInductionVar(), counts));
  loop.op->erase();
}

/// Buffers that a block's work allocates are those of its threads together.
static LogicalResult shareBuffers(gpu::LaunchOp launch) {
  SmallVector<Operation *> buffers;
  launch.getBody().walk([&](Operation *op) {
    if (isa<memref::AllocaOp, memref::AllocOp>(op))
      buffers.push_back(op);
  });
  auto space = gpu::AddressSpaceAttr::get(launch.getContext(),
                                          gpu::AddressSpace::Workgroup);
  for (Operation *op : buffers) {
    auto type = cast<MemRefType>(op->getResult(0).getType());
    if (!type.hasStaticShape())
      return op->emitOpError("of unknown size in a kernel");
    auto shared = MemRefType::get(type.getShape(), type.getElementType(),
                                  MemRefLayoutAttrInterface(), space);
    Value buffer = launch.addWorkgroupAttribution(shared, op->getLoc());
    for (Operation *user : llvm::to_vector(op->getUsers()))
      if (isa<memref::DeallocOp>(user))
        user->erase();
    op->getResult(0).replaceAllUsesWith(buffer);
    op->erase();
  }
  return success();
}

/// Replaces a loop by a launch with a block of threads for each iteration.
static FailureOr<gpu::LaunchOp> launchBlocks(const ParallelLoop &loop) {
  std::vector<ParallelLoop> nested;
  loop.op->walk([&](Operation *op) {
    FailureOr<ParallelLoop> inner = bitnet::matchParallelLoop(op);
    if (op != loop.op && succeeded(inner))
      nested.push_back(*inner);
  });
  bitnet::giveStoresToOneThread(*loop.body());
  for (const ParallelLoop &inner : nested)
    distribute(inner);
  ImplicitLocOpBuilder b(loop.op->getLoc(), loop.op);
  SmallVector<OpFoldResult> counts = bitnet::tripCounts(b, loop);
  Value total = bitnet::product(b, b.getLoc(), counts);
  Launch launch = createLaunch(b, total);
  inlineIteration(b, loop, counts, launch.block, total);
  loop.op->erase();
  if (failed(shareBuffers(launch.op)))
    return failure();
  return launch.op;
}

namespace {

/// Lets a kernel reach one buffer of the host's view by address.
class Buffer {
public:
  Buffer(gpu::LaunchOp launch, Value memref)
      : type(cast<MemRefType>(memref.getType())) {
    ImplicitLocOpBuilder b(launch.getLoc(), launch);
    auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
    strides = metadata.getConstifiedMixedStrides();
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes.push_back(memref::getMixedSize(b, b.getLoc(), memref, dim));
    Value pointer = memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
    OpFoldResult offset = metadata.getConstifiedMixedOffset();
    AffineExpr s0, s1;
    bindSymbols(b.getContext(), s0, s1);
    OpFoldResult at = affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), s0 + s1 * bytes(), {pointer, offset});
    address = arith::IndexCastOp::create(
        b, b.getI64Type(), getValueOrCreateConstantIndexOp(b, b.getLoc(), at));
  }

  /// A load, store or size in the kernel; false if it is none of them.
  bool rewrite(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      load.replaceAllUsesWith(read(b, load.getIndices()));
    } else if (auto load = dyn_cast<vector::LoadOp>(op)) {
      IntegerAttr alignment;
      if (std::optional<uint64_t> bytes = load.getAlignment())
        alignment = b.getI64IntegerAttr(*bytes);
      Value at = linearize(b, load.getIndices());
      load.replaceAllUsesWith(bitnet::DeviceLoadOp::create(
                                  b, load.getType(), address, at, alignment)
                                  .getResult());
    } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
      write(b, store.getValue(), store.getIndices());
    } else if (auto dim = dyn_cast<memref::DimOp>(op);
               dim && dim.getConstantIndex()) {
      dim.replaceAllUsesWith(getValueOrCreateConstantIndexOp(
          b, b.getLoc(), sizes[*dim.getConstantIndex()]));
    } else if (auto metadata = dyn_cast<memref::ExtractStridedMetadataOp>(op);
               metadata && metadata.getBaseBuffer().use_empty()) {
      replaceMetadata(b, metadata);
    } else {
      return false;
    }
    op->erase();
    return true;
  }

private:
  void replaceMetadata(ImplicitLocOpBuilder &b,
                       memref::ExtractStridedMetadataOp op) {
    auto replace = [&](ValueRange results, ArrayRef<OpFoldResult> values) {
      for (auto [result, value] : llvm::zip_equal(results, values))
        result.replaceAllUsesWith(
            getValueOrCreateConstantIndexOp(b, b.getLoc(), value));
    };
    replace(op.getOffset(), OpFoldResult(b.getIndexAttr(0))); // in the address
    replace(op.getSizes(), sizes);
    replace(op.getStrides(), strides);
  }

  bool isBool() const { return type.getElementType().isInteger(1); }

  int64_t bytes() const {
    return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }

  /// The number of an element.
  Value linearize(ImplicitLocOpBuilder &b, ValueRange indices) {
    AffineExpr sum = b.getAffineConstantExpr(0);
    SmallVector<OpFoldResult> operands;
    for (auto [index, stride] : llvm::zip_equal(indices, strides)) {
      sum = sum + b.getAffineSymbolExpr(operands.size()) *
                      b.getAffineSymbolExpr(operands.size() + 1);
      operands.push_back(index);
      operands.push_back(stride);
    }
    OpFoldResult at =
        affine::makeComposedFoldedAffineApply(b, b.getLoc(), sum, operands);
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), at);
  }

  Value read(ImplicitLocOpBuilder &b, ValueRange indices) {
    Value at = linearize(b, indices);
    if (!isBool())
      return bitnet::DeviceLoadOp::create(b, type.getElementType(), address, at,
                                          IntegerAttr());
    Value byte = bitnet::DeviceLoadOp::create(b, b.getI8Type(), address, at,
                                              IntegerAttr());
    Value zero = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, byte, zero);
  }

  void write(ImplicitLocOpBuilder &b, Value value, ValueRange indices) {
    if (isBool())
      value = arith::ExtUIOp::create(b, b.getI8Type(), value);
    bitnet::DeviceStoreOp::create(b, value, address, linearize(b, indices));
  }

  MemRefType type;
  SmallVector<OpFoldResult> sizes, strides;
  Value address;
};

struct MapLoopsToGrid : bitnet::impl::MapLoopsToGridBase<MapLoopsToGrid> {
  void runOnOperation() override {
    makeNestedLoopsSerial();
    for (const ParallelLoop &loop : outermostLoops())
      if (failed(map(loop)))
        return signalPassFailure();
  }

private:
  static LogicalResult map(const ParallelLoop &loop) {
    FailureOr<gpu::LaunchOp> launch = bitnet::isLoopOverBlocks(loop.op)
                                          ? launchBlocks(loop)
                                          : launchThreads(loop);
    return failed(launch) ? failure() : replaceMemory(*launch);
  }

  /// A thread has no others to share its work with; a block has.
  static bool hasNoThreads(Operation *loop) {
    int64_t depth = 0;
    for (Operation *up = loop->getParentOp(); up; up = up->getParentOp())
      if (succeeded(bitnet::matchParallelLoop(up)))
        depth += bitnet::isLoopOverBlocks(up) ? 1 : 2;
    return depth > 1;
  }

  void makeNestedLoopsSerial() {
    std::vector<ParallelLoop> nested;
    getOperation().walk([&](Operation *op) {
      FailureOr<ParallelLoop> loop = bitnet::matchParallelLoop(op);
      if (succeeded(loop) && hasNoThreads(op))
        nested.push_back(*loop);
    });
    for (const ParallelLoop &loop : nested)
      bitnet::makeSerial(loop);
  }

  std::vector<ParallelLoop> outermostLoops() {
    std::vector<ParallelLoop> loops;
    getOperation().walk([&](Operation *op) {
      FailureOr<ParallelLoop> loop = bitnet::matchParallelLoop(op);
      if (succeeded(loop) && !bitnet::isInParallelLoop(op))
        loops.push_back(*loop);
    });
    return loops;
  }

  /// Accesses of memory that is allocated outside of the kernel.
  static LogicalResult replaceMemory(gpu::LaunchOp launch) {
    SmallVector<std::pair<Operation *, Value>> accesses;
    launch.getBody().walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (isa<BaseMemRefType>(operand.getType()) &&
            !launch.getBody().isAncestor(operand.getParentRegion()))
          accesses.push_back({op, operand});
    });
    llvm::MapVector<Value, std::unique_ptr<Buffer>> buffers;
    for (auto [op, memref] : accesses) {
      if (!isa<MemRefType>(memref.getType()))
        return op->emitOpError("in a kernel wants a buffer of known rank");
      std::unique_ptr<Buffer> &buffer = buffers[memref];
      if (!buffer)
        buffer = std::make_unique<Buffer>(launch, memref);
      if (!buffer->rewrite(op))
        return op->emitOpError("cannot be done in a kernel");
    }
    return success();
  }
};

} // namespace
