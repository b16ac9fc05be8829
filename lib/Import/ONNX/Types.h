// ONNX's element types and the types of values, as MLIR types.

#ifndef BITNET_LIB_IMPORT_ONNX_TYPES_H
#define BITNET_LIB_IMPORT_ONNX_TYPES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "onnx/onnx_pb.h"

namespace bitnet::importer {

/// The type of one element of a TensorProto.DataType; null if there is none.
mlir::Type getElementType(int dataType, mlir::MLIRContext &context);

/// The bits of one element in TensorProto.raw_data.
unsigned getElementBits(int dataType);

/// The name of a TensorProto.DataType, or its number.
std::string getDataTypeName(int dataType);

/// The type of a value; null if its rank is unknown. Fails on what is no tensor
/// or has no MLIR type, naming `what`.
mlir::RankedTensorType importType(const ::onnx::TypeProto &type,
                                  const llvm::Twine &what,
                                  mlir::MLIRContext &context);

/// The names of a value's dimensions, "" where static or unnamed.
mlir::ArrayAttr importDims(const ::onnx::TypeProto &type,
                           mlir::MLIRContext &context);

/// The number of elements of a static shape. Fails on negative and absurd ones.
int64_t countElements(llvm::ArrayRef<int64_t> shape, const llvm::Twine &what);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_TYPES_H
