// The tile table as data, and who may use which row.
#ifndef BITNET_CODEGEN_TILETABLE_H
#define BITNET_CODEGEN_TILETABLE_H

#include "bitnet/Codegen/TileEmitter.h"

namespace bitnet {

/// A row of `Tiles.def`, which says what the columns mean.
struct Tile {
  llvm::StringRef name;
  int64_t rows;
  int64_t lanes;
  int64_t phases;
  int64_t prefetch;
  int64_t longest;
  llvm::StringRef feature;
  std::unique_ptr<TileEmitter> (*makeEmitter)(const Tile &tile);

  /// Columns of the result that one panel gives: four 2-bit fields a byte.
  int64_t columns() const { return 4 * lanes; }
};

/// make<Emitter>Emitter of every emitter that the table names.
#define TILE(name, rows, lanes, phases, prefetch, longest, feature, emitter)   \
  std::unique_ptr<TileEmitter> make##emitter##Emitter(const Tile &tile);
#include "bitnet/Codegen/Tiles.def"

/// All rows, in the order of the table.
llvm::ArrayRef<Tile> tileTable();

/// The row of that name, or null.
const Tile *findTile(llvm::StringRef name);

/// Whether a CPU with `features` ("+avx2,+fma") can run the row.
bool supports(llvm::StringRef features, const Tile &tile);

/// The two rows that compute a matmul together.
struct TilePair {
  const Tile *block = nullptr; ///< for blocks of rows
  const Tile *row = nullptr;   ///< for the rows left over
};

/// The best rows for a CPU and a contraction of `columns`. `forced` names one
/// of them: its partner has the same lanes and feature. Null rows where the
/// name is unknown, the CPU lacks the feature or the contraction is too long.
TilePair selectTiles(llvm::StringRef features, llvm::StringRef forced,
                     int64_t columns);

} // namespace bitnet

#endif // BITNET_CODEGEN_TILETABLE_H
