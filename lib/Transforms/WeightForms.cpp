// See WeightForms.h.
//
// One predicate for each form, named after what its equation does; a report
// shows the name, and nothing else depends on it.
#include "WeightForms.h"

#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace bitnet;

template <typename... OpTys> static bool has(ArrayRef<Operation *> ops) {
  return llvm::any_of(ops, [](Operation *op) { return isa<OpTys...>(op); });
}

/// Codes of 2 bits are shifted or divided and masked out of bytes.
static bool unpacks(ArrayRef<Operation *> ops) {
  return has<onnx::BitwiseAndOp>(ops);
}

/// The codes of a byte become a dimension, all at once.
static bool unpacksAlongDimension(ArrayRef<Operation *> ops) {
  return has<onnx::ReshapeOp>(ops) &&
         !has<onnx::ScatterNDOp, onnx::ConcatOp>(ops);
}

/// round(w / mean(|w|)), between -1 and 1.
static bool roundsByMean(ArrayRef<Operation *> ops) {
  return has<onnx::AbsOp>(ops) && has<onnx::ReduceMeanOp>(ops) &&
         has<onnx::RoundOp>(ops);
}

/// sign(w - mean(w)): compared or by Sign.
static bool takesSigns(ArrayRef<Operation *> ops) {
  return has<onnx::ReduceMeanOp>(ops) &&
         has<onnx::GreaterOp, onnx::SignOp>(ops);
}

/// w + (q - w)
static bool isStraightThrough(ArrayRef<Operation *> ops) {
  return llvm::any_of(ops, [](Operation *op) {
    auto add = dyn_cast<onnx::AddOp>(op);
    if (!add)
      return false;
    for (auto [w, other] :
         {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())})
      if (auto sub = other.getDefiningOp<onnx::SubOp>())
        if (sub.getB() == w)
          return true;
    return false;
  });
}

StringRef bitnet::nameWeightForm(ArrayRef<Operation *> ops) {
  if (unpacks(ops))
    return unpacksAlongDimension(ops) ? "W6" : "W5";
  if (has<onnx::ConcatOp>(ops))
    return "W8";
  if (takesSigns(ops))
    return "W7";
  if (roundsByMean(ops))
    return isStraightThrough(ops) ? "W2" : "W1";
  return "";
}
