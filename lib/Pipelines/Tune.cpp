// See Tune.h.
#include "bitnet/Pipelines/Tune.h"

#include "TimedKernel.h"

#include "bitnet/Codegen/CpuFamily.h"
#include "bitnet/Codegen/WeightCodes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Target/OutputFile.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FileSystem.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

/// Rows of a prompt.
static constexpr int64_t kManyRows = 128;

/// More weights than this are not gone through: caches hold less.
static constexpr int64_t kStreamed = 256 << 20;

/// How much slower than the best one decoding may be for a faster prompt.
static constexpr double kAsGood = 1.08;

/// Who decodes so much slower than the best has its prompts not timed.
static constexpr double kHopeless = 3;

/// What a distance must win against that of the CPU's family.
static constexpr double kWorthwhile = 0.98;

/// Bytes ahead.
static constexpr int64_t kDistances[] = {0, 1024, 2048, 4096};

namespace {

/// Weights of one size: how many codes a byte may hold.
struct Weights {
  bitnet::MatmulShape shape;
  SmallVector<int64_t> codes;

  bool operator==(const Weights &other) const {
    return shape == other.shape && codes == other.codes;
  }
};

/// A tile that may be the largest to compute a matmul.
struct Candidate {
  bitnet::TileChoice choice;
  double one = INFINITY, many = INFINITY;
};

/// Tiles that work together: one feature, one encoding.
using Group = SmallVector<Candidate>;

/// A folder that goes with what is in it.
struct Folder {
  SmallString<128> path;

  ~Folder() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
};

/// Tunes for one target.
class Tuner {
public:
  Tuner(const bitnet::TargetSpec &target, int64_t streamed)
      : target(target), streamed(streamed) {
    tuning.cpu = target.cpu;
  }

  Error tune(const Weights &weights);

  bitnet::Tuning tuning;

private:
  SmallVector<Group> findGroups(const Weights &weights);
  Error timeGroup(bitnet::MatmulShape shape, Group &group, double &best);
  Expected<bitnet::TileChoice> choosePrefetch(bitnet::MatmulShape shape,
                                              const Candidate &tile);
  Expected<double> time(const bitnet::TileTime &wanted);

  bitnet::TargetSpec target;
  int64_t streamed;
  Folder folder;
  std::unique_ptr<bitnet::TimedKernel> last;
};

} // namespace

/// Those that this CPU runs, the newest feature first.
SmallVector<Group> Tuner::findGroups(const Weights &weights) {
  int64_t prefetch = bitnet::findCpuFamily(target.cpu).prefetch;
  llvm::MapVector<std::tuple<StringRef, int64_t, int64_t>, Group> groups;
  for (const bitnet::Tile &tile : llvm::reverse(bitnet::tileTable())) {
    bitnet::TileQuery query{target.features, tile.name, weights.shape.inputs};
    if (llvm::is_contained(weights.codes, tile.fields) &&
        bitnet::supports(target.features, tile) &&
        !bitnet::selectTiles(query, tile).empty())
      groups[{tile.feature, tile.fields, tile.lanes}].push_back(
          {{&tile, prefetch}});
  }
  return llvm::to_vector(llvm::make_second_range(groups));
}

/// Compiles and times, and writes down what came out.
Expected<double> Tuner::time(const bitnet::TileTime &wanted) {
  if (folder.path.empty())
    if (std::error_code code =
            llvm::sys::fs::createUniqueDirectory("bitnet", folder.path))
      return llvm::createStringError("cannot write a temporary file: " +
                                     code.message());
  if (!last || !(last->getSpec().shape == wanted.shape) ||
      !(last->getSpec().choice == wanted.choice)) {
    Expected<bitnet::TimedKernel> kernel = bitnet::TimedKernel::create(
        {wanted.shape, wanted.choice, target}, folder.path);
    if (!kernel)
      return kernel.takeError();
    last = std::make_unique<bitnet::TimedKernel>(std::move(*kernel));
  }
  Expected<double> taken = last->time(wanted.rows, streamed);
  if (!taken)
    return taken;
  tuning.times.push_back(wanted);
  tuning.times.back().nanoseconds = *taken;
  return taken;
}

