// Rules for ops that compute each position by itself. See Positionwise.h.
//
// Only a dimension of static size may be mixed: positions and batches are as
// many as a caller likes.
#include "Positionwise.h"

#include "dialects/ONNX/ONNXDims.h"
#include "dialects/ONNX/ONNXKnownInts.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bitnet;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t fromFront(int64_t axis, int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

static bool isChannels(DimKind kind) { return kind == DimKind::Channels; }

Positionwise::Positionwise(Value ids)
    : batch(onnx::getDimName(ids, 0)), positions(onnx::getDimName(ids, 1)) {
  kinds[ids] = {typeOf(ids).isDynamicDim(0) ? DimKind::Batch
                                            : DimKind::Channels,
                DimKind::Positions};
}

std::optional<DimKinds> Positionwise::lookup(Value value) const {
  auto found = kinds.find(value);
  return found == kinds.end() ? Result() : Result(found->second);
}

std::optional<DimKind> Positionwise::kindByName(Value value,
                                                int64_t dim) const {
  if (!typeOf(value).isDynamicDim(dim))
    return DimKind::Channels;
  StringRef name = onnx::getDimName(value, dim);
  if (name == positions)
    return DimKind::Positions;
  if (!name.empty() && name == batch)
    return DimKind::Batch;
  return std::nullopt;
}

bool Positionwise::addByNames(Value value) {
  DimKinds result;
  for (int64_t dim = 0; dim < typeOf(value).getRank(); ++dim) {
    std::optional<DimKind> kind = kindByName(value, dim);
    if (!kind)
      return false;
    result.push_back(*kind);
  }
  kinds[value] = result;
  return llvm::count(result, DimKind::Positions) <= 1;
}

bool Positionwise::addOp(Operation *op) {
  if (op->getNumResults() == 0)
    return false;
  Result result = infer(op);
  if (!result || llvm::count(*result, DimKind::Positions) +
                         llvm::count(*result, DimKind::Rows) >
                     1)
    return false;
  for (Value value : op->getResults())
    kinds[value] = *result;
  return true;
}

//===----------------------------------------------------------------------===//
// Elements that stay apart
//===----------------------------------------------------------------------===//

/// Elementwise, with dimensions lined up at the end. Constants have channels.
Positionwise::Result Positionwise::broadcast(Operation *op) const {
  int64_t rank = typeOf(op->getResult(0)).getRank();
  DimKinds result(rank, DimKind::Channels);
  for (Value operand : op->getOperands()) {
    RankedTensorType type = typeOf(operand);
    DimKinds ofOperand =
        lookup(operand).value_or(DimKinds(type.getRank(), DimKind::Channels));
    for (auto [dim, kind] : llvm::enumerate(ofOperand)) {
      if (isChannels(kind))
        continue;
      DimKind &known = result[rank - type.getRank() + dim];
      if (!isChannels(known) && known != kind)
        return std::nullopt;
      known = kind;
    }
  }
  // Many channels beside positions would take them for channels.
  for (Value operand : op->getOperands()) {
    RankedTensorType type = typeOf(operand);
    Result ofOperand = lookup(operand);
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (!isChannels(result[rank - type.getRank() + dim]) &&
          (!ofOperand || isChannels((*ofOperand)[dim])) &&
          type.getDimSize(dim) != 1)
        return std::nullopt;
  }
  return result;
}

