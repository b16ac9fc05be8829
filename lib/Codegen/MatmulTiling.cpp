// One elementwise op and the matmuls that feed it, tile by tile.
#include "MatmulTiling.h"

#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/TileAttrs.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;

/// The packed weights of a matmul as bytes: a constant, or what is cast to
/// weights.
static FailureOr<Value> materializeBytes(OpBuilder &b,
                                         bitnet::MatmulOp matmul) {
  RankedTensorType type = matmul.getWeights().getType();
  auto encoding = cast<bitnet::PackedAttr>(type.getEncoding());
  RankedTensorType bytesType = encoding.getBytesType(type);
  if (auto cast =
          matmul.getWeights().getDefiningOp<UnrealizedConversionCastOp>())
    if (cast.getOperandTypes() == TypeRange(bytesType))
      return cast.getOperand(0);
  auto constant = matmul.getWeights().getDefiningOp<bitnet::ConstantOp>();
  auto resource = constant
                      ? dyn_cast<DenseResourceElementsAttr>(constant.getValue())
                      : DenseResourceElementsAttr();
  if (!resource)
    return matmul.emitOpError("needs its weights, or their bytes, to be tiled");
  auto bytes =
      DenseResourceElementsAttr::get(bytesType, resource.getRawHandle());
  return Value(arith::ConstantOp::create(b, constant.getLoc(), bytes));
}

/// sums[m] = sum_k x[m, k]
static Value sumRows(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
  OpFoldResult rows = tensor::getMixedSize(b, loc, x, 0);
  Value empty = tensor::EmptyOp::create(b, loc, ArrayRef<OpFoldResult>{rows},
                                        b.getI32Type());
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  AffineMap id = b.getMultiDimIdentityMap(type.getRank());
  AffineMap row = id.dropResult(1);
  return linalg::GenericOp::create(
             b, loc, init.getType(), x, init, ArrayRef<AffineMap>{id, row},
             ArrayRef<utils::IteratorType>{utils::IteratorType::parallel,
                                           utils::IteratorType::reduction},
             [](OpBuilder &nested, Location at, ValueRange args) {
               Value wide = arith::ExtSIOp::create(
                   nested, at, nested.getI32Type(), args[0]);
               Value sum = arith::AddIOp::create(nested, at, args[1], wide);
               linalg::YieldOp::create(nested, at, sum);
             })
      .getResult(0);
}

FailureOr<bitnet::TileOperands>
bitnet::getTileOperands(OpBuilder &b, bitnet::MatmulOp matmul) {
  FailureOr<Value> bytes = materializeBytes(b, matmul);
  if (failed(bytes))
    return failure();
  Value sums = sumRows(b, matmul.getLoc(), matmul.getActivations());
  return TileOperands{matmul, *bytes, sums};
}

namespace {

using Contraction = bitnet::TileOperands;

/// Panels [first, last), of which each gives `width` columns.
struct PanelRange {
  int64_t first, last;
  int64_t width;
};

/// Rows of a panel that are computed together: from `row`, which is row `at` of
/// the part of the result that a thread computes at a time.
struct Block {
  int64_t rows, width;
  Value row, at, panel;
  OpFoldResult column;
};

/// Tiles one elementwise op and the matmuls that feed it.
class Tiling {
public:
  Tiling(RewriterBase &rewriter, linalg::GenericOp root)
      : rewriter(rewriter), root(root), loc(root.getLoc()) {}

  LogicalResult run() {
    rewriter.setInsertionPoint(root);
    for (Value operand : root.getDpsInputs())
      if (auto matmul = operand.getDefiningOp<bitnet::MatmulOp>())
        if (failed(addContraction(matmul)))
          return failure();

    Value result = root.getDpsInits()[0];
    for (const PanelRange &panels : splitPanels()) {
      FailureOr<Value> next = emitPanels(panels, result);
      if (failed(next))
        return failure();
      result = *next;
    }
    rewriter.replaceOp(root, result);
    for (Contraction &contraction : contractions)
      if (contraction.matmul->use_empty())
        rewriter.eraseOp(contraction.matmul);
    return success();
  }

private:
  LogicalResult addContraction(bitnet::MatmulOp matmul) {
    for (Contraction &known : contractions)
      if (known.matmul == matmul)
        return success();
    FailureOr<Contraction> contraction =
        bitnet::getTileOperands(rewriter, matmul);
    if (failed(contraction))
      return failure();
    contractions.push_back(*contraction);
    return success();
  }

