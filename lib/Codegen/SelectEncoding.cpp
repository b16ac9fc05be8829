// Decides how weights are packed. See Passes.td.
#include "bitnet/Codegen/CpuFamily.h"
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/Tuning.h"
#include "bitnet/Codegen/WeightCodes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bitnet {
#define GEN_PASS_DEF_SELECTENCODING
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-select-encoding"

/// The share of the shorter of two times, to read weights and to multiply by
/// them, that does not hide behind the longer one.
static constexpr double kExposed = 0.25;

/// How much faster decoding must get for five trits in a byte: every other use
/// of the weights gets slower.
static constexpr double kWorthwhile = 1.08;

/// Nanoseconds that one row of activations takes for each weight.
static double costPerWeight(const bitnet::CpuFamily &family,
                            const bitnet::Tile &row, bool isStreamed) {
  double bytes = 4.0 * static_cast<double>(row.lanes);
  double multiplying = row.cycles / (family.gigahertz * family.dots);
  double reading = isStreamed ? bytes / family.stream : 0;
  double cost = std::max(multiplying, reading) +
                kExposed * std::min(multiplying, reading);
  return cost / (bytes * static_cast<double>(row.fields));
}

namespace {

struct SelectEncoding : bitnet::impl::SelectEncodingBase<SelectEncoding> {
  using SelectEncodingBase::SelectEncodingBase;

  LogicalResult initialize(MLIRContext *context) override {
    return bitnet::loadTuning(context, tuning, cpu, measured);
  }

  void runOnOperation() override {
    if (tile == "naive")
      return;
    SmallVector<bitnet::MatmulOp> matmuls;
    int64_t weights = 0;
    getOperation().walk([&](bitnet::MatmulOp matmul) {
      RankedTensorType type = matmul.getWeights().getType();
      if (!matmul.getWeights().getDefiningOp<bitnet::ConstantOp>() ||
          type.getEncoding())
        return;
      matmuls.push_back(matmul);
      weights += type.getNumElements();
    });
    const bitnet::CpuFamily &family = bitnet::findCpuFamily(cpu);
    // As many as fit with two bits each.
    bool isStreamed = weights / 4 > family.cache * 1024 * 1024;
    for (bitnet::MatmulOp matmul : matmuls)
      if (failed(select(matmul, isStreamed)))
        return signalPassFailure();
  }

private:
  LogicalResult select(bitnet::MatmulOp matmul, bool isStreamed) {
    RankedTensorType weights = matmul.getWeights().getType();
    bitnet::TileQuery query{features, tile, weights.getDimSize(1)};
    SmallVector<int64_t> codes = codesOf(matmul);
    bitnet::TileChoice tuned =
        measured.find({weights.getDimSize(0), weights.getDimSize(1)}, query,
                      [&](const bitnet::Tile &row) {
                        return llvm::is_contained(codes, row.fields);
                      });
    const bitnet::Tile *best = tuned.tile;
    if (best)
      codes.clear();
    for (int64_t fields : codes) {
      const bitnet::Tile *row = findRow(query, fields);
      if (row && (!best || isWorthwhile(*row, *best, isStreamed)))
        best = row;
    }
    if (!best)
      return matmul.emitOpError("no tile '")
             << tile << "' fits this CPU and a contraction of "
             << query.columns;
    auto encoding =
        bitnet::PackedAttr::get(&getContext(), best->lanes, best->fields);
    matmul->setAttr("bitnet.encoding", encoding);
    return success();
  }

  /// How many codes a byte of these weights may hold. A forced tile leaves no
  /// choice.
  SmallVector<int64_t> codesOf(bitnet::MatmulOp matmul) {
    SmallVector<int64_t> fields = bitnet::findWeightCodes(matmul);
    if (const bitnet::Tile *forced = bitnet::findTile(tile))
      llvm::erase_if(fields, [&](int64_t f) { return f != forced->fields; });
    return fields;
  }

  bool isWorthwhile(const bitnet::Tile &row, const bitnet::Tile &than,
                    bool isStreamed) {
    const bitnet::CpuFamily &family = bitnet::findCpuFamily(cpu);
    return costPerWeight(family, row, isStreamed) * kWorthwhile <
           costPerWeight(family, than, isStreamed);
  }

  /// The tile of the last feature in the table that reads bytes of so many
  /// codes, for one row of activations.
  static const bitnet::Tile *findRow(const bitnet::TileQuery &query,
                                     int64_t fields) {
    for (const bitnet::Tile &tile : llvm::reverse(bitnet::tileTable())) {
      if (tile.fields != fields || !bitnet::supports(query.features, tile))
        continue;
      bitnet::TileList tiles = bitnet::selectTiles(query, tile);
      if (!tiles.empty())
        return tiles.back();
    }
    return nullptr;
  }

  bitnet::Tuning measured;
};

} // namespace
