// Rounds the weights of a head, the largest matrix of most models.
#ifndef BITNET_LIB_TRANSFORMS_HEADWEIGHTS_H
#define BITNET_LIB_TRANSFORMS_HEADWEIGHTS_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <vector>

namespace bitnet {

/// What the weights of a head may become.
enum class HeadType { F32, F16, BF16, Int8, Int4 };

/// Constant weights of floats, as [outputs, inputs] or turned.
struct HeadMatrix {
  mlir::Type element;
  llvm::ArrayRef<char> bytes;
  int64_t outputs, inputs;
  bool outputMajor;
};

/// The matrix that an attribute holds; none if its bytes are not at hand.
std::optional<HeadMatrix> readHead(mlir::ElementsAttr weights,
                                   bool outputMajor);

/// What rounding does to a logit, if inputs are independent of each other: the
/// root of the mean square of what is lost, its mean and its largest value over
/// the outputs; and the mean of the same for the logit itself.
struct HeadDeviation {
  double mean = 0, largest = 0, logit = 0;
};

/// A matrix after rounding. Integers have the layout of bitnet.scaled_matmul,
/// floats are [outputs, inputs].
struct RoundedHead {
  mlir::ElementsAttr weights;
  /// Null for floats.
  mlir::ElementsAttr scales;
  HeadDeviation deviation;
};

/// Why there is none: an element that the type cannot hold.
struct HeadOutlier {
  int64_t output, input;
  float value;
};

/// Rounds `matrix`. `gains` are the root mean squares of its inputs.
std::variant<RoundedHead, HeadOutlier>
roundHead(const HeadMatrix &matrix, HeadType type, llvm::ArrayRef<float> gains);

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_HEADWEIGHTS_H
