// Float matmuls as register blocks in parallel panels. See Passes.td.
#include "Contraction.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Conversion/BitNetToVector/Lanes.h"
#include "dialects/BitNet/TileAttrs.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_VECTORIZEMATMUL
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet::rows;
using bitnet::Contraction;

#define DEBUG_TYPE "bitnet-vectorize-matmul"

/// Columns of a panel where k lies together: one accumulator each.
static constexpr int64_t kColumns = 4;

/// Columns of a panel where n lies together: four accumulators.
static constexpr int64_t kLaneColumns = 4 * kLanes;

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

namespace {

/// Emits the panels of one contraction.
class PanelEmitter {
public:
  PanelEmitter(ImplicitLocOpBuilder &b, const Contraction &contraction,
               int64_t rows)
      : b(b), c(contraction), rows(rows) {}

  Value emit();

private:
  /// Some neighbouring columns, the same number in each panel.
  struct Panels {
    int64_t first, count, width;
  };
  Value emitPanels(Value y, const Panels &panels);

  /// `rows` rows of a panel: values of all loop dimensions but k at its first
  /// element, and the row of the part that this one is.
  struct RowBlock {
    SmallVector<Value> at;
    Value row;
    int64_t rows, width;
  };
  Value emitRows(RowBlock block, Value left, Value part);
  Value emitBlock(const RowBlock &block, Value part);
  SmallVector<Value> accumulate(const RowBlock &block, int64_t first,
                                int64_t width);
  SmallVector<Value> sumAlongTerms(const RowBlock &block);
  SmallVector<Value> sumAlongColumns(const RowBlock &block);

  Value zeroedOrEmpty(bool &isZero);
  OpFoldResult sizeOf(unsigned dim);
  SmallVector<Value> indicesOf(AffineMap map, const RowBlock &block,
                               ArrayRef<std::pair<unsigned, Value>> changes);
  Value advance(Value first, int64_t distance) {
    return b.createOrFold<arith::AddIOp>(first, indexOf(b, distance));
  }

  ImplicitLocOpBuilder &b;
  const Contraction &c;
  int64_t rows;
  /// Does the result start as zeros, so that nothing is to be added?
  bool startsAsZero = false;
};

} // namespace

/// The size of a loop dimension, from x or, if x lacks it, from w.
OpFoldResult PanelEmitter::sizeOf(unsigned dim) {
  AffineExpr expr = b.getAffineDimExpr(dim);
  if (std::optional<unsigned> position = c.xMap.getResultPosition(expr))
    return tensor::getMixedSize(b, b.getLoc(), c.x, *position);
  return tensor::getMixedSize(b, b.getLoc(), c.w,
                              *c.wMap.getResultPosition(expr));
}

/// Where `map` reads at the first element of a block, with some loop
/// dimensions changed.
SmallVector<Value>
PanelEmitter::indicesOf(AffineMap map, const RowBlock &block,
                        ArrayRef<std::pair<unsigned, Value>> changes) {
  SmallVector<Value> at = block.at;
  for (auto [dim, value] : changes)
    at[dim] = value;
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return at[cast<AffineDimExpr>(expr).getPosition()];
  });
}

/// A vector of f32, for which halves are widened.
static Value readWidened(ImplicitLocOpBuilder &b, Value tensor,
                         ValueRange indices, int64_t width) {
  Value vector = readVector(b, tensor, indices, width);
  if (getElementTypeOrSelf(vector).isF32())
    return vector;
  return arith::ExtFOp::create(b, VectorType::get(width, b.getF32Type()),
                               vector);
}

/// The accumulators of `width` columns from `first` on, for each row of a
/// block.
SmallVector<Value> PanelEmitter::accumulate(const RowBlock &block,
                                            int64_t first, int64_t width) {
  SmallVector<Value> zeros(block.rows * width, splatOf(b, 0.0f));
  auto read = [&](Value tensor, AffineMap map, unsigned dim, int64_t i,
                  const LaneBlock &terms) {
    Value index = advance(block.at[dim], i);
    auto indices = indicesOf(map, block, {{dim, index}, {c.k, terms.offset}});
    return padToLanes(b, readWidened(b, tensor, indices, terms.width), 0.0f);
  };
  return forEachBlock(
      b, c.terms, zeros, [&](const LaneBlock &terms, ValueRange sums) {
        SmallVector<Value> w, next;
        for (int64_t column = first; column < first + width; ++column)
          w.push_back(read(c.w, c.wMap, c.n, column, terms));
        for (int64_t row = 0; row < block.rows; ++row) {
          Value x = read(c.x, c.xMap, c.m, row, terms);
          for (Value column : w)
            next.push_back(
                math::FmaOp::create(b, x, column, sums[next.size()]));
        }
        return next;
      });
}

