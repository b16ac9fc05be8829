// Shape functions, folds and verifiers of the operators that move tensors.
#include "dialects/ONNX/ONNXKnownInts.h"
#include "dialects/ONNX/ONNXShapes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bitnet::onnx;

static constexpr int64_t kDynamic = ShapedType::kDynamic;

static SmallVector<int64_t> unknownShape(int64_t rank) {
  return SmallVector<int64_t>(rank, kDynamic);
}

/// a * b where neither may be dynamic; dynamic if it overflows.
static int64_t multiply(int64_t a, int64_t b) {
  int64_t product;
  if (ShapedType::isDynamic(a) || ShapedType::isDynamic(b) ||
      llvm::MulOverflow(a, b, product))
    return kDynamic;
  return product;
}

static int64_t productOf(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product = multiply(product, size);
  return product;
}

//===----------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------===//

LogicalResult bitnet::onnx::inferConstant(ConstantOp op, InferredTypes &types) {
  auto type = dyn_cast<RankedTensorType>(op.getValue().getShapedType());
  if (!type)
    return op.emitOpError("wants a tensor value, found ")
           << op.getValue().getShapedType();
  types.push_back(type);
  return success();
}

/// The shape that an operand of sizes gives; null if its length is unknown.
static FailureOr<std::optional<SmallVector<int64_t>>> shapeFrom(Operation *op,
                                                                Value sizes) {
  std::optional<KnownInts> known = getKnownInts(sizes);
  if (!known)
    return std::optional<SmallVector<int64_t>>();
  SmallVector<int64_t> shape;
  for (std::optional<int64_t> size : *known) {
    if (size && *size < 0) {
      op->emitOpError("wants sizes of 0 and more, found ") << *size;
      return failure();
    }
    shape.push_back(size.value_or(kDynamic));
  }
  return std::optional<SmallVector<int64_t>>(shape);
}

LogicalResult bitnet::onnx::inferConstantOfShape(ConstantOfShapeOp op,
                                                 InferredTypes &types) {
  Type element = Float32Type::get(op.getContext());
  if (std::optional<ElementsAttr> value = op.getValue()) {
    if (value->getNumElements() != 1)
      return op.emitOpError("wants a value of one element, found ")
             << value->getNumElements();
    element = value->getElementType();
  }
  auto shape = shapeFrom(op, op.getInput());
  if (failed(shape))
    return failure();
  types.push_back(*shape ? RankedTensorType::get(**shape, element)
                         : RankedTensorType());
  return success();
}

LogicalResult bitnet::onnx::inferRange(RangeOp op, InferredTypes &types) {
  RankedTensorType type = op.getStart().getType();
  for (Value operand : op->getOperands()) {
    auto found = cast<RankedTensorType>(operand.getType());
    if (found.getElementType() != type.getElementType() ||
        !found.hasStaticShape() || found.getNumElements() != 1)
      return op.emitOpError("wants scalars of one type, found ") << found;
  }
  auto start = getConstantInts(op.getStart()),
       limit = getConstantInts(op.getLimit()),
       delta = getConstantInts(op.getDelta());
  int64_t count = kDynamic, distance;
  if (delta && delta->front() == 0)
    return op.emitOpError("wants a delta that is not zero");
  if (start && limit && delta &&
      !llvm::SubOverflow(limit->front(), start->front(), distance) &&
      delta->front() != INT64_MIN && distance != INT64_MIN)
    count =
        std::max<int64_t>(0, llvm::divideCeilSigned(distance, delta->front()));
  types.push_back(RankedTensorType::get({count}, type.getElementType()));
  return success();
}

LogicalResult bitnet::onnx::inferShapeOp(ShapeOp op, InferredTypes &types) {
  int64_t rank = op.getData().getType().getRank();
  auto clamp = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
  };
  int64_t count = clamp(op.getEnd().value_or(rank)) - clamp(op.getStart());
  types.push_back(RankedTensorType::get({std::max<int64_t>(count, 0)},
                                        IntegerType::get(op.getContext(), 64)));
  return success();
}

