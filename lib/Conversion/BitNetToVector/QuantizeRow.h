// What a quantizer does with a row, given where its elements come from:
// norm_quantize is the quantizer of a row whose elements are normalized ones.
#ifndef BITNET_LIB_CONVERSION_BITNETTOVECTOR_QUANTIZEROW_H
#define BITNET_LIB_CONVERSION_BITNETTOVECTOR_QUANTIZEROW_H

#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "dialects/BitNet/BitNetDialect.h"

namespace bitnet::rows {

/// Quantizes the elements of a row. Codes are written to `codes`, a 1-D tensor.
/// A NaN is no magnitude, and its code is the quantizer's `low`.
struct QuantizedRow {
  mlir::Value codes, scale;
};
QuantizedRow quantizeRow(mlir::ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                         mlir::Value codes, BlockReader elements);

/// A parallel loop over rows, each of which `body` quantizes. Returns the codes
/// and the scales of all rows.
llvm::SmallVector<mlir::Value> quantizeRows(
    mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<mlir::OpFoldResult> sizes,
    llvm::function_ref<QuantizedRow(mlir::Value row, mlir::Value codes)> body);

} // namespace bitnet::rows

#endif // BITNET_LIB_CONVERSION_BITNETTOVECTOR_QUANTIZEROW_H