/// The sums of a block, a vector for each row: 16 lanes along k.
SmallVector<Value> PanelEmitter::sumAlongTerms(const RowBlock &block) {
  SmallVector<SmallVector<Value>> lanes(block.rows);
  // A single row waits for memory, not for fma, and many CPUs read memory
  // fastest in one stream, one column after the other: 30 against 21 GB/s for
  // four on Zen 4, but 10 against 13 on Zen 1.
  int64_t step = block.rows == 1 ? c.together : block.width;
  for (int64_t first = 0; first < block.width; first += step) {
    int64_t width = std::min(step, block.width - first);
    for (auto [i, sum] : llvm::enumerate(accumulate(block, first, width)))
      lanes[i / width].push_back(sum);
  }
  SmallVector<Value> sums;
  for (ArrayRef<Value> ofRow : lanes) {
    if (block.width == kColumns) {
      sums.push_back(addLanesOfFour(b, ofRow));
      continue;
    }
    auto scalars =
        llvm::map_to_vector(ofRow, [&](Value x) { return addLanes(b, x); });
    sums.push_back(vector::FromElementsOp::create(
        b, VectorType::get(block.width, b.getF32Type()), scalars));
  }
  return sums;
}

/// The sums of a block, a vector for each row and 16 columns: lanes along n.
SmallVector<Value> PanelEmitter::sumAlongColumns(const RowBlock &block) {
  SmallVector<LaneBlock> columns = blocksOf(b, block.width);
  SmallVector<Value> zeros;
  for (int64_t row = 0; row < block.rows; ++row)
    for (const LaneBlock &column : columns)
      zeros.push_back(splatOf(b, 0.0f, column.width));
  auto addTerm = [&](Value k, ValueRange sums) {
    SmallVector<Value> w, next;
    for (const LaneBlock &column : columns) {
      Value n = b.createOrFold<arith::AddIOp>(block.at[c.n], column.offset);
      w.push_back(readWidened(b, c.w,
                              indicesOf(c.wMap, block, {{c.n, n}, {c.k, k}}),
                              column.width));
    }
    for (int64_t row = 0; row < block.rows; ++row) {
      Value m = advance(block.at[c.m], row);
      Value x = tensor::ExtractOp::create(
          b, c.x, indicesOf(c.xMap, block, {{c.m, m}, {c.k, k}}));
      for (auto [value, column] : llvm::zip_equal(w, columns))
        next.push_back(math::FmaOp::create(b, broadcast(b, x, column.width),
                                           value, sums[next.size()]));
    }
    return next;
  };
  return forEachIndex(b, indexOf(b, c.terms), 1, zeros, addTerm);
}

/// Computes a block and writes it to `part`.
Value PanelEmitter::emitBlock(const RowBlock &block, Value part) {
  SmallVector<Value> sums =
      c.lanesAlongColumns() ? sumAlongColumns(block) : sumAlongTerms(block);
  int64_t vectors = sums.size() / block.rows;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    int64_t width = cast<VectorType>(sum.getType()).getDimSize(0);
    SmallVector<Value> at = {
        advance(block.row, i / vectors),
        indexOf(b, static_cast<int64_t>(i) % vectors * kLanes)};
    if (!startsAsZero)
      sum = arith::AddFOp::create(b, readVector(b, part, at, width), sum);
    part = writeVector(b, sum, part, at);
  }
  return part;
}

/// A whole block if `left` rows are enough for it, else row after row: the
/// order of an element's terms is the same in both.
Value PanelEmitter::emitRows(RowBlock block, Value left, Value part) {
  Value size = indexOf(b, block.rows);
  Value isWhole =
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge, left, size);
  auto branch = scf::IfOp::create(b, part.getType(), isWhole,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, emitBlock(block, part));
  b.setInsertionPointToStart(branch.elseBlock());
  auto single = forEachIndex(
      b, left, 1, part, [&](Value row, ValueRange part) -> SmallVector<Value> {
        RowBlock one = block;
        one.at[c.m] = arith::AddIOp::create(b, block.at[c.m], row);
        one.row = row;
        one.rows = 1;
        return {emitBlock(one, part[0])};
      });
  scf::YieldOp::create(b, single);
  return branch.getResult(0);
}