/// One row, for which the group has one tile, and many rows for each tile.
Error Tuner::timeGroup(bitnet::MatmulShape shape, Group &group, double &best) {
  Expected<double> one = time({shape, group.front().choice, 1});
  if (!one)
    return one.takeError();
  best = std::min(best, *one);
  for (Candidate &candidate : group) {
    candidate.one = *one;
    if (*one > kHopeless * best)
      continue;
    Expected<double> many = time({shape, candidate.choice, kManyRows});
    if (!many)
      return many.takeError();
    candidate.many = *many;
  }
  return Error::success();
}

/// Of one row: for many it makes no difference.
Expected<bitnet::TileChoice> Tuner::choosePrefetch(bitnet::MatmulShape shape,
                                                   const Candidate &tile) {
  bitnet::TileChoice best = tile.choice;
  double least = tile.one * kWorthwhile;
  for (int64_t distance : kDistances) {
    if (distance == tile.choice.prefetch)
      continue;
    bitnet::TileChoice choice = {tile.choice.tile, distance};
    Expected<double> one = time({shape, choice, 1});
    if (!one)
      return one.takeError();
    if (*one < least) {
      least = *one;
      best = choice;
    }
  }
  return best;
}

Error Tuner::tune(const Weights &weights) {
  SmallVector<Group> groups = findGroups(weights);
  double best = INFINITY;
  const Candidate *chosen = nullptr;
  for (Group &group : groups)
    if (Error error = timeGroup(weights.shape, group, best))
      return error;
  for (const Group &group : groups)
    for (const Candidate &candidate : group)
      if (candidate.one <= kAsGood * best &&
          (!chosen || candidate.many < chosen->many))
        chosen = &candidate;
  if (!chosen)
    return Error::success();
  Expected<bitnet::TileChoice> choice = choosePrefetch(weights.shape, *chosen);
  if (!choice)
    return choice.takeError();
  tuning.choices.push_back({weights.shape, *choice});
  return Error::success();
}

namespace {
/// What a model multiplies by.
struct AllWeights {
  SmallVector<Weights> sizes;
  /// With two bits each.
  int64_t bytes = 0;
};
} // namespace

/// Optimizes a copy as far as the matmuls are what they will be. Its head need
/// not be rounded for that.
static FailureOr<AllWeights>
findWeights(ModuleOp module, const bitnet::CompileOptions &options) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager pm(module->getContext());
  bitnet::OptimizeOptions optimize;
  optimize.features = options.target.features;
  optimize.cpu = options.target.cpu;
  optimize.tile = "naive";
  bitnet::buildOptimizePipeline(pm, optimize);
  if (failed(pm.run(*copy)))
    return failure();
  AllWeights all;
  copy->walk([&](bitnet::MatmulOp matmul) {
    RankedTensorType type = matmul.getWeights().getType();
    if (type.getEncoding() ||
        !matmul.getWeights().getDefiningOp<bitnet::ConstantOp>())
      return;
    all.bytes += type.getNumElements() / 4;
    Weights weights{{type.getDimSize(0), type.getDimSize(1)},
                    bitnet::findWeightCodes(matmul)};
    if (!llvm::is_contained(all.sizes, weights))
      all.sizes.push_back(std::move(weights));
  });
  return all;
}

LogicalResult bitnet::tune(ModuleOp module, const CompileOptions &options) {
  FailureOr<AllWeights> all = findWeights(module, options);
  if (failed(all))
    return failure();
  Tuner tuner(options.target, std::min(all->bytes, kStreamed));
  for (const Weights &weights : all->sizes)
    if (Error error = tuner.tune(weights))
      return module.emitError() << llvm::toString(std::move(error));
  Expected<bool> written =
      writeFile(options.tune, [&](llvm::raw_pwrite_stream &os) {
        writeTuning(tuner.tuning, os);
        return true;
      });
  if (!written)
    return module.emitError() << llvm::toString(written.takeError());
  return success();
}
