// See SameSize.h.
#include "SameSize.h"

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;

/// Longer chains of ops are not followed: they could exhaust the stack.
static constexpr int kMaxDepth = 500;

namespace {

/// A size that is not made of others: it has a name, or is that of a dimension,
/// or is an index (dim is -1 then).
struct Factor {
  StringRef name;
  void *value;
  int64_t dim;

  bool operator==(const Factor &other) const {
    return name == other.name && value == other.value && dim == other.dim;
  }
  bool operator<(const Factor &other) const {
    return std::tie(name, value, dim) <
           std::tie(other.name, other.value, other.dim);
  }
};

/// A number times some factors, which are in order.
struct Size {
  int64_t number = 1;
  SmallVector<Factor, 2> factors;

  bool operator==(const Size &other) const {
    return number == other.number && factors == other.factors;
  }
};

/// Follows sizes to where they come from; sees each dimension once.
class Tracer {
public:
  Size trace(Value value, int64_t dim);

private:
  Size follow(Value value, int64_t dim);
  Size followExpansion(tensor::ExpandShapeOp op, int64_t dim);
  Size followCollapse(tensor::CollapseShapeOp op, int64_t dim);
  Size followBroadcast(Operation *op, int64_t dim);
  Size followGather(onnx::GatherOp op, int64_t dim);

  DenseMap<std::pair<Value, int64_t>, Size> known;
  int depth = 0;
};

} // namespace

static Size factorOf(Value value, int64_t dim) {
  return {1, {Factor{"", value.getAsOpaquePointer(), dim}}};
}

/// The size of a dimension that a value of type index is made of.
Size Tracer::followExpansion(tensor::ExpandShapeOp op, int64_t dim) {
  OpFoldResult size = op.getMixedOutputShape()[dim];
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return {*constant, {}};
  auto value = cast<Value>(size);
  auto dimOp = value.getDefiningOp<tensor::DimOp>();
  std::optional<int64_t> index =
      dimOp ? dimOp.getConstantIndex() : std::nullopt;
  if (!index || !isa<RankedTensorType>(dimOp.getSource().getType()))
    return factorOf(value, -1);
  return trace(dimOp.getSource(), *index);
}

Size Tracer::followCollapse(tensor::CollapseShapeOp op, int64_t dim) {
  Size product;
  ReassociationIndices group = op.getReassociationIndices()[dim];
  for (int64_t index : group) {
    Size size = trace(op.getSrc(), index);
    if (llvm::MulOverflow(product.number, size.number, product.number))
      return factorOf(op.getResult(), dim);
    product.factors.append(size.factors);
  }
  llvm::sort(product.factors);
  return product;
}

/// The size that all operands have that are not 1 there.
Size Tracer::followBroadcast(Operation *op, int64_t dim) {
  std::optional<Size> common;
  int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  for (Value operand : op->getOperands()) {
    auto type = cast<RankedTensorType>(operand.getType());
    int64_t own = dim - (rank - type.getRank());
    if (own < 0 || type.getDimSize(own) == 1)
      continue;
    Size size = trace(operand, own);
    if (common && !(*common == size))
      return factorOf(op->getResult(0), dim);
    common = size;
  }
  return common ? *common : factorOf(op->getResult(0), dim);
}

/// Dimension `axis` of the data is replaced by those of the indices.
Size Tracer::followGather(onnx::GatherOp op, int64_t dim) {
  int64_t rank = op.getData().getType().getRank();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  int64_t indexRank = op.getIndices().getType().getRank();
  if (dim < axis)
    return trace(op.getData(), dim);
  if (dim < axis + indexRank)
    return trace(op.getIndices(), dim - axis);
  return trace(op.getData(), dim - indexRank + 1);
}

Size Tracer::follow(Value value, int64_t dim) {
  Operation *op = value.getDefiningOp();
  if (auto gather = dyn_cast_if_present<onnx::GatherOp>(op))
    return followGather(gather, dim);
  if (auto transpose = dyn_cast_if_present<onnx::TransposeOp>(op))
    if (std::optional<ArrayRef<int64_t>> perm = transpose.getPerm())
      return trace(transpose.getData(), (*perm)[dim]);
  if (auto expand = dyn_cast_if_present<tensor::ExpandShapeOp>(op))
    return followExpansion(expand, dim);
  if (auto collapse = dyn_cast_if_present<tensor::CollapseShapeOp>(op))
    return followCollapse(collapse, dim);
  if (auto cast = dyn_cast_if_present<tensor::CastOp>(op))
    return trace(cast.getSource(), dim);
  // Dynamic sizes of these are those of their first operand.
  if (isa_and_present<AttentionOp, HadamardOp, LayerNormOp, LinearOp, RmsNormOp,
                      RopeOp>(op))
    return trace(op->getOperand(0), dim);
  if (op && op->hasTrait<onnx::Elementwise>())
    return followBroadcast(op, dim);
  return factorOf(value, dim);
}

Size Tracer::trace(Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(dim))
    return {type.getDimSize(dim), {}};
  StringRef name = onnx::getDimName(value, dim);
  if (!name.empty())
    return {1, {Factor{name, nullptr, 0}}};
  std::pair<Value, int64_t> key = {value, dim};
  auto found = known.find(key);
  if (found != known.end())
    return found->second;
  if (depth == kMaxDepth)
    return factorOf(value, dim);
  ++depth;
  Size size = follow(value, dim);
  --depth;
  return known[key] = size;
}

bool bitnet::isSameSize(Value a, int64_t dimOfA, Value b, int64_t dimOfB) {
  if (onnx::isSameDim(a, dimOfA, b, dimOfB))
    return true;
  Tracer tracer;
  return tracer.trace(a, dimOfA) == tracer.trace(b, dimOfB);
}