LogicalResult bitnet::onnx::inferSize(SizeOp op, InferredTypes &types) {
  types.push_back(
      RankedTensorType::get({}, IntegerType::get(op.getContext(), 64)));
  return success();
}

//===----------------------------------------------------------------------===//
// The same elements in another shape or type
//===----------------------------------------------------------------------===//

LogicalResult bitnet::onnx::inferCast(CastOp op, InferredTypes &types) {
  Type element = getElementTypeOf(op.getContext(), op.getTo());
  if (!element)
    return op.emitOpError("unsupported element type number ") << op.getTo();
  types.push_back(op.getInput().getType().clone(element));
  return success();
}

LogicalResult bitnet::onnx::inferCastLike(CastLikeOp op, InferredTypes &types) {
  types.push_back(
      op.getInput().getType().clone(op.getTarget().getType().getElementType()));
  return success();
}

LogicalResult bitnet::onnx::inferReshape(ReshapeOp op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  std::optional<KnownInts> known = getKnownInts(op.getShape());
  if (!known) {
    types.push_back({});
    return success();
  }
  SmallVector<int64_t> shape;
  int64_t inferred = -1;
  for (auto [dim, size] : llvm::enumerate(*known)) {
    shape.push_back(size.value_or(kDynamic));
    if (size == 0 && op.getAllowzero() == 0) {
      if (static_cast<int64_t>(dim) >= type.getRank())
        return op.emitOpError("keeps dimension ")
               << dim << " of an operand of rank " << type.getRank();
      shape.back() = type.getDimSize(dim);
    }
    if (size && *size < -1)
      return op.emitOpError("wants sizes of -1 and more, found ") << *size;
    if (size != -1)
      continue;
    if (inferred >= 0)
      return op.emitOpError("wants one size of -1, found two");
    inferred = dim;
    shape.back() = 1;
  }
  int64_t total = productOf(type.getShape()), rest = productOf(shape);
  bool isKnown = !ShapedType::isDynamic(total) && !ShapedType::isDynamic(rest);
  if (isKnown && (inferred < 0 ? total != rest
                               : (rest == 0 ? total != 0 : total % rest != 0)))
    return op.emitOpError("cannot reshape ")
           << total << " elements to a multiple of " << rest;
  if (inferred >= 0)
    shape[inferred] = !isKnown ? kDynamic : rest == 0 ? 0 : total / rest;
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult bitnet::onnx::inferFlatten(FlattenOp op, InferredTypes &types) {
  RankedTensorType type = op.getInput().getType();
  int64_t axis = op.getAxis();
  // The axis may be one past the end: all dimensions become rows.
  if (axis != type.getRank()) {
    FailureOr<int64_t> normal = normalizeAxis(op, axis, type.getRank());
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  types.push_back(type.clone({productOf(type.getShape().take_front(axis)),
                              productOf(type.getShape().drop_front(axis))}));
  return success();
}

LogicalResult bitnet::onnx::inferSqueeze(SqueezeOp op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  std::optional<SmallVector<int64_t>> axes;
  if (op.getAxes()) {
    axes = getConstantInts(op.getAxes());
  } else if (type.hasStaticShape()) {
    axes.emplace();
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.getDimSize(dim) == 1)
        axes->push_back(dim);
  }
  if (!axes) {
    types.push_back({});
    return success();
  }
  FailureOr<SmallVector<int64_t>> normal =
      normalizeAxes(op, *axes, type.getRank());
  if (failed(normal))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (!llvm::is_contained(*normal, static_cast<int64_t>(dim)))
      shape.push_back(size);
    else if (size != 1 && !ShapedType::isDynamic(size))
      return op.emitOpError("cannot drop dimension ")
             << dim << " of size " << size;
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult bitnet::onnx::inferUnsqueeze(UnsqueezeOp op,
                                           InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  int64_t count = op.getAxes().getType().getDimSize(0);
  if (ShapedType::isDynamic(count)) {
    types.push_back({});
    return success();
  }
  int64_t rank = type.getRank() + count;
  std::optional<SmallVector<int64_t>> axes = getConstantInts(op.getAxes());
  if (!axes) {
    types.push_back(type.clone(unknownShape(rank)));
    return success();
  }
  FailureOr<SmallVector<int64_t>> normal = normalizeAxes(op, *axes, rank);
  if (failed(normal))
    return failure();
  SmallVector<int64_t> shape;
  auto next = type.getShape().begin();
  for (int64_t dim = 0; dim < rank; ++dim)
    shape.push_back(llvm::is_contained(*normal, dim) ? 1 : *next++);
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult bitnet::onnx::inferExpand(ExpandOp op, InferredTypes &types) {
  RankedTensorType type = op.getInput().getType();
  auto sizes = shapeFrom(op, op.getShape());
  if (failed(sizes))
    return failure();
  if (!*sizes) {
    types.push_back({});
    return success();
  }
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(op, {type.getShape(), **sizes});
  if (failed(shape))
    return failure();
  types.push_back(type.clone(*shape));
  return success();
}

LogicalResult bitnet::onnx::inferTranspose(TransposeOp op,
                                           InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  SmallVector<int64_t> perm;
  if (op.getPerm())
    perm = llvm::to_vector(*op.getPerm());
  else
    perm =
        llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, type.getRank())));
  SmallVector<int64_t> sorted = perm;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, type.getRank())))
    return op.emitOpError("wants a permutation of ")
           << type.getRank() << " dimensions, found " << perm.size()
           << " numbers that are none";
  types.push_back(type.clone(llvm::map_to_vector(
      perm, [&](int64_t dim) { return type.getDimSize(dim); })));
  return success();
}

