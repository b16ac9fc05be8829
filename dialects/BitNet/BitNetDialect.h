// Types, attributes and ops of the `bitnet` dialect.
#ifndef DIALECTS_BITNET_BITNETDIALECT_H
#define DIALECTS_BITNET_BITNETDIALECT_H

#include "dialects/BitNet/PackedLayout.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/BitNet/BitNetDialect.h.inc"

#include "dialects/BitNet/BitNetEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/BitNet/BitNetTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/BitNet/BitNetAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/BitNet/BitNetOps.h.inc"

namespace bitnet {

/// Result shapes of an op whose results have the dynamic sizes of its first
/// operand, dimension by dimension.
llvm::LogicalResult
reifyFromFirstOperand(mlir::Operation *op, mlir::OpBuilder &builder,
                      mlir::ReifiedRankedShapedTypeDims &shapes);

/// Checks that a quantizer's arithmetic is not narrower than its input.
llvm::LogicalResult verifyQuantizer(mlir::Operation *op, mlir::Type input,
                                    QuantizerAttr quantizer);

} // namespace bitnet

#endif // DIALECTS_BITNET_BITNETDIALECT_H
