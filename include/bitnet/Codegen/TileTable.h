// The tile table as data, and who may use which row.
#ifndef BITNET_CODEGEN_TILETABLE_H
#define BITNET_CODEGEN_TILETABLE_H

#include "bitnet/Codegen/TileEmitter.h"

namespace bitnet {

/// A row of `Tiles.def`, which says what the columns mean.
struct Tile {
  llvm::StringRef name;
  int64_t rows;
  int64_t fields;
  int64_t lanes;
  int64_t phases;
  int64_t longest;
  double cycles;
  llvm::StringRef feature;
  std::unique_ptr<TileEmitter> (*makeEmitter)(const Tile &tile);

  /// Columns of the result that one panel gives.
  int64_t columns() const { return fields * lanes; }

  /// Whether both read weights that are packed alike.
  bool sharesEncoding(const Tile &other) const {
    return fields == other.fields && lanes == other.lanes;
  }
};

/// make<Emitter>Emitter of every emitter that the table names.
#define TILE(name, rows, fields, lanes, phases, longest, cycles, feature,      \
             emitter)                                                          \
  std::unique_ptr<TileEmitter> make##emitter##Emitter(const Tile &tile);
#include "bitnet/Codegen/Tiles.def"

/// All rows, in the order of the table.
llvm::ArrayRef<Tile> tileTable();

/// The row of that name, or null.
const Tile *findTile(llvm::StringRef name);

/// Whether a machine with `features` ("+avx2,+fma"; "+gpu") can run the row.
bool supports(llvm::StringRef features, const Tile &tile);

/// A matmul in search of tiles.
struct TileQuery {
  /// Features of the CPU: "+avx2,+fma".
  llvm::StringRef features;
  /// A row that must take part, or "".
  llvm::StringRef forced;
  /// Length of the contraction.
  int64_t columns;
};

/// Tiles that compute a matmul together, the largest first, the last one for
/// single rows.
using TileList = llvm::SmallVector<const Tile *>;

/// The best tiles for weights that are packed like those of `encoding`. Without
/// a forced row, those of the last feature in the table that the CPU has,
/// completed by those of the features before it. A forced row excludes larger
/// ones and other features. Empty where there is no row of that name, the CPU
/// lacks the feature or the contraction is too long.
TileList selectTiles(const TileQuery &query, const Tile &encoding);

} // namespace bitnet

#endif // BITNET_CODEGEN_TILETABLE_H
