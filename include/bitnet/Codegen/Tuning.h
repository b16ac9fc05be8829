// What was measured on a machine, which goes before what is known of its kind.
#ifndef BITNET_CODEGEN_TUNING_H
#define BITNET_CODEGEN_TUNING_H

#include "bitnet/Codegen/TileTable.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace bitnet {

/// Weights by their number of outputs and inputs.
struct MatmulShape {
  int64_t outputs = 0, inputs = 0;

  bool operator==(const MatmulShape &other) const {
    return outputs == other.outputs && inputs == other.inputs;
  }
};

/// How one matmul may be computed: by a row of the tile table and the smaller
/// ones of its kind, with weights prefetched so many bytes ahead.
struct TileChoice {
  const Tile *tile = nullptr;
  int64_t prefetch = 0;

  bool operator==(const TileChoice &other) const {
    return tile == other.tile && prefetch == other.prefetch;
  }
};

/// Nanoseconds that it takes for so many rows of activations.
struct TileTime {
  MatmulShape shape;
  TileChoice choice;
  int64_t rows = 0;
  double nanoseconds = 0;
};

/// A file of lines:
///
///     bitnet-tuning 1
///     cpu znver4
///     # comment
///     matmul 704x256 tile 6x64x4-avx512vnni prefetch 0
///     measured 704x256 tile 6x64x4-avx512vnni prefetch 0 rows 1 ns 2650.5
///
/// `matmul` is a decision for weights of so many outputs and inputs; what was
/// measured is there for the reader, and gives the reasons.
struct Tuning {
  /// LLVM's name.
  std::string cpu;
  std::vector<std::pair<MatmulShape, TileChoice>> choices;
  std::vector<TileTime> times;

  /// The first choice for a shape whose tile is wanted and can be forced where
  /// the query is from; none if the query forces another.
  TileChoice find(MatmulShape shape, const TileQuery &query,
                  llvm::function_ref<bool(const Tile &tile)> isWanted) const;
};

/// What a file says. An error names the line, but not the file.
llvm::Expected<Tuning> readTuning(llvm::StringRef path);

/// For a pass: what a file says, and nothing if there is no file or another
/// CPU was measured. Reports errors.
mlir::LogicalResult loadTuning(mlir::MLIRContext *context, llvm::StringRef path,
                               llvm::StringRef cpu, Tuning &tuning);

void writeTuning(const Tuning &tuning, llvm::raw_ostream &os);

} // namespace bitnet

#endif // BITNET_CODEGEN_TUNING_H