/// The same elements in the same order, where channels are split or joined.
Positionwise::Result Positionwise::reshape(Value from, Value to) const {
  // Between what is no channel, as many channels before and after.
  auto split = [](RankedTensorType type) {
    SmallVector<int64_t> counts = {1};
    for (int64_t size : type.getShape())
      if (ShapedType::isDynamic(size))
        counts.push_back(1);
      else
        counts.back() *= size;
    return counts;
  };
  RankedTensorType source = typeOf(from), target = typeOf(to);
  SmallVector<int64_t> before = split(source), after = split(target);
  SmallVector<DimKind> open;
  DimKinds all = *lookup(from);
  for (DimKind kind : all)
    if (!isChannels(kind))
      open.push_back(kind);
  if (open.size() + 1 != before.size())
    return std::nullopt;
  using Kinds = ArrayRef<DimKind>;
  bool isJoined = Kinds(open) == Kinds{DimKind::Batch, DimKind::Positions};
  if (isJoined && after.size() == 2 && before[1] == 1) {
    open = {DimKind::Rows};
    before.erase(before.begin() + 1);
  } else if (Kinds(open) == Kinds{DimKind::Rows} && after.size() == 3 &&
             after[1] == 1) {
    open = {DimKind::Batch, DimKind::Positions};
    before.insert(before.begin() + 1, 1);
  }
  if (before != after)
    return std::nullopt;
  DimKinds result;
  auto next = open.begin();
  for (int64_t dim = 0; dim < target.getRank(); ++dim) {
    bool isOpen = target.isDynamicDim(dim);
    result.push_back(isOpen ? *next++ : DimKind::Channels);
    StringRef name = isOpen ? onnx::getDimName(to, dim) : "";
    if (!name.empty() &&
        ((result[dim] == DimKind::Positions && name != positions) ||
         (result[dim] == DimKind::Batch && name != batch)))
      return std::nullopt;
  }
  return result;
}

/// Repeats along dimensions of one element.
Positionwise::Result Positionwise::expand(onnx::ExpandOp op) const {
  Value from = op.getInput(), to = op.getOutput();
  int64_t rank = typeOf(to).getRank(), added = rank - typeOf(from).getRank();
  DimKinds source = lookup(from).value_or(
      DimKinds(typeOf(from).getRank(), DimKind::Channels));
  DimKinds result;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim >= added && !isChannels(source[dim - added])) {
      result.push_back(source[dim - added]);
      continue;
    }
    std::optional<DimKind> kind = kindByName(to, dim);
    bool isSingle = dim < added || typeOf(from).getDimSize(dim - added) == 1;
    if (!kind || (!isChannels(*kind) && !isSingle))
      return std::nullopt;
    result.push_back(*kind);
  }
  return result;
}

/// Slices of a table, one for each id or position.
Positionwise::Result Positionwise::gather(onnx::GatherOp op) const {
  Result indices = lookup(op.getIndices());
  if (!indices || lookup(op.getData()) || op.getAxis() != 0)
    return std::nullopt;
  indices->append(typeOf(op.getData()).getRank() - 1, DimKind::Channels);
  return indices;
}

//===----------------------------------------------------------------------===//
// Channels that are mixed
//===----------------------------------------------------------------------===//

/// The kinds of x if `axes` are all channels.
Positionwise::Result Positionwise::alongChannels(Value x,
                                                 ArrayRef<int64_t> axes) const {
  Result result = lookup(x);
  int64_t rank = typeOf(x).getRank();
  if (!result || llvm::any_of(axes, [&](int64_t axis) {
        return !isChannels((*result)[fromFront(axis, rank)]);
      }))
    return std::nullopt;
  return result;
}

Positionwise::Result Positionwise::reduce(Operation *op, Value axes,
                                          bool keepsDims) const {
  auto known = axes ? onnx::getConstantInts(axes) : std::nullopt;
  Result result =
      known ? alongChannels(op->getOperand(0), *known) : std::nullopt;
  if (!result || keepsDims || known->empty())
    return result;
  int64_t rank = result->size();
  llvm::BitVector dropped(rank);
  for (int64_t axis : *known)
    dropped.set(fromFront(axis, rank));
  DimKinds kept;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!dropped.test(dim))
      kept.push_back((*result)[dim]);
  return kept;
}

/// The last dimension by a constant matrix.
Positionwise::Result Positionwise::multiply(Value x, Value weights) const {
  if (lookup(weights) || typeOf(weights).getRank() != 2)
    return std::nullopt;
  return alongChannels(x, {-1});
}

Positionwise::Result Positionwise::concat(onnx::ConcatOp op) const {
  Result all;
  for (Value input : op.getInputs()) {
    Result one = alongChannels(input, {static_cast<int64_t>(op.getAxis())});
    if (!one || (all && *all != *one))
      return std::nullopt;
    all = one;
  }
  return all;
}

