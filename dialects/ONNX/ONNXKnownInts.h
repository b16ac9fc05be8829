// What is known at compile time of small integer tensors, such as shapes.
#ifndef DIALECTS_ONNX_ONNXKNOWNINTS_H
#define DIALECTS_ONNX_ONNXKNOWNINTS_H

#include "mlir/IR/Value.h"

#include <optional>

namespace bitnet::onnx {

/// One entry per element; an unknown element has no value.
using KnownInts = llvm::SmallVector<std::optional<int64_t>>;

/// Follows shape arithmetic (Shape, Concat, Gather, Mul, ...) backwards to find
/// the elements of an integer tensor of rank 0 or 1 and static size. Nothing
/// for other tensors.
std::optional<KnownInts> getKnownInts(mlir::Value value);

/// The same if every element is known.
std::optional<llvm::SmallVector<int64_t>> getConstantInts(mlir::Value value);

} // namespace bitnet::onnx

#endif // DIALECTS_ONNX_ONNXKNOWNINTS_H