/// A parallel loop over batches, panels, outer rows and blocks of rows: a
/// panel meets all rows before the next one comes.
Value PanelEmitter::emitPanels(Value y, const Panels &panels) {
  OpFoldResult rowCount = sizeOf(c.m);
  std::optional<int64_t> known = getConstantIntValue(rowCount);
  int64_t height = known ? std::clamp<int64_t>(*known, 1, rows) : rows;
  bool isEven = known && *known % height == 0;
  Value total = getValueOrCreateConstantIndexOp(b, b.getLoc(), rowCount);
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(total, indexOf(b, height));

  SmallVector<unsigned> order = c.batch;
  order.push_back(c.n);
  llvm::append_range(order, c.outer);
  order.push_back(c.m);
  ParallelLoop loop;
  for (unsigned dim : order)
    loop.counts.push_back(sizeOf(dim));
  loop.counts[c.batch.size()] = b.getIndexAttr(panels.count);
  loop.counts.back() = getAsOpFoldResult(blocks);
  loop.destinations = {y};

  RowBlock block{{}, indexOf(b, 0), height, panels.width};
  Value left;
  auto partsOf = [&](ValueRange indices) -> SmallVector<ResultPart> {
    block.at.assign(c.yMap.getNumDims(), Value());
    for (auto [dim, index] : llvm::zip_equal(order, indices))
      block.at[dim] = index;
    Value column =
        arith::MulIOp::create(b, block.at[c.n], indexOf(b, panels.width));
    block.at[c.n] = advance(column, panels.first);
    block.at[c.m] = arith::MulIOp::create(b, block.at[c.m], indexOf(b, height));
    OpFoldResult partRows = b.getIndexAttr(height);
    if (!isEven) {
      left = arith::SubIOp::create(b, total, block.at[c.m]);
      left = arith::MinUIOp::create(b, left, indexOf(b, height));
      partRows = left;
    }
    ResultPart part{getAsOpFoldResult(indicesOf(c.yMap, block, {})), {}, {}};
    part.sizes.assign(part.offsets.size(), b.getIndexAttr(1));
    part.sizes[*c.yMap.getResultPosition(b.getAffineDimExpr(c.m))] = partRows;
    part.sizes.back() = b.getIndexAttr(panels.width);
    part.type = RankedTensorType::get(
        {isEven ? height : ShapedType::kDynamic, panels.width}, b.getF32Type());
    return {part};
  };
  loop.partsOf = partsOf;
  auto results = forEachInParallel(
      b, loop, [&](ValueRange, ValueRange parts) -> SmallVector<Value> {
        return {isEven ? emitBlock(block, parts[0])
                       : emitRows(block, left, parts[0])};
      });
  return results[0];
}

/// What the result starts as; zeros are not stored, since each element is
/// written once.
Value PanelEmitter::zeroedOrEmpty(bool &isZero) {
  auto fill = c.init.getDefiningOp<linalg::FillOp>();
  isZero = fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  return isZero ? fill.getOutputs()[0] : c.init;
}

Value PanelEmitter::emit() {
  Value y = zeroedOrEmpty(startsAsZero);
  int64_t width = c.lanesAlongColumns() ? kLaneColumns : kColumns;
  int64_t whole = c.columns / width;
  if (whole)
    y = emitPanels(y, {0, whole, width});
  if (int64_t rest = c.columns % width)
    y = emitPanels(y, {whole * width, 1, rest});
  return y;
}

namespace {

/// matmul(x, w) -> for each panel and block of rows: accumulators over k
struct ComputeInPanels : OpInterfaceRewritePattern<linalg::LinalgOp> {
  ComputeInPanels(MLIRContext *context, int64_t rows,
                  Pass::Statistic &numVectorized)
      : OpInterfaceRewritePattern(context), rows(rows),
        numVectorized(numVectorized) {}

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Contraction> contraction = bitnet::matchContraction(op, rewriter);
    if (failed(contraction))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    replaceWithCasts(rewriter, op, PanelEmitter(b, *contraction, rows).emit());
    ++numVectorized;
    return success();
  }

  int64_t rows;
  Pass::Statistic &numVectorized;
};

struct VectorizeMatmul : bitnet::impl::VectorizeMatmulBase<VectorizeMatmul> {
  using VectorizeMatmulBase::VectorizeMatmulBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ComputeInPanels>(&getContext(), std::max<int64_t>(rows, 1),
                                  numVectorized);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
