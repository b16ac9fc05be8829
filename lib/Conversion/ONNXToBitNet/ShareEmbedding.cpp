// A head that is tied to the embedding reads the table itself.
//
// Exporters that fold constants leave two copies of a tied table: one that is
// looked up, and its transpose that is multiplied by. Often it is the largest
// tensor of a model.
#include "ConstantTensor.h"
#include "Heads.h"
#include "Raise.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace bitnet;

/// Blocks of this size are compared at once: both sides stay in the cache.
static constexpr int64_t kBlock = 32;

/// The elements of an f32 constant as they lie in memory; empty if they don't.
static ArrayRef<float> viewFloats(Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || !constant.getElementType().isF32())
    return {};
  ArrayRef<char> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      bytes = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(constant)) {
    bytes = dense.isSplat() ? ArrayRef<char>() : dense.getRawData();
  }
  int64_t count = constant.getNumElements();
  if (static_cast<int64_t>(bytes.size()) !=
      count * static_cast<int64_t>(sizeof(float)))
    return {};
  return {reinterpret_cast<const float *>(bytes.data()),
          static_cast<size_t>(count)};
}

/// True if the bits of a[i, j] are those of b[j, i], for `rows` rows of a.
static bool isTransposed(ArrayRef<float> a, ArrayRef<float> b, int64_t rows) {
  int64_t columns = static_cast<int64_t>(a.size()) / rows;
  auto isBlock = [&](int64_t row, int64_t column) {
    for (int64_t i = row, end = std::min(row + kBlock, rows); i < end; ++i)
      for (int64_t j = column, last = std::min(column + kBlock, columns);
           j < last; ++j)
        if (std::memcmp(&a[i * columns + j], &b[j * rows + i], sizeof(float)))
          return false;
    return true;
  };
  for (int64_t row = 0; row < rows; row += kBlock)
    for (int64_t column = 0; column < columns; column += kBlock)
      if (!isBlock(row, column))
        return false;
  return true;
}

namespace {

/// matmul(x, w) -> matmul(x, transpose(table)), for a table that is looked up
struct ShareEmbedding : OpRewritePattern<onnx::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    Value weights = matmul.getB();
    ArrayRef<float> floats = viewFloats(weights);
    if (getRank(weights) != 2 || floats.empty())
      return rewriter.notifyMatchFailure(matmul, "weights are not constant");
    Value table;
    for (auto gather : matmul->getBlock()->getOps<onnx::GatherOp>()) {
      Value data = gather.getData();
      if (getRank(data) != 2 || getDimSize(data, 0) != getDimSize(weights, 1) ||
          getDimSize(data, 1) != getDimSize(weights, 0))
        continue;
      ArrayRef<float> rows = viewFloats(data);
      if (!rows.empty() && isTransposed(floats, rows, getDimSize(weights, 0)))
        table = data;
    }
    if (!table)
      return rewriter.notifyMatchFailure(matmul, "no table has its elements");
    auto transposed =
        onnx::TransposeOp::create(rewriter, matmul.getLoc(), weights.getType(),
                                  table, rewriter.getDenseI64ArrayAttr({1, 0}));
    rewriter.modifyOpInPlace(matmul,
                             [&] { matmul.getBMutable().assign(transposed); });
    return success();
  }
};

} // namespace

void bitnet::populateShareEmbeddingPatterns(RewritePatternSet &patterns) {
  patterns.add<ShareEmbedding>(patterns.getContext());
}
