// Shape functions of the operators of attention blocks.
#include "dialects/ONNX/ONNXShapes.h"

using namespace mlir;
using namespace bitnet::onnx;

static int64_t add(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b)
             ? ShapedType::kDynamic
             : a + b;
}

/// `type` as [batch, heads, sequence, size]; a 3-D one is split by `heads`.
static FailureOr<SmallVector<int64_t>>
splitHeads(AttentionOp op, RankedTensorType type,
           std::optional<int64_t> heads) {
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() == 4)
    return SmallVector<int64_t>(shape);
  if (shape.size() != 3) {
    op.emitOpError("wants operands of rank 3 or 4, found ") << type;
    return failure();
  }
  if (!heads || *heads <= 0) {
    op.emitOpError("wants q_num_heads and kv_num_heads for operands of rank 3");
    return failure();
  }
  int64_t size = shape[2];
  if (!ShapedType::isDynamic(size)) {
    if (size % *heads != 0) {
      op.emitOpError("cannot split ")
          << size << " channels into " << *heads << " heads";
      return failure();
    }
    size /= *heads;
  }
  return SmallVector<int64_t>{shape[0], *heads, shape[1], size};
}

static LogicalResult verifyHeads(AttentionOp op, ArrayRef<int64_t> q,
                                 ArrayRef<int64_t> k, ArrayRef<int64_t> v) {
  if (failed(verifyCompatibleShape({q[0], q[3]}, {k[0], k[3]})))
    return op.emitOpError("queries of ")
           << q[0] << " x " << q[3] << " do not fit keys of " << k[0] << " x "
           << k[3];
  if (failed(verifyCompatibleShape(k.take_front(3), v.take_front(3))))
    return op.emitOpError("keys and values must have one shape");
  if (!ShapedType::isDynamic(q[1]) && !ShapedType::isDynamic(k[1]) &&
      (k[1] == 0 || q[1] % k[1] != 0))
    return op.emitOpError("cannot share ")
           << k[1] << " heads of keys by " << q[1] << " heads of queries";
  return success();
}

LogicalResult bitnet::onnx::inferAttention(AttentionOp op,
                                           InferredTypes &types) {
  RankedTensorType type = op.getQ().getType();
  std::optional<int64_t> kvHeads = op.getKvNumHeads();
  FailureOr<SmallVector<int64_t>> q = splitHeads(op, type, op.getQNumHeads());
  if (failed(q))
    return failure();
  FailureOr<SmallVector<int64_t>> k =
      splitHeads(op, op.getK().getType(), kvHeads);
  FailureOr<SmallVector<int64_t>> v =
      splitHeads(op, op.getV().getType(), kvHeads);
  if (failed(k) || failed(v) || failed(verifyHeads(op, *q, *k, *v)))
    return failure();
  if (!op.getPastKey() != !op.getPastValue())
    return op.emitOpError("wants past_key and past_value, found one of them");
  if (op.getPastKey()) {
    RankedTensorType past = op.getPastKey().getType();
    if (past.getRank() != 4)
      return op.emitOpError("wants past_key of rank 4, found ") << past;
    (*k)[2] = (*v)[2] = add((*k)[2], past.getDimSize(2));
  }
  int64_t size = (*v)[3];
  if (type.getRank() == 4) {
    types.push_back(type.clone({(*q)[0], (*q)[1], (*q)[2], size}));
  } else {
    int64_t channels =
        ShapedType::isDynamic(size) ? size : size * *op.getQNumHeads();
    types.push_back(type.clone({(*q)[0], (*q)[2], channels}));
  }
  SmallVector<RankedTensorType> present = {
      op.getK().getType().clone(*k), op.getV().getType().clone(*v),
      type.clone({(*q)[0], (*q)[1], (*q)[2], (*k)[2]})};
  if (op.getPresent().size() > present.size())
    return op.emitOpError("has at most 4 results, found ")
           << op->getNumResults();
  types.append(present.begin(), present.begin() + op.getPresent().size());
  return success();
}

LogicalResult bitnet::onnx::inferRotaryEmbedding(RotaryEmbeddingOp op,
                                                 InferredTypes &types) {
  RankedTensorType type = op.getX().getType();
  if (type.getRank() != 3 && type.getRank() != 4)
    return op.emitOpError("wants an operand of rank 3 or 4, found ") << type;
  if (type.getRank() == 3 && op.getNumHeads() <= 0)
    return op.emitOpError("wants num_heads for an operand of rank 3");
  int64_t cacheRank = op.getPositionIds() ? 2 : 3;
  for (Value cache : {op.getCosCache(), op.getSinCache()})
    if (cast<RankedTensorType>(cache.getType()).getRank() != cacheRank)
      return op.emitOpError("wants caches of rank ")
             << cacheRank << ", found " << cache.getType();
  types.push_back(type);
  return success();
}
