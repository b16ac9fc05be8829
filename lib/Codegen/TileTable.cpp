// Reads the tile table.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bitnet;

static const Tile kTiles[] = {
#define TILE(name, rows, lanes, phases, prefetch, longest, feature, emitter)   \
  {name,     rows,    lanes,   phases,                                         \
   prefetch, longest, feature, make##emitter##Emitter},
#include "bitnet/Codegen/Tiles.def"
};

ArrayRef<Tile> bitnet::tileTable() { return kTiles; }

const Tile *bitnet::findTile(StringRef name) {
  const Tile *it = llvm::find_if(
      kTiles, [&](const Tile &tile) { return tile.name == name; });
  return it == std::end(kTiles) ? nullptr : it;
}

bool bitnet::supports(StringRef features, const Tile &tile) {
  if (tile.feature.empty())
    return true;
  SmallVector<StringRef> enabled, wanted;
  features.split(enabled, ',');
  tile.feature.split(wanted, '|');
  return llvm::any_of(wanted, [&](StringRef feature) {
    return llvm::is_contained(enabled, ("+" + feature).str());
  });
}

TilePair bitnet::selectTiles(StringRef features, StringRef forced,
                             int64_t columns) {
  const Tile *wanted = forced.empty() ? nullptr : findTile(forced);
  if (!forced.empty() && !wanted)
    return {};
  TilePair pair;
  for (const Tile &tile : kTiles) {
    if (!supports(features, tile) || (tile.longest && columns > tile.longest))
      continue;
    if (wanted &&
        (tile.feature != wanted->feature || tile.lanes != wanted->lanes))
      continue;
    (tile.rows == 1 ? pair.row : pair.block) = &tile;
  }
  // A forced single row computes every row; a forced block keeps its partner.
  if (wanted && wanted->rows == 1)
    pair.block = pair.row;
  return pair;
}
