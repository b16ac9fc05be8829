// Cuts matmuls on packed weights, and what reads them, into register tiles. See
// Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace bitnet {
#define GEN_PASS_DEF_TILECONTRACTION
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-tile-contraction"

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

namespace {

/// A matmul with what its tiles read.
struct Contraction {
  bitnet::MatmulOp matmul;
  Value bytes;
  Value sums;
};

/// A region of the result: rows [lower, upper) in steps of `tile`, and panels
/// [first, last) of which each gives `width` columns.
struct Region {
  const bitnet::Tile *tile;
  OpFoldResult lower, upper;
  int64_t first, last;
  int64_t width;
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
    for (const Region &region : splitRegions()) {
      FailureOr<Value> next = emitRegion(region, result);
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
    FailureOr<Value> bytes = materializeBytes(rewriter, matmul);
    if (failed(bytes))
      return failure();
    Value sums = sumRows(rewriter, matmul.getLoc(), matmul.getActivations());
    contractions.push_back({matmul, *bytes, sums});
    return success();
  }

  /// Blocks and left-over rows, times whole panels and a last, shorter one.
  SmallVector<Region> splitRegions() {
    bitnet::MatmulOp matmul = contractions[0].matmul;
    const bitnet::Tile *block = bitnet::findTile(*matmul.getTile());
    const bitnet::Tile *row = bitnet::findTile(*matmul.getRowTile());
    OpFoldResult rows =
        tensor::getMixedSize(rewriter, loc, matmul.getActivations(), 0);
    AffineExpr m = rewriter.getAffineSymbolExpr(0);
    OpFoldResult blocks = affine::makeComposedFoldedAffineApply(
        rewriter, loc, m.floorDiv(block->rows) * block->rows, {rows});
    OpFoldResult zero = rewriter.getIndexAttr(0);

    int64_t columns = matmul.getType().getDimSize(1);
    int64_t panels = columns / block->columns();
    int64_t rest = columns % block->columns();
    SmallVector<Region> regions;
    for (auto [tile, lower, upper] :
         {std::tuple(block, zero, blocks), std::tuple(row, blocks, rows)}) {
      if (isEqualConstantIntOrValue(lower, upper))
        continue;
      if (panels > 0)
        regions.push_back({tile, lower, upper, 0, panels, tile->columns()});
      if (rest > 0)
        regions.push_back({tile, lower, upper, panels, panels + 1, rest});
    }
    return regions;
  }

  /// A location that says what the region reads and computes for a row.
  Location markRegion(const Region &region) {
    bitnet::RegionWork work{"ternary matmul"};
    int64_t columns = region.width +
                      (region.last - region.first - 1) * region.tile->columns();
    for (Contraction &contraction : contractions) {
      auto bytes = cast<RankedTensorType>(contraction.bytes.getType());
      work.bytes += bytes.getNumElements() / bytes.getDimSize(0) *
                    (region.last - region.first);
      work.operations +=
          columns * contraction.matmul.getWeights().getType().getDimSize(1);
    }
    return bitnet::markWork(loc, work);
  }

  /// forall (row, panel) { tile }
  FailureOr<Value> emitRegion(const Region &region, Value init) {
    OpBuilder::InsertionGuard guard(rewriter);
    SmallVector<OpFoldResult> lower = {region.lower,
                                       rewriter.getIndexAttr(region.first)};
    SmallVector<OpFoldResult> upper = {region.upper,
                                       rewriter.getIndexAttr(region.last)};
    SmallVector<OpFoldResult> step = {rewriter.getIndexAttr(region.tile->rows),
                                      rewriter.getIndexAttr(1)};
    auto loop =
        scf::ForallOp::create(rewriter, markRegion(region), lower, upper, step,
                              ValueRange{init}, std::nullopt);
    Value row = loop.getInductionVar(0), panel = loop.getInductionVar(1);
    rewriter.setInsertionPointToStart(loop.getBody());
    AffineExpr p = rewriter.getAffineDimExpr(0);
    OpFoldResult column = affine::makeComposedFoldedAffineApply(
        rewriter, loc, p * region.tile->columns(), {panel});
    SmallVector<OpFoldResult> offsets = {row, column};
    SmallVector<OpFoldResult> sizes = {rewriter.getIndexAttr(region.tile->rows),
                                       rewriter.getIndexAttr(region.width)};
    FailureOr<Value> tile = emitBody(region, row, panel, offsets, sizes,
                                     loop.getRegionIterArgs()[0]);
    if (failed(tile))
      return failure();

    rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
    SmallVector<OpFoldResult> ones(2, rewriter.getIndexAttr(1));
    tensor::ParallelInsertSliceOp::create(rewriter, loc, *tile,
                                          loop.getRegionIterArgs()[0], offsets,
                                          sizes, ones);
    rewriter.setInsertionPointAfter(loop);
    return loop.getResult(0);
  }