//===----------------------------------------------------------------------===//
// Parts and wholes
//===----------------------------------------------------------------------===//

LogicalResult bitnet::onnx::inferConcat(ConcatOp op, InferredTypes &types) {
  if (op.getInputs().empty())
    return op.emitOpError("has no operands");
  auto first = cast<RankedTensorType>(op.getInputs().front().getType());
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), first.getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : op.getInputs().drop_front()) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getRank() != first.getRank() ||
        type.getElementType() != first.getElementType())
      return op.emitOpError("cannot put ") << type << " after " << first;
    for (int64_t dim = 0; dim < first.getRank(); ++dim) {
      int64_t size = type.getDimSize(dim);
      if (dim == *axis) {
        shape[dim] =
            ShapedType::isDynamic(shape[dim]) || ShapedType::isDynamic(size)
                ? kDynamic
                : shape[dim] + size;
        continue;
      }
      if (failed(verifyCompatibleShape({shape[dim]}, {size})))
        return op.emitOpError("cannot put ") << type << " after " << first;
      if (ShapedType::isDynamic(shape[dim]))
        shape[dim] = size;
    }
  }
  types.push_back(first.clone(shape));
  return success();
}

/// Sizes of `count` equal parts, the last one perhaps smaller.
static SmallVector<int64_t> equalParts(int64_t total, int64_t count) {
  if (ShapedType::isDynamic(total) || count == 0)
    return unknownShape(count);
  int64_t part = llvm::divideCeil(total, count);
  SmallVector<int64_t> sizes;
  for (int64_t index = 0; index < count; ++index)
    sizes.push_back(std::clamp<int64_t>(total - index * part, 0, part));
  return sizes;
}

LogicalResult bitnet::onnx::inferSplit(SplitOp op, InferredTypes &types) {
  RankedTensorType type = op.getInput().getType();
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), type.getRank());
  if (failed(axis))
    return failure();
  int64_t total = type.getDimSize(*axis), count = op->getNumResults();
  SmallVector<int64_t> sizes = unknownShape(count);
  if (!op.getSplit()) {
    sizes = equalParts(total, count);
  } else if (auto known = getKnownInts(op.getSplit())) {
    if (static_cast<int64_t>(known->size()) != count)
      return op.emitOpError("has ")
             << count << " results, must have " << known->size();
    for (auto [index, size] : llvm::enumerate(*known))
      sizes[index] = size.value_or(kDynamic);
    bool isKnown = !llvm::is_contained(sizes, kDynamic);
    int64_t sum = isKnown
                      ? std::accumulate(sizes.begin(), sizes.end(), int64_t(0))
                      : kDynamic;
    if (isKnown && (llvm::any_of(sizes, [](int64_t x) { return x < 0; }) ||
                    failed(verifyCompatibleShape({sum}, {total}))))
      return op.emitOpError("cannot cut ")
             << total << " into parts of " << sum << " together";
  }
  for (int64_t size : sizes) {
    SmallVector<int64_t> shape(type.getShape());
    shape[*axis] = size;
    types.push_back(type.clone(shape));
  }
  return success();
}

