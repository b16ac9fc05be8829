// What passes write down about a layer, for a report to read.
#ifndef DIALECTS_BITNET_LAYERATTRS_H
#define DIALECTS_BITNET_LAYERATTRS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace bitnet {

/// On a constant, a linear and its matmul: the forms of activations and weights
/// in the catalogue of BitLinear forms, such as "A2/W1".
inline constexpr llvm::StringLiteral kFormAttr = "bitnet.form";

/// Beside it: bytes that the weights and their scales take in the model's file.
inline constexpr llvm::StringLiteral kSourceBytesAttr = "bitnet.source_bytes";

/// On a layer that was rounded after training: |w - rounded w| / |w|.
inline constexpr llvm::StringLiteral kErrorAttr = "bitnet.error";

/// On a matmul of several layers: for each of them, in the order of columns, a
/// dictionary of the attributes above, of its `name` and of how many `columns`
/// it has.
inline constexpr llvm::StringLiteral kSegmentsAttr = "bitnet.segments";

/// On a product of activations and constant weights that is no BitLinear layer:
/// a dictionary of `name`, `k`, `n`, `form`, `bits`, `bytes`, `source_bytes`
/// and `reason`.
inline constexpr llvm::StringLiteral kFloatLayerAttr = "bitnet.float_layer";

/// On a function: the dictionaries of its products, which are linalg by now.
inline constexpr llvm::StringLiteral kFloatLayersAttr = "bitnet.float_layers";

/// In the dictionary of a head that was rounded: a dictionary of `type`, and of
/// what bitnet-narrow-head says of its logits: `mean`, `largest`, `logit`.
inline constexpr llvm::StringLiteral kHeadAttr = "head";

/// On a product that computes rows of the last positions alone.
inline constexpr llvm::StringLiteral kLastPositionsAttr =
    "bitnet.last_positions";

/// On the function of a parallel region: what markWork() has said of it.
inline constexpr llvm::StringLiteral kWorkAttr = "bitnet.work";

/// What a parallel region does, for whoever measures it.
struct RegionWork {
  /// As a user would call it: "attention".
  llvm::StringRef kind;
  /// Bytes of weights that it reads, and multiply-adds for each row.
  int64_t bytes = 0, operations = 0;
  /// Whether its only rows are those of the last positions.
  bool isOfLast = false;
};

/// A location that says this as well.
mlir::Location markWork(mlir::Location loc, const RegionWork &work);

/// What markWork() has said, as an attribute; null if nobody has.
mlir::DictionaryAttr getWorkAttr(mlir::Location loc);

/// The attribute's content.
RegionWork getWork(mlir::DictionaryAttr attr);

/// Bytes of a constant that weights are computed from: floats, codes or scales.
/// None of a shape, whose elements are integers of many bits.
int64_t getWeightBytes(mlir::RankedTensorType type);

/// The path of the ONNX node that a location is of, "" if it is of none.
llvm::StringRef getNodePath(mlir::Location loc);

/// The module that a node was computed in: "layers.3.mlp.up_proj" of
/// "layers.3.mlp.up_proj/MatMul" and of "/layers.3/mlp/up_proj/MatMul", the
/// latter being how TorchScript names nodes. A name without slashes stays.
std::string getModuleName(llvm::StringRef nodePath);

} // namespace bitnet

#endif // DIALECTS_BITNET_LAYERATTRS_H