  SmallVector<const bitnet::Tile *> getTiles() {
    SmallVector<const bitnet::Tile *> tiles;
    bitnet::MatmulOp matmul = contractions[0].matmul;
    for (auto name : matmul.getTilesAttr().getAsRange<StringAttr>())
      tiles.push_back(bitnet::findTile(name.getValue()));
    return tiles;
  }

  /// Whole panels and a last, shorter one.
  SmallVector<PanelRange> splitPanels() {
    int64_t width = getTiles()[0]->columns();
    int64_t columns = contractions[0].matmul.getType().getDimSize(1);
    int64_t panels = columns / width;
    SmallVector<PanelRange> ranges;
    if (panels > 0)
      ranges.push_back({0, panels, width});
    if (columns % width > 0)
      ranges.push_back({panels, panels + 1, columns % width});
    return ranges;
  }

  /// A location that says what the panels take and compute for a row.
  Location markRange(const PanelRange &panels) {
    bitnet::RegionWork work{"ternary matmul"};
    int64_t columns = panels.width + (panels.last - panels.first - 1) *
                                         getTiles()[0]->columns();
    for (Contraction &contraction : contractions) {
      auto bytes = cast<RankedTensorType>(contraction.bytes.getType());
      work.bytes += bytes.getNumElements() / bytes.getDimSize(0) *
                    (panels.last - panels.first);
      work.operations +=
          columns * contraction.matmul.getWeights().getType().getDimSize(1);
    }
    return bitnet::markWork(loc, work);
  }

  OpFoldResult fold(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(rewriter, loc, expr, operands);
  }

  /// How many rows meet all panels before the next rows do: as many as are said
  /// to fit into the cache, or a bit less, so that all chunks are about equal
  /// and threads get equal shares. Null for all rows.
  Value getChunk(OpFoldResult rows) {
    int64_t limit = bitnet::getDecision(contractions[0].matmul,
                                        bitnet::kRowsInCacheAttr, 0);
    std::optional<int64_t> known = getConstantIntValue(rows);
    if (!limit || (known && *known <= limit))
      return Value();
    Value one = index(1), block = index(getTiles()[0]->rows);
    Value all = arith::MaxUIOp::create(rewriter, loc, toValue(rows), one);
    Value chunks = divideCeil(all, index(limit));
    Value blocks = divideCeil(divideCeil(all, chunks), block);
    return arith::MulIOp::create(rewriter, loc, blocks, block);
  }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(rewriter, loc, value);
  }

  /// a and b are positive.
  Value divideCeil(Value a, Value b) {
    Value less = arith::SubIOp::create(rewriter, loc, b, index(1));
    Value more = arith::AddIOp::create(rewriter, loc, a, less);
    return arith::DivUIOp::create(rewriter, loc, more, b);
  }

  /// min(rows - first, chunk)
  OpFoldResult rowsOfChunk(OpFoldResult rows, Value first, Value chunk) {
    AffineExpr d0, d1, d2;
    bindDims(rewriter.getContext(), d0, d1, d2);
    return affine::makeComposedFoldedAffineMin(
        rewriter, loc,
        AffineMap::get(3, 0, {d0 - d1, d2}, rewriter.getContext()),
        {rows, first, chunk});
  }

  /// forall (chunk of rows, panel) { blocks of rows, the largest first }
  FailureOr<Value> emitPanels(const PanelRange &panels, Value init) {
    OpBuilder::InsertionGuard guard(rewriter);
    OpFoldResult rows = tensor::getMixedSize(
        rewriter, loc, contractions[0].matmul.getActivations(), 0);
    Value chunk = getChunk(rows);
    OpFoldResult one = rewriter.getIndexAttr(1);
    SmallVector<OpFoldResult> lower = {rewriter.getIndexAttr(0),
                                       rewriter.getIndexAttr(panels.first)};
    SmallVector<OpFoldResult> upper = {chunk ? rows : one,
                                       rewriter.getIndexAttr(panels.last)};
    SmallVector<OpFoldResult> step = {
        chunk ? OpFoldResult(chunk) : OpFoldResult(one), one};
    auto loop = scf::ForallOp::create(rewriter, markRange(panels), lower, upper,
                                      step, ValueRange{init}, std::nullopt);
    rewriter.setInsertionPointToStart(loop.getBody());
    Value start = loop.getInductionVar(0);
    OpFoldResult first = chunk ? OpFoldResult(start) : lower[0];
    OpFoldResult size = chunk ? rowsOfChunk(rows, start, chunk) : rows;
    Value panel = loop.getInductionVar(1);
    AffineExpr p = rewriter.getAffineDimExpr(0);
    OpFoldResult column = fold(p * getTiles()[0]->columns(), {panel});
    Block block{0, panels.width, {}, {}, panel, column};
    SmallVector<OpFoldResult> offsets = {first, block.column};
    SmallVector<OpFoldResult> sizes = {size,
                                       rewriter.getIndexAttr(panels.width)};
    SmallVector<OpFoldResult> ones(2, one);
    Value out = loop.getRegionIterArgs()[0];
    Value part = tensor::ExtractSliceOp::create(rewriter, loc, out, offsets,
                                                sizes, ones);
    FailureOr<Value> done = emitChunk(block, {first, size}, part);
    if (failed(done))
      return failure();
    rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(rewriter, loc, *done, out, offsets,
                                          sizes, ones);
    rewriter.setInsertionPointAfter(loop);
    return loop.getResult(0);
  }