/// The number of indices that start:end:step takes of `size`.
static int64_t sliceSize(int64_t size, int64_t start, int64_t end,
                         int64_t step) {
  int64_t last = step > 0 ? size : size - 1, first = step > 0 ? 0 : -1;
  auto clamp = [&](int64_t index, int64_t low) {
    return std::clamp(index < 0 ? index + size : index, low, last);
  };
  start = clamp(start, 0);
  end = clamp(end, first);
  if (size == 0 || (step > 0 ? start >= end : start <= end))
    return 0;
  return (std::abs(end - start) - 1) / std::abs(step) + 1;
}

LogicalResult bitnet::onnx::inferSlice(SliceOp op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  int64_t count = op.getStarts().getType().getDimSize(0);
  std::optional<SmallVector<int64_t>> axes;
  if (op.getAxes())
    axes = getConstantInts(op.getAxes());
  else if (!ShapedType::isDynamic(count))
    axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  if (!axes) {
    types.push_back(type.clone(unknownShape(type.getRank())));
    return success();
  }
  FailureOr<SmallVector<int64_t>> normal =
      normalizeAxes(op, *axes, type.getRank());
  if (failed(normal))
    return failure();
  KnownInts unknown(axes->size());
  KnownInts starts = getKnownInts(op.getStarts()).value_or(unknown);
  KnownInts ends = getKnownInts(op.getEnds()).value_or(unknown);
  KnownInts steps(axes->size(), 1);
  if (op.getSteps())
    steps = getKnownInts(op.getSteps()).value_or(unknown);
  if (starts.size() != axes->size() || ends.size() != axes->size() ||
      steps.size() != axes->size())
    return op.emitOpError("wants starts, ends and steps for ")
           << axes->size() << " axes, found " << starts.size() << ", "
           << ends.size() << " and " << steps.size();
  SmallVector<int64_t> shape(type.getShape());
  for (auto [index, axis] : llvm::enumerate(*normal)) {
    if (steps[index] == 0 || steps[index] == INT64_MIN)
      return op.emitOpError("wants steps that are not 0, found ")
             << *steps[index];
    bool isKnown = starts[index] && ends[index] && steps[index] &&
                   !ShapedType::isDynamic(shape[axis]);
    shape[axis] = isKnown ? sliceSize(shape[axis], *starts[index], *ends[index],
                                      *steps[index])
                          : kDynamic;
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult bitnet::onnx::inferTile(TileOp op, InferredTypes &types) {
  RankedTensorType type = op.getInput().getType();
  auto repeats = shapeFrom(op, op.getRepeats());
  if (failed(repeats))
    return failure();
  SmallVector<int64_t> shape = unknownShape(type.getRank());
  if (*repeats) {
    if (static_cast<int64_t>((*repeats)->size()) != type.getRank())
      return op.emitOpError("wants ")
             << type.getRank() << " repeats, found " << (*repeats)->size();
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      shape[dim] = multiply(size, (**repeats)[dim]);
  }
  types.push_back(type.clone(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

LogicalResult bitnet::onnx::inferGather(GatherOp op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(type.getShape().take_front(*axis));
  llvm::append_range(shape, op.getIndices().getType().getShape());
  llvm::append_range(shape, type.getShape().drop_front(*axis + 1));
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult bitnet::onnx::inferTopK(TopKOp op, InferredTypes &types) {
  RankedTensorType type = op.getX().getType();
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(type.getShape());
  int64_t size = std::exchange(shape[*axis], kDynamic);
  if (std::optional<SmallVector<int64_t>> k = getConstantInts(op.getK())) {
    if (k->size() != 1 || k->front() < 0 ||
        (size != kDynamic && k->front() > size))
      return op.emitOpError("cannot take ")
             << (k->empty() ? 0 : k->front()) << " of " << size << " elements";
    shape[*axis] = k->front();
  }
  types.push_back(type.clone(shape));
  types.push_back(
      RankedTensorType::get(shape, IntegerType::get(op.getContext(), 64)));
  return success();
}

LogicalResult bitnet::onnx::inferGatherElements(GatherElementsOp op,
                                                InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  RankedTensorType indices = op.getIndices().getType();
  if (indices.getRank() != type.getRank())
    return op.emitOpError("wants indices of rank ")
           << type.getRank() << ", found " << indices.getRank();
  if (failed(normalizeAxis(op, op.getAxis(), type.getRank())))
    return failure();
  types.push_back(type.clone(indices.getShape()));
  return success();
}

LogicalResult bitnet::onnx::inferGatherND(GatherNDOp op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  ArrayRef<int64_t> indices = op.getIndices().getType().getShape();
  if (indices.empty())
    return op.emitOpError("wants indices of rank 1 or more, found a scalar");
  int64_t batch = op.getBatchDims(), length = indices.back();
  if (batch < 0 || batch >= static_cast<int64_t>(indices.size()) ||
      batch >= type.getRank())
    return op.emitOpError("batch_dims ") << batch << " is out of range";
  if (ShapedType::isDynamic(length)) {
    types.push_back({});
    return success();
  }
  if (length < 1 || batch + length > type.getRank())
    return op.emitOpError("wants index tuples of 1 to ")
           << type.getRank() - batch << " numbers, found " << length;
  SmallVector<int64_t> shape(indices.drop_back());
  llvm::append_range(shape, type.getShape().drop_front(batch + length));
  types.push_back(type.clone(shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Folds
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult IdentityOp::fold(FoldAdaptor) {
  if (getInput().getType() != getOutput().getType())
    return {};
  return getInput();
}

/// A conversion to the type that the operand has.
OpFoldResult CastOp::fold(FoldAdaptor) {
  if (getInput().getType() != getOutput().getType())
    return {};
  return getInput();
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult TriluOp::verify() {
  if (getInput().getType().getRank() < 2)
    return emitOpError("wants a tensor of rank 2 or more, found ")
           << getInput().getType();
  return success();
}

LogicalResult ScatterNDOp::verify() {
  if (!llvm::is_contained({"none", "add", "mul", "max", "min"}, getReduction()))
    return emitOpError("unsupported reduction '") << getReduction() << "'";
  RankedTensorType indices = getIndices().getType();
  if (indices.getRank() == 0)
    return emitOpError("wants indices of rank 1 or more, found a scalar");
  int64_t length = indices.getShape().back(),
          rank = getData().getType().getRank();
  if (!ShapedType::isDynamic(length) && (length < 1 || length > rank))
    return emitOpError("wants index tuples of 1 to ")
           << rank << " numbers, found " << length;
  if (getUpdates().getType().getElementType() !=
      getData().getType().getElementType())
    return emitOpError("wants updates of type ")
           << getData().getType().getElementType() << ", found "
           << getUpdates().getType().getElementType();
  return success();
}

LogicalResult TensorScatterOp::verify() {
  RankedTensorType cache = getPastCache().getType();
  if (getMode() != "linear" && getMode() != "circular")
    return emitOpError("wants mode linear or circular, found '")
           << getMode() << "'";
  FailureOr<int64_t> axis = normalizeAxis(*this, getAxis(), cache.getRank());
  if (failed(axis))
    return failure();
  if (*axis == 0)
    return emitOpError("wants an axis after the batch, found 0");
  if (getUpdate().getType().getRank() != cache.getRank())
    return emitOpError("wants an update of rank ")
           << cache.getRank() << ", found " << getUpdate().getType().getRank();
  return success();
}
