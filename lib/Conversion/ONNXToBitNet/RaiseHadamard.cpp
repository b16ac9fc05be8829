// Recognises a product with a constant Hadamard matrix: H-BitLinear turns its
// activations by one before it quantizes them (form A8).
#include "MathMatchers.h"
#include "Raise.h"
#include "Rows.h"
#include "dialects/BitNet/BitNetDialect.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

/// Row i and column j of the matrix in Sylvester's order are -1 where i and j
/// have an odd number of bits in common.
static bool isHadamard(ArrayRef<float> matrix, int64_t size) {
  auto unit = static_cast<float>(1.0 / std::sqrt(static_cast<double>(size)));
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < size; ++j) {
      float expected =
          llvm::popcount(static_cast<uint64_t>(i & j)) % 2 == 1 ? -unit : unit;
      if (std::fabs(matrix[i * size + j] - expected) > 1e-6f * unit)
        return false;
    }
  return true;
}

namespace {

/// matmul(x, hadamard matrix) -> hadamard(x)
struct RaiseHadamard : OpRewritePattern<onnx::MatMulOp> {
  // A layer whose weights happen to be such a matrix is a layer.
  RaiseHadamard(MLIRContext *context) : OpRewritePattern(context, 0) {}

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    Value x = matmul.getA();
    auto type = cast<RankedTensorType>(matmul.getB().getType());
    if (!hasFloatRows(x) || type.getRank() != 2 || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(matmul, "not rows by a matrix");
    int64_t size = type.getDimSize(0);
    if (size != type.getDimSize(1) || size < 2 || !llvm::isPowerOf2_64(size))
      return rewriter.notifyMatchFailure(matmul, "no square of a power of two");
    std::optional<std::vector<float>> matrix = getFloats(matmul.getB());
    if (!matrix || !isHadamard(*matrix, size))
      return rewriter.notifyMatchFailure(matmul, "not a Hadamard matrix");
    Value rows =
        HadamardOp::create(rewriter, matmul.getLoc(), getRowsType(x, size),
                           collapseToRows(rewriter, matmul.getLoc(), x), size);
    rewriter.replaceOp(matmul,
                       expandFromRows(rewriter, rows, x, matmul.getType()));
    return success();
  }
};

} // namespace

void bitnet::populateHadamardPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseHadamard>(patterns.getContext());
}
