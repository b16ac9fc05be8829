// Float matmuls take a block of threads for some columns. See GPUPasses.td.
#include "../Contraction.h"
#include "Grid.h"

#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

#define DEBUG_TYPE "bitnet-give-columns-to-blocks"

namespace bitnet {
#define GEN_PASS_DEF_GIVECOLUMNSTOBLOCKS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using bitnet::Contraction;

/// Lanes of a sum, see lib/README.md.
static constexpr int64_t kLanes = 16;

namespace {

/// Columns of a contraction whose sums a block of threads computes.
class ColumnBlock {
public:
  ColumnBlock(ImplicitLocOpBuilder &b, const Contraction &contraction)
      : b(b), c(contraction), lanes(c.lanesAlongColumns() ? 1 : kLanes) {
    width = bitnet::kBlockThreads / lanes;
    while (c.columns % width)
      width /= 2;
  }

  /// Replaces the contraction by a loop over blocks.
  Value emit() {
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), c.init);
    Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    SmallVector<OpFoldResult> counts = sizes;
    counts.back() = b.getIndexAttr(c.columns / width);
    auto loop = scf::ForallOp::create(
        b, counts, ValueRange{empty},
        bitnet::getBlockMapping(b.getContext(), counts.size()));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> at = loop.getInductionVars();
    SmallVector<OpFoldResult> place(at.begin(), at.end());
    SmallVector<OpFoldResult> part(place.size(), b.getIndexAttr(1)),
        ones = part;
    Value first = arith::MulIOp::create(b, at.back(), index(width));
    place.back() = first;
    part.back() = b.getIndexAttr(width);
    Value sums = sumUp(place);
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(b, sums, loop.getRegionIterArgs()[0],
                                          place, part, ones);
    return loop.getResult(0);
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  Value allocate(int64_t size) {
    return memref::AllocaOp::create(b, MemRefType::get({size}, b.getF32Type()));
  }

  /// The sums of `width` columns from `place` on, as a tensor.
  Value sumUp(ArrayRef<OpFoldResult> place) {
    Value parts = allocate(width * lanes), sums = allocate(width);
    forEach(width * lanes, [&](Value thread) {
      Value column = arith::DivUIOp::create(b, thread, index(lanes));
      Value lane = arith::RemUIOp::create(b, thread, index(lanes));
      memref::StoreOp::create(b, sumLane(place, column, lane), parts, thread);
    });
    forEach(width, [&](Value column) {
      memref::StoreOp::create(b, addLanes(parts, column), sums, column);
    });
    auto type = RankedTensorType::get({width}, b.getF32Type());
    return bufferization::ToTensorOp::create(b, type, sums, /*restrict=*/true);
  }

  /// Iterations for the threads to share.
  void forEach(int64_t size, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ParallelOp::create(
        b, ValueRange{index(0)}, ValueRange{index(size)}, ValueRange{index(1)});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVars()[0]);
  }

  /// fma of every 16th term, or of every term where lanes are columns.
  Value sumLane(ArrayRef<OpFoldResult> place, Value column, Value lane) {
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
    auto loop = scf::ForOp::create(b, lane, index(c.terms), index(lanes), zero);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<OpFoldResult> at = dimsAt(place, column);
    at[c.k] = loop.getInductionVar();
    Value x = read(c.x, c.xMap, at), w = read(c.w, c.wMap, at);
    Value sum = math::FmaOp::create(b, x, w, loop.getRegionIterArg(0));
    scf::YieldOp::create(b, sum);
    return loop.getResult(0);
  }

  /// The loop dimensions of an element of y, but for k.
  SmallVector<OpFoldResult> dimsAt(ArrayRef<OpFoldResult> place, Value column) {
    SmallVector<OpFoldResult> at(c.yMap.getNumDims(), b.getIndexAttr(0));
    for (auto [i, expr] : llvm::enumerate(c.yMap.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        at[dim.getPosition()] = place[i];
    Value first = cast<Value>(place.back());
    at[c.n] = OpFoldResult(arith::AddIOp::create(b, first, column).getResult());
    return at;
  }

  Value read(Value tensor, AffineMap map, ArrayRef<OpFoldResult> at) {
    SmallVector<Value> indices;
    for (AffineExpr expr : map.getResults())
      indices.push_back(getValueOrCreateConstantIndexOp(
          b, b.getLoc(),
          affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, at)));
    Value x = tensor::ExtractOp::create(b, tensor, indices);
    if (x.getType().isF32())
      return x;
    return arith::ExtFOp::create(b, b.getF32Type(), x);
  }

  /// Adds lanes j and j + 8, then j + 4, j + 2, j + 1.
  Value addLanes(Value parts, Value column) {
    Value first = arith::MulIOp::create(b, column, index(lanes));
    SmallVector<Value> sums;
    for (int64_t j = 0; j < lanes; ++j)
      sums.push_back(memref::LoadOp::create(
          b, parts,
          ValueRange{arith::AddIOp::create(b, first, index(j)).getResult()}));
    for (int64_t half = lanes / 2; half >= 1; half /= 2)
      for (int64_t j = 0; j < half; ++j)
        sums[j] = arith::AddFOp::create(b, sums[j], sums[j + half]);
    return sums[0];
  }

  ImplicitLocOpBuilder &b;
  Contraction c;
  int64_t lanes, width;
};

struct GiveColumnsToBlocks
    : bitnet::impl::GiveColumnsToBlocksBase<GiveColumnsToBlocks> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!op->getParentOfType<scf::ForallOp>())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops) {
      FailureOr<Contraction> contraction =
          bitnet::matchContraction(op, rewriter);
      if (failed(contraction) || !startsAtZero(*contraction))
        continue;
      rewriter.setInsertionPoint(op);
      ImplicitLocOpBuilder b(op.getLoc(), rewriter);
      Value y = ColumnBlock(b, *contraction).emit();
      if (y.getType() != op->getResult(0).getType())
        y = tensor::CastOp::create(b, op->getResult(0).getType(), y);
      rewriter.replaceOp(op, y);
    }
  }

private:
  static bool startsAtZero(const Contraction &contraction) {
    auto fill = contraction.init.getDefiningOp<linalg::FillOp>();
    return fill && matchPattern(fill.getInputs()[0], m_PosZeroFloat());
  }
};

} // namespace
