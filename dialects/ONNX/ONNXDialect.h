// Ops and interfaces of the `onnx` dialect.
#ifndef DIALECTS_ONNX_ONNXDIALECT_H
#define DIALECTS_ONNX_ONNXDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace bitnet::onnx {

/// Compares the declared result types of `op` with those it infers.
llvm::LogicalResult verifyResultTypes(mlir::Operation *op);

/// See ONNXDialect.td.
template <typename OpTy>
struct Elementwise : mlir::OpTrait::TraitBase<OpTy, Elementwise> {};

} // namespace bitnet::onnx

#include "dialects/ONNX/ONNXDialect.h.inc"

#include "dialects/ONNX/ONNXInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.h.inc"

#endif // DIALECTS_ONNX_ONNXDIALECT_H