  Value toValue(OpFoldResult index) {
    return getValueOrCreateConstantIndexOp(rewriter, loc, index);
  }

  Value add(OpFoldResult a, Value b) {
    AffineExpr d0, d1;
    bindDims(rewriter.getContext(), d0, d1);
    return toValue(fold(d0 + d1, {a, b}));
  }

  /// for (i = lower; i < upper; i += step) { part = body(i, part) }
  FailureOr<Value>
  emitLoop(OpFoldResult lower, OpFoldResult upper, int64_t step, Value part,
           llvm::function_ref<FailureOr<Value>(Value, Value)> body) {
    Value by = arith::ConstantIndexOp::create(rewriter, loc, step);
    auto loop = scf::ForOp::create(rewriter, loc, toValue(lower),
                                   toValue(upper), by, part);
    rewriter.setInsertionPointToStart(loop.getBody());
    FailureOr<Value> next =
        body(loop.getInductionVar(), loop.getRegionIterArgs()[0]);
    if (failed(next))
      return failure();
    scf::YieldOp::create(rewriter, loc, *next);
    rewriter.setInsertionPointAfter(loop);
    return loop.getResult(0);
  }

  /// Rows `chunk` = (first, size) of one panel, into `part`.
  FailureOr<Value> emitChunk(Block block,
                             std::pair<OpFoldResult, OpFoldResult> chunk,
                             Value part) {
    AffineExpr d0, d1;
    bindDims(rewriter.getContext(), d0, d1);
    OpFoldResult lower = rewriter.getIndexAttr(0);
    for (const bitnet::Tile *tile : getTiles()) {
      OpFoldResult upper =
          fold(d1 + (d0 - d1).floorDiv(tile->rows) * tile->rows,
               {chunk.second, lower});
      if (isEqualConstantIntOrValue(lower, upper))
        continue;
      auto body = [&](Value at, Value rest) {
        block.at = at;
        block.row = add(chunk.first, at);
        block.rows = tile->rows;
        return emitBlock(*tile, block, rest);
      };
      FailureOr<Value> next = emitLoop(lower, upper, tile->rows, part, body);
      if (failed(next))
        return failure();
      part = *next;
      lower = upper;
    }
    return part;
  }

  /// One block of rows: a vector that the consumer reads, or memory that it
  /// reads row by row.
  FailureOr<Value> emitBlock(const bitnet::Tile &tile, const Block &block,
                             Value part) {
    bool isInMemory = tile.makeEmitter(tile)->isBlock();
    DenseMap<Value, Value> sums;
    for (Contraction &contraction : contractions)
      sums[contraction.matmul] = isInMemory
                                     ? emitInMemory(tile, contraction, block)
                                     : emitDot(tile, contraction, block);
    if (!isInMemory)
      return consume(block, sums, part);
    OpFoldResult zero = rewriter.getIndexAttr(0);
    auto body = [&](Value i, Value rest) {
      DenseMap<Value, Value> vectors;
      for (auto [matmul, memory] : sums)
        vectors[matmul] = readRow(memory, i);
      Block row = block;
      row.rows = 1;
      row.row = add(block.row, i);
      row.at = add(block.at, i);
      return consume(row, vectors, rest);
    };
    return emitLoop(zero, rewriter.getIndexAttr(tile.rows), 1, part, body);
  }

