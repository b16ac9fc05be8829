// Gives a model without caches some. See Passes.td.
#include "IndexedElements.h"
#include "Positionwise.h"
#include "bitnet/Transforms/Passes.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

namespace bitnet {
#define GEN_PASS_DEF_ADDCACHES
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "bitnet-add-caches"

static constexpr StringLiteral kName = "onnx.name";

//===----------------------------------------------------------------------===//
// Which models
//===----------------------------------------------------------------------===//

namespace {

/// What has to change in a model so that it can begin behind a past.
struct Changes {
  SmallVector<AttentionOp> attentions;
  /// Operands that are positions, counted from 0.
  SmallVector<OpOperand *> positions;
};

/// Looks at a model from its ids to its logits.
class Reader {
public:
  explicit Reader(BlockArgument ids) : ids(ids), positionwise(ids) {}

  /// Failure, with a remark, where caches could change the result.
  FailureOr<Changes> read();

private:
  enum class Source { Constants, Sizes, Ids };

  Source sourceOf(Operation *op) const;
  LogicalResult readOp(Operation *op);
  LogicalResult readSizes(Operation *op);
  LogicalResult readIds(Operation *op);
  bool becomesFloats(Operation *op) const;
  bool isCausal(Value mask) const;

  BlockArgument ids;
  Positionwise positionwise;
  IndexedElements elements;
  /// Values that depend on the sizes of the ids.
  DenseSet<Value> sizes;
  Changes changes;
};

} // namespace

/// Its operands that carry elements, not sizes.
static ValueRange dataOf(Operation *op) {
  if (isa<onnx::ExpandOp, onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
          onnx::SliceOp, onnx::SplitOp, tensor::ExpandShapeOp>(op))
    return op->getOperands().take_front();
  if (isa<AttentionOp>(op))
    return op->getOperands().take_front(3);
  return op->getOperands();
}

Reader::Source Reader::sourceOf(Operation *op) const {
  if (isa<onnx::ShapeOp, onnx::SizeOp, tensor::DimOp>(op))
    return Source::Sizes;
  Source source = Source::Constants;
  for (Value operand : op->getOperands()) {
    if (positionwise.lookup(operand))
      return Source::Ids;
    if (sizes.contains(operand))
      source = Source::Sizes;
  }
  return source;
}

/// True where positions leave the integers: to angles, or to rows of a table.
bool Reader::becomesFloats(Operation *op) const {
  Type element = getElementTypeOrSelf(op->getResult(0));
  auto gather = dyn_cast<onnx::GatherOp>(op);
  return isa<FloatType>(element) &&
         (isa<onnx::CastOp>(op) || (gather && gather.getAxis() == 0 &&
                                    !sizes.contains(gather.getData())));
}

/// Integers that are made of sizes: positions and masks.
LogicalResult Reader::readSizes(Operation *op) {
  elements.addOp(op);
  if (!becomesFloats(op)) {
    // Constants that are repeated are no less constant.
    if (isa<onnx::ExpandOp>(op) && !sizes.contains(op->getOperand(0)) &&
        isa<FloatType>(getElementTypeOrSelf(op->getResult(0))))
      return success(positionwise.addOp(op));
    sizes.insert(op->result_begin(), op->result_end());
    return success();
  }
  OpOperand &operand = op->getOpOperand(isa<onnx::CastOp>(op) ? 0 : 1);
  std::optional<IndexedElement> element = elements.lookup(operand.get());
  if (!element || element->isComparison)
    return op->emitRemark("no caches: this may depend on the number of ids");
  // Index i is position past + i.
  for (auto [dim, coefficient] : llvm::enumerate(element->expr.coefficients))
    if (coefficient != 0) {
      if (coefficient != 1 ||
          onnx::getDimName(operand.get(), dim) != onnx::getDimName(ids, 1))
        return op->emitRemark("no caches: these are no positions");
      changes.positions.push_back(&operand);
    }
  if (!positionwise.addByNames(op->getResult(0)))
    return op->emitRemark("no caches: sizes of positions are unknown");
  return success();
}

/// The number in each element of a float constant.
static std::optional<double> readNumber(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
    return std::nullopt;
  return constant.getSplatValue<FloatAttr>().getValueAsDouble();
}

/// True for a truth value, or a number that is added, that hides what is later.
bool Reader::isCausal(Value mask) const {
  auto choice = mask.getDefiningOp<onnx::WhereOp>();
  if (!choice)
    return elements.isCausal(mask);
  // A finite number that no score makes up for hides as much as infinity.
  std::optional<double> seen = readNumber(choice.getX()),
                        hidden = readNumber(choice.getY());
  return seen == 0.0 && hidden && *hidden < -1e38 &&
         elements.isCausal(choice.getCondition());
}

/// What depends on the ids, or on their positions.
LogicalResult Reader::readIds(Operation *op) {
  for (Value operand : dataOf(op))
    if (sizes.contains(operand))
      return op->emitRemark("no caches: this may depend on the number of ids");
  if (!positionwise.addOp(op))
    return op->emitRemark("no caches: this may mix positions");
  auto attention = dyn_cast<AttentionOp>(op);
  if (!attention)
    return success();
  if (!attention.getMask() || !isCausal(attention.getMask()))
    return op->emitRemark("no caches: this may attend to later positions");
  changes.attentions.push_back(attention);
  return success();
}

LogicalResult Reader::readOp(Operation *op) {
  switch (sourceOf(op)) {
  case Source::Constants:
    elements.addOp(op);
    return success();
  case Source::Sizes:
    return readSizes(op);
  case Source::Ids:
    return readIds(op);
  }
  llvm_unreachable("unknown source");
}

FailureOr<Changes> Reader::read() {
  Block &body = *ids.getOwner();
  for (Operation &op : body.without_terminator())
    if (failed(readOp(&op)))
      return failure();
  Value logits = body.getTerminator()->getOperand(0);
  std::optional<DimKinds> kinds = positionwise.lookup(logits);
  if (!kinds || !llvm::is_contained(*kinds, DimKind::Positions) ||
      changes.attentions.empty())
    return failure();
  return changes;
}

/// The only input of a model that gives one result, if it can be ids.
static BlockArgument findIds(func::FuncOp function) {
  if (!function || !function.getBody().hasOneBlock() ||
      function.getNumArguments() != 1 || function.getNumResults() != 1)
    return {};
  BlockArgument ids = function.getArgument(0);
  auto type = dyn_cast<RankedTensorType>(ids.getType());
  if (!type || type.getRank() != 2 || !type.getElementType().isInteger() ||
      !type.isDynamicDim(1) || onnx::getDimName(ids, 1).empty())
    return {};
  return ids;
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

namespace {

/// Changes a model.
class Writer {
public:
  Writer(func::FuncOp function, Changes &changes)
      : function(function), changes(changes),
        b(function.getLoc(), &function.getBody().front(),
          function.getBody().front().begin()) {}

  void write();

private:
  BlockArgument addPast(Value update, const Twine &name);
  bitnet::KvAppendOp append(Value update, unsigned layer, StringRef what);
  void nameLength();
  void countPositions();
  Value createMask();

  template <typename OpTy>
  Value create(RankedTensorType type, ArrayRef<StringRef> names,
               ValueRange operands) {
    auto op = OpTy::create(b, type, operands, ArrayRef<NamedAttribute>());
    op->setAttr(onnx::kDimsAttr, b.getArrayAttr(b.getStrArrayAttr(names)));
    return op->getResult(0);
  }
  Value integers(ArrayRef<int64_t> numbers, ArrayRef<int64_t> shape);
  Value sizeOf(Value value, int64_t dim);

  func::FuncOp function;
  Changes &changes;
  ImplicitLocOpBuilder b;
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> resultAttrs;
  std::string positions, past, total;
  Value pastLength, mask;
};

} // namespace

/// A name for the length of the past that is no other size's.
void Writer::nameLength() {
  Value ids = function.getArgument(0);
  positions = onnx::getDimName(ids, 1).str();
  past = "past";
  while (past == positions || past == onnx::getDimName(ids, 0))
    past += "_";
  total =
      past < positions ? past + " + " + positions : positions + " + " + past;
}

Value Writer::integers(ArrayRef<int64_t> numbers, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, b.getI64Type());
  return onnx::ConstantOp::create(b, type,
                                  DenseIntElementsAttr::get(type, numbers));
}

/// A size as an integer of rank 0.
Value Writer::sizeOf(Value value, int64_t dim) {
  auto vector = RankedTensorType::get({1}, b.getI64Type());
  Value size = onnx::ShapeOp::create(b, vector, value, b.getI64IntegerAttr(dim),
                                     b.getI64IntegerAttr(dim + 1));
  return onnx::SqueezeOp::create(b, RankedTensorType::get({}, b.getI64Type()),
                                 size, integers({0}, {1}));
}

/// A new input, of the shape of what is appended to it but for its length.
BlockArgument Writer::addPast(Value update, const Twine &name) {
  auto type = cast<RankedTensorType>(update.getType());
  SmallVector<StringRef> names;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    names.push_back(onnx::getDimName(update, dim));
  names[2] = past;
  unsigned index = function.getNumArguments();
  auto attrs = b.getDictionaryAttr(
      {b.getNamedAttr(onnx::kDimsAttr, b.getStrArrayAttr(names)),
       b.getNamedAttr(kName, b.getStringAttr("past_key_values." + name))});
  if (failed(function.insertArgument(index, type, attrs, update.getLoc())))
    llvm_unreachable("a function with a body takes arguments");
  names[2] = total;
  resultAttrs.push_back(b.getDictionaryAttr(
      {b.getNamedAttr(onnx::kDimsAttr, b.getStrArrayAttr(names)),
       b.getNamedAttr(kName, b.getStringAttr("present." + name))}));
  return function.getArgument(index);
}

bitnet::KvAppendOp Writer::append(Value update, unsigned layer,
                                  StringRef what) {
  BlockArgument before = addPast(update, Twine(layer) + "." + what);
  auto next = bitnet::KvAppendOp::create(b, update.getType(), before, update);
  next->setAttr(onnx::kDimsAttr,
                b.getArrayAttr(resultAttrs.back().get(onnx::kDimsAttr)));
  results.push_back(next);
  return next;
}

/// Position i of the ids is past + i.
void Writer::countPositions() {
  for (OpOperand *use : changes.positions) {
    b.setInsertionPoint(use->getOwner());
    b.setLoc(use->getOwner()->getLoc());
    auto type = cast<RankedTensorType>(use->get().getType());
    Value offset = pastLength;
    if (!type.getElementType().isInteger(64))
      offset = onnx::CastOp::create(
          b, RankedTensorType::get({}, type.getElementType()),
          ValueRange(offset),
          b.getNamedAttr("to", b.getI64IntegerAttr(/*INT32*/ 6)));
    SmallVector<StringRef> names;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      names.push_back(onnx::getDimName(use->get(), dim));
    use->set(create<onnx::AddOp>(type, names, {use->get(), offset}));
  }
}

/// Key j is seen from query i if j <= past + i.
Value Writer::createMask() {
  auto vector = RankedTensorType::get({ShapedType::kDynamic}, b.getI64Type());
  Value zero = integers({0}, {}), one = integers({1}, {});
  Value count = sizeOf(function.getArgument(0), 1);
  Value end = create<onnx::AddOp>(cast<RankedTensorType>(zero.getType()), {},
                                  {pastLength, count});
  Value queries = create<onnx::RangeOp>(vector, {StringRef(positions)},
                                        {pastLength, end, one});
  Value keys =
      create<onnx::RangeOp>(vector, {StringRef(total)}, {zero, end, one});
  int64_t open = ShapedType::kDynamic;
  queries = create<onnx::UnsqueezeOp>(
      vector.clone(ArrayRef<int64_t>{1, 1, open, 1}), {"", "", positions, ""},
      {queries, integers({0, 1, 3}, {3})});
  keys = create<onnx::UnsqueezeOp>(
      vector.clone(ArrayRef<int64_t>{1, 1, 1, open}), {"", "", "", total},
      {keys, integers({0, 1, 2}, {3})});
  auto type = RankedTensorType::get({1, 1, open, open}, b.getI1Type());
  return create<onnx::LessOrEqualOp>(type, {"", "", positions, total},
                                     {keys, queries});
}

void Writer::write() {
  nameLength();
  for (auto [layer, attention] : llvm::enumerate(changes.attentions)) {
    b.setInsertionPoint(attention);
    b.setLoc(attention.getLoc());
    attention.getKeyMutable().assign(append(attention.getKey(), layer, "key"));
    attention.getValueMutable().assign(
        append(attention.getValue(), layer, "value"));
  }
  b.setInsertionPointToStart(&function.getBody().front());
  b.setLoc(function.getLoc());
  pastLength = sizeOf(function.getArgument(1), 2);
  Value mask = createMask();
  for (AttentionOp attention : changes.attentions)
    attention.getMaskMutable().assign(mask);
  countPositions();

  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [result, attrs] : llvm::zip_equal(results, resultAttrs))
    if (failed(function.insertResult(function.getNumResults(), result.getType(),
                                     attrs)))
      llvm_unreachable("a function with a body gives results");
  terminator->insertOperands(terminator->getNumOperands(), results);
}

namespace {

struct AddCaches : bitnet::impl::AddCachesBase<AddCaches> {
  void runOnOperation() override {
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    BlockArgument ids = findIds(function);
    if (!ids)
      return;
    FailureOr<Changes> changes = Reader(ids).read();
    if (failed(changes))
      return;
    numAdded += 2 * changes->attentions.size();
    Writer(function, *changes).write();
  }
};

} // namespace
