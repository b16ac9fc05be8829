// What the parts of bitnet.attention share: the rows of a tile, which keys they
// see, and the scratch that they are computed in.
#ifndef BITNET_LIB_CONVERSION_BITNETTOVECTOR_ATTENTIONTILE_H
#define BITNET_LIB_CONVERSION_BITNETTOVECTOR_ATTENTIONTILE_H

#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "dialects/BitNet/BitNetDialect.h"

namespace bitnet::rows {

/// A query of one head.
struct AttentionRow {
  mlir::Value batch, head, query;
};

/// Which keys the queries of an op see. Keys are asked about 16 at a time, so
/// that there are some behind the last one, which nobody sees.
class SeenKeys {
public:
  SeenKeys(mlir::ImplicitLocOpBuilder &b, AttentionOp op);

  /// The number of keys, and the same up to whole blocks of 16.
  mlir::Value total, padded;

  /// True if heads may see different keys.
  bool differAmongHeads() const;

  /// Whether the row sees the keys first, ..., first + 15, as vector<16xi1>.
  mlir::Value seenBy(mlir::ImplicitLocOpBuilder &b, const AttentionRow &row,
                     mlir::Value first) const;

  /// The scores of these keys with the mask applied: minus infinity where a key
  /// is not seen.
  mlir::Value maskScores(mlir::ImplicitLocOpBuilder &b, const AttentionRow &row,
                         mlir::Value first, mlir::Value scores) const;

private:
  bool hasFloatMask() const;
  mlir::Value readMask(mlir::ImplicitLocOpBuilder &b, const AttentionRow &row,
                       mlir::Value first) const;

  /// The op's mask, if it has one, and a copy up to `padded` keys.
  mlir::TypedValue<mlir::RankedTensorType> given;
  mlir::Value mask;
};

/// Some queries of some heads that read the same keys and values: the rows that
/// one iteration computes. Row r is a query of head r % heads.
struct AttentionTile {
  AttentionOp op;
  const SeenKeys &keys;
  int64_t heads, queries;
  mlir::Value batch, kvHead, firstHead, firstQuery;
  /// The last query there is, which stands in for those behind it.
  mlir::Value lastQuery;
  /// Of the values.
  mlir::Value firstChannel;
  int64_t channels;
  /// What is scored, and where in the scratch: key k is in column k + column.
  mlir::Value firstKey, endKey, column;
  /// Of a sum of products, how many are in registers at once.
  int64_t lanes;

  int64_t rows() const { return heads * queries; }
  /// Rows whose numbers are in registers at a time.
  int64_t rowsTogether() const { return rows() % 2 == 0 ? 2 : 1; }
  AttentionRow rowAt(mlir::ImplicitLocOpBuilder &b, mlir::Value index) const;
  mlir::Value columnOf(mlir::ImplicitLocOpBuilder &b, mlir::Value key) const {
    return b.createOrFold<mlir::arith::AddIOp>(key, column);
  }
  /// What the sums of values take in the scratch.
  int64_t sumsWidth() const {
    return llvm::divideCeil(channels, kLanes) * kLanes;
  }
};

/// The scratch has for each row: its divisor in 16 lanes, the sums of its
/// values, and its scores, which become weights.
inline constexpr int64_t kDivisor = 0, kSums = kLanes;
/// A scratch, and how many of its keys have been looked at: none behind them is
/// seen by any row.
struct ScoredTile {
  mlir::Value scratch, end;
};

/// Writes scale * (query . key) to the scratch, for blocks of 16 keys of which
/// any row sees one.
ScoredTile scoreKeys(mlir::ImplicitLocOpBuilder &b, const AttentionTile &tile,
                     mlir::Value scratch);

/// Turns scores into weights, exp(score - largest one), and zero where a key is
/// not seen; writes the divisors. Returns the scratch.
mlir::Value weighKeys(mlir::ImplicitLocOpBuilder &b, const AttentionTile &tile,
                      const ScoredTile &scored);

/// Adds up weight * value over keys in ascending order. Returns the scratch.
mlir::Value addValues(mlir::ImplicitLocOpBuilder &b, const AttentionTile &tile,
                      const ScoredTile &weighed);

} // namespace bitnet::rows

#endif // BITNET_LIB_CONVERSION_BITNETTOVECTOR_ATTENTIONTILE_H
