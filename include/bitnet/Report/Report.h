// What became of each linear layer of a model, and what it costs.
#ifndef BITNET_REPORT_REPORT_H
#define BITNET_REPORT_REPORT_H

#include "bitnet/Report/EnergyModel.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace bitnet {

/// What became of a head that was rounded on request. For inputs that are
/// independent of each other and of root mean square one, times the gain of the
/// norm before: the root mean square of a logit, its mean over the outputs, and
/// of what is lost of it, the mean and the largest.
struct HeadReport {
  /// "int8"
  std::string type;
  double logit, mean, largest;
};

/// A product of activations and constant weights.
struct LayerReport {
  /// The ONNX node, and the module that it was computed in.
  std::string name, module;
  /// Inputs and outputs.
  int64_t k = 0, n = 0;
  /// Of activations and weights, as "A2/W1"; of a float layer the nearest, with
  /// "-" for a side that resembles none. Empty if nobody has written it down.
  std::string form;
  /// How activations are quantized, as "absmax int8 per token".
  std::string activation;
  /// Of one weight in memory.
  double bits = 0;
  /// One for the layer, one for each output, or [groups, n] for groups of
  /// inputs; empty for a float layer.
  std::vector<float> scale;
  /// The share of weights that are 0, except in a float layer.
  double zeros = 0;
  /// Of weights and scales, in the model's file and in the program. Zero for
  /// weights that an earlier layer has brought along.
  int64_t sourceBytes = 0, bytes = 0;
  /// Bytes that the layer reads for each token.
  int64_t bytesRead = 0;
  /// |w - rounded w| / |w| where weights were rounded after training.
  std::optional<double> error;
  std::optional<HeadReport> head;
  /// Why a float layer is one; empty for a BitLinear layer.
  std::string reason;

  bool isMatched() const { return reason.empty(); }
};

/// Joules for the linear layers and one token, by EnergyModel.h.
struct EnergyReport {
  /// As they are: float layers count as FP32.
  double model;
  /// All of them in floats.
  double fp16, fp32;
};

/// What each position of a context takes in all caches of a language model.
struct CacheReport {
  int64_t bytesPerPosition = 0;
  /// Of an element, as "f16"; empty if there are no caches.
  std::string type;
};

struct Report {
  /// BitLinear layers first, then float ones; in the order of the program.
  std::vector<LayerReport> layers;
  CacheReport cache;

  int64_t countMatched() const;
  /// Of a number of each layer.
  int64_t sum(int64_t LayerReport::*number) const;
  /// Multiply-adds for one token.
  int64_t countOperations() const;
  EnergyReport energy(Technology technology) const;
};

/// Reads a module that the optimize stage has left. Float layers are known if
/// raise was told to explain them.
Report makeReport(mlir::ModuleOp module);

/// For people.
void printTable(const Report &report, llvm::raw_ostream &os);

/// For programs: {"layers": [...], "totals": {...}}. Sizes are in bytes,
/// energies in joules; `cache` is there for language models that have
/// one; `zeros` is a share, `scale` a number, one for each
/// output or one for each output of each group of inputs; `head` is what
/// HeadReport says; `operations` are
/// multiply-adds for one token.
void printJSON(const Report &report, llvm::raw_ostream &os);

} // namespace bitnet

#endif // BITNET_REPORT_REPORT_H
