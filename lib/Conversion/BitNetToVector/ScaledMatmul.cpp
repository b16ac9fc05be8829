// Products with rounded weights as register blocks in parallel panels. See
// Passes.td.
//
// A panel's codes lie in memory in the order in which they are read, one stream
// of whole cache lines for four rows of weights: four sums at once hide the
// latency of fma, which one sum in lane order cannot.
#include "Patterns.h"

#include "bitnet/Conversion/BitNetToVector/Lanes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/TileAttrs.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Rows of weights in a panel.
static constexpr int64_t kColumns = ScaledMatmulOp::kPanelRows;

//===----------------------------------------------------------------------===//
// Codes
//===----------------------------------------------------------------------===//

/// Sixteen codes of f32, or 32 from the halves of bytes: inputs i .. i + 15,
/// then the next sixteen.
static SmallVector<Value> widenCodes(ImplicitLocOpBuilder &b, Value bytes,
                                     int64_t bits) {
  auto integers = VectorType::get(kLanes, b.getI32Type());
  auto toFloat = [&](Value codes) -> Value {
    auto floats = VectorType::get(kLanes, b.getF32Type());
    return arith::SIToFPOp::create(b, floats, codes);
  };
  Value wide = arith::ExtSIOp::create(b, integers, bytes);
  if (bits == 8)
    return {toFloat(wide)};
  auto shiftOf = [&](int32_t distance) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(integers, distance));
  };
  Value low = arith::ShLIOp::create(b, wide, shiftOf(28));
  low = arith::ShRSIOp::create(b, low, shiftOf(28));
  Value high = arith::ShRSIOp::create(b, wide, shiftOf(4));
  return {toFloat(low), toFloat(high)};
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

namespace {

/// Emits the loop over panels of one product.
class PanelLoop {
public:
  PanelLoop(ImplicitLocOpBuilder &b, ScaledMatmulOp op)
      : b(b), op(op), groups(op.getGroups()),
        blocks(op.getCodes().getType().getDimSize(1)) {}

  Value emit();

private:
  /// Some rows of activations and a panel.
  struct Block {
    Value row, panel;
    int64_t rows;
  };
  SmallVector<Value> addBlock(const Block &at, Value block, ValueRange sums);
  SmallVector<Value> sumGroup(const Block &at, Value group);
  SmallVector<Value> scaleGroup(const Block &at, Value group, ValueRange lanes,
                                ValueRange sums);
  SmallVector<Value> sumRows(const Block &at);
  Value emitBlock(const Block &at, Value firstRow, Value part);
  Value emitRows(const Block &at, Value left, Value part);
  Value emitPanels(Value y, int64_t first, int64_t count, int64_t width);

  ImplicitLocOpBuilder &b;
  ScaledMatmulOp op;
  int64_t groups, blocks;
  /// Columns that the panels at hand have.
  int64_t width = kColumns;
};

} // namespace

/// Adds a block of codes, of each of four rows of weights, to the lanes of each
/// row of activations.
SmallVector<Value> PanelLoop::addBlock(const Block &at, Value block,
                                       ValueRange sums) {
  int64_t parts = op.getCodesPerByte();
  Value zero = indexOf(b, 0);
  SmallVector<SmallVector<Value>> codes;
  for (int64_t column = 0; column < kColumns; ++column) {
    Value bytes = readVector(
        b, op.getCodes(), {at.panel, block, indexOf(b, column), zero}, kLanes);
    codes.push_back(widenCodes(b, bytes, op.getBits()));
  }
  SmallVector<Value> next(sums);
  Value first = arith::MulIOp::create(b, block, indexOf(b, parts * kLanes));
  for (int64_t row = 0; row < at.rows; ++row)
    for (int64_t part = 0; part < parts; ++part) {
      Value input =
          b.createOrFold<arith::AddIOp>(first, indexOf(b, part * kLanes));
      Value index = b.createOrFold<arith::AddIOp>(at.row, indexOf(b, row));
      Value x = readVector(b, op.getInput(), {index, input}, kLanes);
      for (int64_t column = 0; column < kColumns; ++column) {
        Value &sum = next[row * kColumns + column];
        sum = math::FmaOp::create(b, x, codes[column][part], sum);
      }
    }
  return next;
}

/// The lanes of a group, for each row of activations and of weights.
SmallVector<Value> PanelLoop::sumGroup(const Block &at, Value group) {
  SmallVector<Value> zeros(at.rows * kColumns, splatOf(b, 0.0f));
  int64_t count = blocks / groups;
  Value first = arith::MulIOp::create(b, group, indexOf(b, count));
  if (count == 1)
    return addBlock(at, first, zeros);
  // Two blocks of codes are a cache line of eight bits: fewer jumps.
  int64_t step = count % 2 == 0 ? 2 : 1;
  return forEachIndex(
      b, indexOf(b, count), step, zeros, [&](Value block, ValueRange sums) {
        Value from = arith::AddIOp::create(b, first, block);
        SmallVector<Value> next(sums);
        for (int64_t i = 0; i < step; ++i)
          next = addBlock(
              at, b.createOrFold<arith::AddIOp>(from, indexOf(b, i)), next);
        return next;
      });
}

