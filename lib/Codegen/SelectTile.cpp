// Decides which rows of the tile table compute a matmul, and how other ops are
// cut. See Passes.td.
#include "bitnet/Codegen/CpuFamily.h"
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/Tuning.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/TileAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace bitnet {
#define GEN_PASS_DEF_SELECTTILE
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-select-tile"

/// The share of a core's cache that activations may take, so that a panel of
/// weights and the results find room beside them.
static constexpr double kActivationShare = 0.4;

/// Any row of the table that reads weights packed like this.
static const bitnet::Tile *findReader(bitnet::PackedAttr encoding) {
  for (const bitnet::Tile &tile : bitnet::tileTable())
    if (tile.fields == encoding.getFields() &&
        tile.lanes == encoding.getLanes())
      return &tile;
  return nullptr;
}

/// How many rows of activations meet all panels before the next rows do: whole
/// blocks that stay in a core's own cache.
static int64_t rowsInCache(const bitnet::CpuFamily &family, int64_t columns,
                           int64_t blockRows) {
  auto bytes = static_cast<int64_t>(static_cast<double>(family.l2 * 1024) *
                                    kActivationShare);
  return std::max<int64_t>(bytes / columns / blockRows, 1) * blockRows;
}

static void decide(Operation *op, StringRef name, int64_t value) {
  op->setAttr(name, Builder(op->getContext()).getI64IntegerAttr(value));
}

/// Lanes of f32 of which eight sums, and what is added to them, fit into the
/// registers: 32 of 512 bits, 16 of 256 or 32 of 128, 16 of 128.
static int64_t lanesInRegisters(StringRef features) {
  SmallVector<StringRef> enabled;
  features.split(enabled, ',');
  if (features.empty() || llvm::is_contained(enabled, "+avx512f"))
    return 16;
  for (StringRef feature : {"+avx", "+neon", "+v"})
    if (llvm::is_contained(enabled, feature))
      return 8;
  return 4;
}

static void decideAttention(bitnet::AttentionOp op,
                            const bitnet::CpuFamily &family, int64_t lanes) {
  decide(op, bitnet::kLanesTogetherAttr, lanes);
  decide(op, bitnet::kRowsTogetherAttr, family.queries);
  decide(op, bitnet::kManyKeysAttr, family.keys);
  decide(op, bitnet::kKeysTogetherAttr, family.task);
}

static void decideColumns(linalg::ContractionOpInterface op,
                          const bitnet::CpuFamily &family) {
  Type weights = getElementTypeOrSelf(op.rhs().getType());
  if (family.columns > 1 && weights.isF32())
    decide(op, bitnet::kColumnsTogetherAttr, family.columns);
}

namespace {

struct SelectTile : bitnet::impl::SelectTileBase<SelectTile> {
  using SelectTileBase::SelectTileBase;

  LogicalResult initialize(MLIRContext *context) override {
    return bitnet::loadTuning(context, tuning, cpu, measured);
  }

  void runOnOperation() override {
    const bitnet::CpuFamily &family = bitnet::findCpuFamily(cpu);
    int64_t lanes = lanesInRegisters(features);
    getOperation().walk(
        [&](bitnet::AttentionOp op) { decideAttention(op, family, lanes); });
    getOperation().walk(
        [&](linalg::ContractionOpInterface op) { decideColumns(op, family); });
    getOperation().walk([&](bitnet::ScaledMatmulOp op) {
      decide(op, bitnet::kRowsTogetherAttr,
             op.getGroups() == 1 ? family.rows : family.groups);
    });
    WalkResult result = getOperation().walk([&](bitnet::MatmulOp matmul) {
      auto encoding = dyn_cast_or_null<bitnet::PackedAttr>(
          matmul.getWeights().getType().getEncoding());
      return !encoding || succeeded(select(matmul, encoding))
                 ? WalkResult::advance()
                 : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult select(bitnet::MatmulOp matmul, bitnet::PackedAttr encoding) {
    RankedTensorType weights = matmul.getWeights().getType();
    bitnet::TileQuery query{features, tile, weights.getDimSize(1)};
    bitnet::TileChoice tuned =
        measured.find({weights.getDimSize(0), weights.getDimSize(1)}, query,
                      [&](const bitnet::Tile &row) {
                        return row.fields == encoding.getFields() &&
                               row.lanes == encoding.getLanes();
                      });
    if (tuned.tile)
      query.forced = tuned.tile->name;
    const bitnet::Tile *reader = findReader(encoding);
    bitnet::TileList tiles;
    if (reader)
      tiles = bitnet::selectTiles(query, *reader);
    if (tiles.empty())
      return matmul.emitOpError("no tile reads weights packed as ") << encoding;
    SmallVector<StringRef> names;
    for (const bitnet::Tile *selected : tiles)
      names.push_back(selected->name);
    Builder b(&getContext());
    matmul.setTilesAttr(b.getStrArrayAttr(names));
    const bitnet::CpuFamily &family = bitnet::findCpuFamily(cpu);
    decide(matmul, bitnet::kRowsInCacheAttr,
           rowsInCache(family, query.columns, tiles.front()->rows));
    int64_t prefetch = tuned.tile ? tuned.prefetch : family.prefetch;
    if (prefetch)
      decide(matmul, bitnet::kPrefetchAttr, prefetch);
    return success();
  }

  bitnet::Tuning measured;
};

} // namespace
