// Reads the tile table.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bitnet;

static const Tile kTiles[] = {
#define TILE(name, rows, fields, lanes, phases, longest, cycles, feature,      \
             emitter)                                                          \
  {name,   rows,    fields,                                                    \
   lanes,  phases,  longest,                                                   \
   cycles, feature, make##emitter##Emitter},
#include "bitnet/Codegen/Tiles.def"
};

ArrayRef<Tile> bitnet::tileTable() { return kTiles; }

const Tile *bitnet::findTile(StringRef name) {
  const Tile *it = llvm::find_if(
      kTiles, [&](const Tile &tile) { return tile.name == name; });
  return it == std::end(kTiles) ? nullptr : it;
}

bool bitnet::supports(StringRef features, const Tile &tile) {
  SmallVector<StringRef> enabled, wanted;
  features.split(enabled, ',');
  // What any CPU can do is no work for a block of threads.
  if (tile.feature.empty())
    return !llvm::is_contained(enabled, "+gpu");
  tile.feature.split(wanted, '|');
  return llvm::any_of(wanted, [&](StringRef together) {
    SmallVector<StringRef> parts;
    together.split(parts, '+');
    return llvm::all_of(parts, [&](StringRef feature) {
      return llvm::is_contained(enabled, ("+" + feature).str());
    });
  });
}

/// The tiles of one feature, the largest first.
static TileList tilesOf(const TileQuery &query, const Tile &leader) {
  TileList tiles;
  for (const Tile &tile : kTiles)
    if (tile.sharesEncoding(leader) && tile.feature == leader.feature &&
        (!tile.longest || query.columns <= tile.longest))
      tiles.push_back(&tile);
  llvm::sort(tiles,
             [](const Tile *a, const Tile *b) { return a->rows > b->rows; });
  return tiles;
}

TileList bitnet::selectTiles(const TileQuery &query, const Tile &encoding) {
  const Tile *forced = query.forced.empty() ? nullptr : findTile(query.forced);
  if (!forced && !query.forced.empty())
    return {};
  TileList selected;
  int64_t limit = forced ? forced->rows : INT64_MAX;
  for (const Tile &leader : llvm::reverse(kTiles)) {
    bool isFirst = selected.empty();
    if (!leader.sharesEncoding(encoding) || !supports(query.features, leader) ||
        (isFirst && forced && leader.feature != forced->feature))
      continue;
    for (const Tile *tile : tilesOf(query, leader))
      if (isFirst ? tile->rows <= limit : tile->rows < limit) {
        selected.push_back(tile);
        limit = tile->rows;
      }
    if (limit == 1)
      return selected;
  }
  return {};
}