/// Adds a group's lanes, times its scales, to those of the rows.
SmallVector<Value> PanelLoop::scaleGroup(const Block &at, Value group,
                                         ValueRange lanes, ValueRange sums) {
  Value scales =
      widen(b, readVector(b, op.getScales(), {at.panel, group, indexOf(b, 0)},
                          kColumns));
  SmallVector<Value> next;
  for (auto [i, lane] : llvm::enumerate(lanes)) {
    Value scale = vector::ExtractOp::create(b, scales,
                                            static_cast<int64_t>(i) % kColumns);
    next.push_back(math::FmaOp::create(b, lane, broadcast(b, scale), sums[i]));
  }
  return next;
}

/// The lanes of whole rows.
SmallVector<Value> PanelLoop::sumRows(const Block &at) {
  SmallVector<Value> zeros(at.rows * kColumns, splatOf(b, 0.0f));
  auto addGroup = [&](Value group, ValueRange sums) {
    return scaleGroup(at, group, sumGroup(at, group), sums);
  };
  if (groups == 1)
    return addGroup(indexOf(b, 0), zeros);
  return forEachIndex(b, indexOf(b, groups), 1, zeros, addGroup);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Computes a block and writes it to `part`, from its row `firstRow` on.
Value PanelLoop::emitBlock(const Block &at, Value firstRow, Value part) {
  SmallVector<Value> lanes = sumRows(at);
  for (int64_t row = 0; row < at.rows; ++row) {
    Value sums =
        addLanesOfFour(b, ArrayRef(lanes).slice(row * kColumns, kColumns));
    if (width < kColumns)
      sums = vector::ShuffleOp::create(
          b, sums, sums, llvm::to_vector(llvm::seq<int64_t>(0, width)));
    Value to = b.createOrFold<arith::AddIOp>(firstRow, indexOf(b, row));
    part = writeVector(b, sums, part, {to, indexOf(b, 0)});
  }
  return part;
}

/// A whole block if `left` rows are enough for it, else row after row.
Value PanelLoop::emitRows(const Block &at, Value left, Value part) {
  Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, left,
                                        indexOf(b, at.rows));
  auto branch = scf::IfOp::create(b, part.getType(), isWhole,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, emitBlock(at, indexOf(b, 0), part));
  b.setInsertionPointToStart(branch.elseBlock());
  auto single = forEachIndex(
      b, left, 1, part, [&](Value row, ValueRange part) -> SmallVector<Value> {
        Block one{arith::AddIOp::create(b, at.row, row), at.panel, 1};
        return {emitBlock(one, row, part[0])};
      });
  scf::YieldOp::create(b, single);
  return branch.getResult(0);
}

/// A parallel loop over panels and blocks of rows: a panel meets all rows
/// before the next one comes.
Value PanelLoop::emitPanels(Value y, int64_t first, int64_t count,
                            int64_t columns) {
  width = columns;
  int64_t height = getDecision(op, kRowsTogetherAttr, 1);
  OpFoldResult size = tensor::getMixedSize(b, b.getLoc(), op.getInput(), 0);
  if (std::optional<int64_t> known = getConstantIntValue(size))
    height = std::clamp<int64_t>(*known, 1, height);
  Value total = getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
  Value rowBlocks =
      b.createOrFold<arith::CeilDivUIOp>(total, indexOf(b, height));

  Block at{{}, {}, height};
  Value left;
  auto partsOf = [&](ValueRange indices) -> SmallVector<ResultPart> {
    at.panel = b.createOrFold<arith::AddIOp>(indices[0], indexOf(b, first));
    at.row = arith::MulIOp::create(b, indices[1], indexOf(b, height));
    left = arith::SubIOp::create(b, total, at.row);
    left = arith::MinUIOp::create(b, left, indexOf(b, height));
    Value column = arith::MulIOp::create(b, at.panel, indexOf(b, kColumns));
    return {{{at.row, column},
             {left, b.getIndexAttr(columns)},
             RankedTensorType::get({ShapedType::kDynamic, columns},
                                   b.getF32Type())}};
  };
  ParallelLoop loop{
      {b.getIndexAttr(count), getAsOpFoldResult(rowBlocks)}, {y}, partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange, ValueRange parts) -> SmallVector<Value> {
        return {emitRows(at, left, parts[0])};
      })[0];
}

Value PanelLoop::emit() {
  int64_t columns = op.getType().getDimSize(1);
  OpFoldResult rows = tensor::getMixedSize(b, b.getLoc(), op.getInput(), 0);
  Value y = emptyTensor(b, {rows, b.getIndexAttr(columns)}, b.getF32Type());
  int64_t whole = columns / kColumns;
  if (whole)
    y = emitPanels(y, 0, whole, kColumns);
  if (int64_t rest = columns % kColumns)
    y = emitPanels(y, whole, 1, rest);
  return y;
}

namespace {

/// scaled_matmul(x, codes) -> for each panel and block of rows: sums of groups,
/// times their scales
struct SumPanels : OpRewritePattern<ScaledMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaledMatmulOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    replaceWithCasts(rewriter, op, PanelLoop(b, op).emit());
    return success();
  }
};

} // namespace

void bitnet::populateScaledMatmulToVector(RewritePatternSet &patterns) {
  patterns.add<SumPanels>(patterns.getContext());
}