Positionwise::Result Positionwise::slice(onnx::SliceOp op) const {
  auto axes = op.getAxes() ? onnx::getConstantInts(op.getAxes()) : std::nullopt;
  return axes ? alongChannels(op.getData(), *axes) : std::nullopt;
}

/// Row ops: whatever else they read belongs to the channels.
Positionwise::Result Positionwise::rows(Operation *op) const {
  auto linear = dyn_cast<LinearOp>(op);
  if (linear && linear.getQuantizer().getGranularity() != Granularity::Token)
    return std::nullopt;
  for (Value operand : op->getOperands().drop_front())
    if (lookup(operand))
      return std::nullopt;
  return alongChannels(op->getOperand(0), {1});
}

/// [batch, heads, positions, channels], where there may be one sequence only.
static bool isHeads(const std::optional<DimKinds> &kinds) {
  return kinds && isChannels((*kinds)[1]) && isChannels((*kinds)[3]) &&
         (*kinds)[2] == DimKind::Positions;
}

Positionwise::Result Positionwise::rope(RopeOp op) const {
  Result x = lookup(op.getInput()), cos = lookup(op.getCos()),
         sin = lookup(op.getSin());
  if (!isHeads(x) || !cos || cos != sin || !isChannels((*cos)[2]) ||
      (*cos)[1] != DimKind::Positions)
    return std::nullopt;
  return x;
}

Positionwise::Result Positionwise::attend(AttentionOp op) const {
  Result query = lookup(op.getQuery());
  if (!isHeads(query) || query != lookup(op.getKey()) ||
      query != lookup(op.getValue()))
    return std::nullopt;
  return query;
}

//===----------------------------------------------------------------------===//
// All ops
//===----------------------------------------------------------------------===//

Positionwise::Result Positionwise::infer(Operation *op) const {
  if (op->hasTrait<onnx::Elementwise>())
    return broadcast(op);
  return TypeSwitch<Operation *, Result>(op)
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp, onnx::ReshapeOp,
            onnx::SqueezeOp, onnx::UnsqueezeOp>(
          [&](auto op) { return reshape(op->getOperand(0), op->getResult(0)); })
      .Case<tensor::CastOp, onnx::IdentityOp>(
          [&](auto op) { return lookup(op->getOperand(0)); })
      .Case([&](onnx::TransposeOp op) -> Result {
        DimKinds source = *lookup(op.getData()), result;
        for (int64_t dim : op.getPerm().value_or(ArrayRef<int64_t>()))
          result.push_back(source[dim]);
        return result.empty() ? Result() : Result(result);
      })
      .Case([&](onnx::ExpandOp op) { return expand(op); })
      .Case([&](onnx::GatherOp op) { return gather(op); })
      .Case([&](onnx::ConcatOp op) { return concat(op); })
      .Case([&](onnx::SliceOp op) { return slice(op); })
      .Case([&](onnx::SplitOp op) {
        return alongChannels(op.getInput(),
                             {static_cast<int64_t>(op.getAxis())});
      })
      .Case<onnx::SoftmaxOp, onnx::LogSoftmaxOp>([&](auto op) {
        return alongChannels(op->getOperand(0),
                             {static_cast<int64_t>(op.getAxis())});
      })
      .Case<onnx::ReduceMaxOp, onnx::ReduceMinOp, onnx::ReduceSumOp,
            onnx::ReduceMeanOp>([&](auto op) {
        return reduce(op, op.getAxes(), op.getKeepdims() != 0);
      })
      .Case([&](onnx::MatMulOp op) { return multiply(op.getA(), op.getB()); })
      .Case<LinearOp, RmsNormOp, LayerNormOp, HadamardOp>(
          [&](auto op) { return rows(op); })
      .Case([&](RopeOp op) { return rope(op); })
      .Case([&](AttentionOp op) { return attend(op); })
      .Default([](Operation *) { return std::nullopt; });
}
