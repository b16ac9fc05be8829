// Norms and quantizers take a block of threads for each row. See GPUPasses.td.
#include "Grid.h"

#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-give-rows-to-blocks"

namespace bitnet {
#define GEN_PASS_DEF_GIVEROWSTOBLOCKS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// The longest row that a block keeps in its memory, in f32, beside sums.
static constexpr int64_t kLongestRow = 7168;

/// Whether each row of the results depends on the same row of the first operand
/// alone.
static bool isRowByRow(Operation *op) {
  bitnet::QuantizerAttr quantizer;
  if (auto quantize = dyn_cast<bitnet::QuantizeOp>(op))
    quantizer = quantize.getQuantizer();
  else if (auto norm = dyn_cast<bitnet::NormQuantizeOp>(op))
    quantizer = norm.getQuantizer();
  else if (!isa<bitnet::RmsNormOp, bitnet::LayerNormOp, bitnet::HadamardOp>(op))
    return false;
  if (quantizer && quantizer.getGranularity() != bitnet::Granularity::Token)
    return false;
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  return !type.isDynamicDim(1) && type.getDimSize(1) <= kLongestRow;
}

/// The type with one row.
static RankedTensorType oneRow(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 1;
  return RankedTensorType::get(shape, type.getElementType());
}

namespace {

/// A row of a tensor of any rank.
struct Row {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  Row(OpBuilder &b, Value tensor, Value row) {
    for (int64_t size : oneRow(tensor).getShape()) {
      offsets.push_back(b.getIndexAttr(0));
      sizes.push_back(b.getIndexAttr(size));
      strides.push_back(b.getIndexAttr(1));
    }
    offsets[0] = row;
  }
};

struct GiveRowsToBlocks : bitnet::impl::GiveRowsToBlocksBase<GiveRowsToBlocks> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isRowByRow(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      tile(op);
  }

private:
  static void tile(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    Value input = op->getOperand(0);
    OpFoldResult rows = tensor::getMixedSize(b, b.getLoc(), input, 0);
    SmallVector<Value> results;
    for (Value result : op->getResults()) {
      auto type = cast<RankedTensorType>(result.getType());
      SmallVector<OpFoldResult> sizes =
          getAsIndexOpFoldResult(b.getContext(), type.getShape());
      sizes[0] = rows;
      results.push_back(
          tensor::EmptyOp::create(b, sizes, type.getElementType()));
    }
    auto loop =
        scf::ForallOp::create(b, ArrayRef<OpFoldResult>{rows}, results,
                              bitnet::getBlockMapping(b.getContext(), 1));
    b.setInsertionPointToStart(loop.getBody());
    Value row = loop.getInductionVar(0);
    Row from(b, input, row);
    Operation *one = b.clone(*op);
    b.setInsertionPoint(one);
    one->setOperand(0, tensor::ExtractSliceOp::create(b, oneRow(input), input,
                                                      from.offsets, from.sizes,
                                                      from.strides));
    for (Value result : one->getResults())
      result.setType(oneRow(result));
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    for (auto [result, out] :
         llvm::zip_equal(one->getResults(), loop.getRegionIterArgs())) {
      Row to(b, result, row);
      tensor::ParallelInsertSliceOp::create(b, result, out, to.offsets,
                                            to.sizes, to.strides);
    }
    b.setInsertionPointAfter(loop);
    for (auto [result, done] :
         llvm::zip_equal(op->getResults(), loop.getResults())) {
      Value value = done;
      if (value.getType() != result.getType())
        value = tensor::CastOp::create(b, result.getType(), value);
      result.replaceAllUsesWith(value);
    }
    op->erase();
  }
};

} // namespace
