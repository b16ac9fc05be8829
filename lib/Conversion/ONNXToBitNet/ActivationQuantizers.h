// Recognises activations that a float model rounds as an integer one would.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_ACTIVATIONQUANTIZERS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_ACTIVATIONQUANTIZERS_H

#include "Match.h"
#include "dialects/BitNet/BitNetDialect.h"

namespace bitnet {

/// x and how it is quantized, where a value is x quantized and scaled back.
struct QuantizedActivations {
  mlir::Value input;
  QuantizerAttr quantizer;
  /// The form's name in the catalogue of BitLinear forms, such as "A2".
  llvm::StringRef form;
};

/// A1: div(clip(round(mul(x, s))), s) with s = limit / max(|x|) for each row.
/// A2: the same, wrapped in a straight-through estimator.
/// A5: one s for all rows, or a limit of 128.
/// A6: codes from 0 up, of x - min(x).
/// A7: s = limit / mean(|x|).
Match<QuantizedActivations> matchQuantizedActivations(mlir::Value value);

/// Integer codes of x, what they were scaled by, and what that comes from.
struct QuantizedCodes {
  QuantizedActivations activations;
  mlir::Value scale;
  mlir::Value magnitude;
};

/// A3: cast(clip(round(mul(x, s)))), as float or as int8.
Match<QuantizedCodes> matchQuantizedCodes(mlir::Value value);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_ACTIVATIONQUANTIZERS_H
