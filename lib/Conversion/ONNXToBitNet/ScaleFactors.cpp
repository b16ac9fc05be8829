// See ScaleFactors.h.
#include "ScaleFactors.h"

#include "MathMatchers.h"
#include "dialects/ONNX/ONNXDialect.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

Value bitnet::findBase(Value value, function_ref<bool(Value)> isBase) {
  if (isBase(value))
    return value;
  Operation *op = value.getDefiningOp();
  if (!isa_and_present<onnx::MulOp, onnx::DivOp>(op))
    return {};
  if (Value base = findBase(op->getOperand(0), isBase))
    return base;
  return isa<onnx::MulOp>(op) ? findBase(op->getOperand(1), isBase) : Value();
}

namespace {

/// How often each factor occurs, less how often it divides.
class Factors {
public:
  explicit Factors(const ScaledBase &scaled) : scaled(scaled) {}

  /// Multiplies by value^power; false if it is made of something else.
  bool collect(Value value, int power) {
    for (auto [factor, count] :
         {std::pair(scaled.base, &bases), std::pair(scaled.scale, &scales),
          std::pair(scaled.magnitude, &magnitudes)})
      if (value == factor) {
        *count += power;
        return true;
      }
    if (getConstant(value))
      return collectConstant(value, power);
    if (Value inverse = matchReciprocal(value))
      return collect(inverse, -power);
    if (auto mul = value.getDefiningOp<onnx::MulOp>())
      return collect(mul.getA(), power) && collect(mul.getB(), power);
    if (auto div = value.getDefiningOp<onnx::DivOp>())
      return collect(div.getA(), power) && collect(div.getB(), -power);
    return false;
  }

  /// True for base / s, and for base * m, with which `constants` makes up.
  bool scaleBack() {
    bool overScale = scales == -1 && magnitudes == 0;
    bool timesMagnitude = scales == 0 && magnitudes == 1;
    if (bases != 1 || (!overScale && !timesMagnitude))
      return false;
    if (timesMagnitude)
      for (double &constant : constants)
        constant *= scaled.limit;
    return true;
  }

  std::vector<double> constants = {1.0};

private:
  bool collectConstant(Value value, int power) {
    std::optional<std::vector<float>> numbers = getFloats(value);
    auto type = cast<RankedTensorType>(value.getType());
    bool isRow =
        type.getRank() > 0 && type.getShape().back() == type.getNumElements();
    if (!numbers || numbers->empty() || (numbers->size() != 1 && !isRow) ||
        (numbers->size() != 1 && constants.size() != 1 &&
         constants.size() != numbers->size()))
      return false;
    constants.resize(std::max(constants.size(), numbers->size()),
                     constants.front());
    for (size_t i = 0; i < constants.size(); ++i)
      constants[i] *= std::pow(
          static_cast<double>((*numbers)[numbers->size() == 1 ? 0 : i]), power);
    return true;
  }

  const ScaledBase &scaled;
  int bases = 0, scales = 0, magnitudes = 0;
};

} // namespace

Match<std::vector<double>> bitnet::matchScaledBack(Value value,
                                                   const ScaledBase &scaled) {
  Factors factors(scaled);
  if (!factors.collect(value, 1) || !factors.scaleBack())
    return miss("the codes are scaled back by another scale");
  if (!llvm::all_of(factors.constants,
                    [](double c) { return c > 0.0 && std::isfinite(c); }))
    return miss("the scale of the weights is not positive");
  return std::move(factors.constants);
}

bool bitnet::isScaledFurther(Value value) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (!isa<onnx::MulOp, onnx::DivOp>(user))
      return false;
    std::optional<std::vector<float>> factors =
        getFloats(getOther(user, value));
    return factors && user->getResult(0).getType() == value.getType() &&
           llvm::all_of(*factors, [](float factor) { return factor > 0.0f; });
  });
}