  /// The consumer on one tile, with the tile's sums for the matmuls' results.
  FailureOr<Value> emitBody(const Region &region, Value row, Value panel,
                            ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes, Value out) {
    DenseMap<Value, Value> tiles;
    for (Contraction &contraction : contractions)
      tiles[contraction.matmul] = emitDot(contraction, region, row, panel);

    IRMapping mapping;
    mapping.map(root.getDpsInits()[0], out);
    auto clone = cast<linalg::GenericOp>(rewriter.clone(*root, mapping));
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(clone.getOperation())
            .getTiledImplementation(rewriter, offsets, sizes);
    assert(succeeded(tiled) && "an elementwise op on tensors can be tiled");
    auto consumer = cast<linalg::GenericOp>(tiled->tiledOps[0]);
    for (OpOperand *operand : consumer.getDpsInputOperands()) {
      auto slice = operand->get().getDefiningOp<tensor::ExtractSliceOp>();
      if (!slice || !tiles.contains(slice.getSource()))
        continue;
      operand->set(tiles[slice.getSource()]);
      if (slice->use_empty())
        rewriter.eraseOp(slice);
    }
    rewriter.eraseOp(clone);
    rewriter.setInsertionPoint(consumer);
    FailureOr<linalg::VectorizationResult> vectors =
        linalg::vectorize(rewriter, consumer);
    if (failed(vectors))
      return root.emitOpError("cannot be vectorized");
    rewriter.replaceOp(consumer, vectors->replacements);
    rewriter.setInsertionPointAfterValue(vectors->replacements[0]);
    return vectors->replacements[0];
  }

  /// The sums of one tile, written once: the consumer's read of them folds
  /// away.
  Value emitDot(Contraction &contraction, const Region &region, Value row,
                Value panel) {
    const bitnet::Tile &tile = *region.tile;
    auto full =
        VectorType::get({tile.rows, tile.columns()}, rewriter.getI32Type());
    Location at = contraction.matmul.getLoc();
    Value sums = bitnet::TileDotOp::create(
        rewriter, at, full, contraction.bytes, panel,
        contraction.matmul.getActivations(), row, contraction.sums, tile.name);
    if (region.width < tile.columns())
      sums = vector::ExtractStridedSliceOp::create(
          rewriter, at, sums, ArrayRef<int64_t>{0, 0},
          ArrayRef<int64_t>{tile.rows, region.width}, ArrayRef<int64_t>{1, 1});
    ArrayRef<int64_t> shape = cast<VectorType>(sums.getType()).getShape();
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

struct TileContraction : bitnet::impl::TileContractionBase<TileContraction> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<bitnet::MatmulOp> matmuls;
    getOperation().walk([&](bitnet::MatmulOp matmul) {
      if (matmul.getTile() && matmul.getRowTile())
        matmuls.push_back(matmul);
    });
    llvm::SetVector<Operation *> roots;
    for (bitnet::MatmulOp matmul : matmuls)
      roots.insert(findRoot(rewriter, matmul));
    for (Operation *root : roots)
      if (failed(Tiling(rewriter, cast<linalg::GenericOp>(root)).run()))
        return signalPassFailure();
  }

private:
  /// The elementwise op to fuse the matmul into; a copy of its result if none
  /// fits.
  linalg::GenericOp findRoot(RewriterBase &rewriter, bitnet::MatmulOp matmul) {
    if (matmul->hasOneUse())
      if (auto user = dyn_cast<linalg::GenericOp>(*matmul->user_begin()))
        if (isTileable(user, matmul))
          return user;
    return copyResult(rewriter, matmul);
  }

  /// One result over (row, column), and the matmul read at (row, column).
  bool isTileable(linalg::GenericOp user, bitnet::MatmulOp matmul) {
    if (user.getNumLoops() != 2 || user.getNumResults() != 1 ||
        user.getNumParallelLoops() != 2 || user.hasIndexSemantics())
      return false;
    for (OpOperand &operand : user->getOpOperands()) {
      AffineMap map = user.getMatchingIndexingMap(&operand);
      bool whole =
          operand.get() == matmul.getResult() || user.isDpsInit(&operand);
      if (whole ? !map.isIdentity() : !map.isProjectedPermutation(true))
        return false;
      if (auto other = operand.get().getDefiningOp<bitnet::MatmulOp>())
        if (!other->hasOneUse() || other.getTile() != matmul.getTile() ||
            other.getRowTile() != matmul.getRowTile() || !map.isIdentity())
          return false;
    }
    return true;
  }

  linalg::GenericOp copyResult(RewriterBase &rewriter,
                               bitnet::MatmulOp matmul) {
    rewriter.setInsertionPointAfter(matmul);
    Location loc = matmul.getLoc();
    OpFoldResult rows =
        tensor::getMixedSize(rewriter, loc, matmul.getActivations(), 0);
    OpFoldResult columns =
        rewriter.getIndexAttr(matmul.getType().getDimSize(1));
    Value empty = tensor::EmptyOp::create(rewriter, loc,
                                          ArrayRef<OpFoldResult>{rows, columns},
                                          rewriter.getI32Type());
    AffineMap id = rewriter.getMultiDimIdentityMap(2);
    SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        rewriter, loc, matmul.getType(), matmul.getResult(), empty,
        ArrayRef<AffineMap>{id, id}, parallel,
        [](OpBuilder &nested, Location at, ValueRange args) {
          linalg::YieldOp::create(nested, at, args[0]);
        });
    rewriter.replaceAllUsesExcept(matmul, copy.getResult(0), copy);
    return copy;
  }
};

} // namespace