  /// The consumer on one block, with vectors of sums for the matmuls' results.
  FailureOr<Value> consume(const Block &block,
                           const DenseMap<Value, Value> &sums, Value part) {
    SmallVector<OpFoldResult> sizes = {rewriter.getIndexAttr(block.rows),
                                       rewriter.getIndexAttr(block.width)};
    SmallVector<OpFoldResult> ones(2, rewriter.getIndexAttr(1));
    SmallVector<OpFoldResult> place = {block.at, rewriter.getIndexAttr(0)};
    Value out =
        tensor::ExtractSliceOp::create(rewriter, loc, part, place, sizes, ones);
    auto clone = cast<linalg::GenericOp>(rewriter.clone(*root));
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(clone.getOperation())
            .getTiledImplementation(rewriter, {block.row, block.column}, sizes);
    assert(succeeded(tiled) && "an elementwise op on tensors can be tiled");
    auto consumer = cast<linalg::GenericOp>(tiled->tiledOps[0]);
    consumer.getDpsInitsMutable()[0].set(out);
    rewriter.setInsertionPoint(consumer);
    for (OpOperand *operand : consumer.getDpsInputOperands()) {
      auto slice = operand->get().getDefiningOp<tensor::ExtractSliceOp>();
      if (!slice || !sums.contains(slice.getSource()))
        continue;
      operand->set(asTensor(block, sums.lookup(slice.getSource())));
      if (slice->use_empty())
        rewriter.eraseOp(slice);
    }
    rewriter.eraseOp(clone);
    FailureOr<linalg::VectorizationResult> vectors =
        linalg::vectorize(rewriter, consumer);
    if (failed(vectors))
      return root.emitOpError("cannot be vectorized");
    rewriter.replaceOp(consumer, vectors->replacements);
    rewriter.setInsertionPointAfterValue(vectors->replacements[0]);
    return tensor::InsertSliceOp::create(rewriter, loc,
                                         vectors->replacements[0], part, place,
                                         sizes, ones)
        .getResult();
  }

  /// The sums of one tile in registers.
  Value emitDot(const bitnet::Tile &tile, Contraction &contraction,
                const Block &block) {
    auto full =
        VectorType::get({tile.rows, tile.columns()}, rewriter.getI32Type());
    return bitnet::TileDotOp::create(
        rewriter, contraction.matmul.getLoc(), full, contraction.bytes,
        block.panel, contraction.matmul.getActivations(), block.row,
        contraction.sums, rewriter.getStringAttr(tile.name),
        getPrefetch(contraction));
  }

  IntegerAttr getPrefetch(Contraction &contraction) {
    return rewriter.getI64IntegerAttr(
        bitnet::getDecision(contraction.matmul, bitnet::kPrefetchAttr, 0));
  }

  /// The sums of one tile in a buffer of this thread.
  Value emitInMemory(const bitnet::Tile &tile, Contraction &contraction,
                     const Block &block) {
    Location at = contraction.matmul.getLoc();
    auto type =
        MemRefType::get({tile.rows, tile.columns()}, rewriter.getI32Type());
    Value memory = memref::AllocaOp::create(rewriter, at, type,
                                            rewriter.getI64IntegerAttr(64));
    bitnet::TileBlockOp::create(rewriter, at, contraction.bytes, block.panel,
                                contraction.matmul.getActivations(), block.row,
                                contraction.sums, memory, tile.name);
    return memory;
  }

  Value readRow(Value memory, Value row) {
    auto type = cast<MemRefType>(memory.getType());
    auto vector =
        VectorType::get({1, type.getDimSize(1)}, rewriter.getI32Type());
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    return vector::TransferReadOp::create(rewriter, loc, vector, memory,
                                          ValueRange{row, zero}, std::nullopt,
                                          ArrayRef<bool>{true, true});
  }

  /// Sums as the tensor that the consumer reads, cut to the panel's width: its
  /// read of them folds away.
  Value asTensor(const Block &block, Value sums) {
    Location at = sums.getLoc();
    auto type = cast<VectorType>(sums.getType());
    SmallVector<int64_t> shape = {block.rows, block.width};
    if (type.getShape() != ArrayRef<int64_t>(shape))
      sums = vector::ExtractStridedSliceOp::create(
          rewriter, at, sums, ArrayRef<int64_t>{0, 0}, shape,
          ArrayRef<int64_t>{1, 1});
    Value empty =
        tensor::EmptyOp::create(rewriter, at, shape, rewriter.getI32Type());
    Value zero = arith::ConstantIndexOp::create(rewriter, at, 0);
    return vector::TransferWriteOp::create(rewriter, at, sums, empty,
                                           ValueRange{zero, zero},
                                           ArrayRef<bool>{true, true})
        .getResult();
  }

  RewriterBase &rewriter;
  linalg::GenericOp root;
  Location loc;
  SmallVector<Contraction> contractions;
};

} // namespace

LogicalResult bitnet::tileMatmuls(RewriterBase &rewriter,
                                  linalg::GenericOp root) {
  return Tiling(rewriter, root).run();
}
