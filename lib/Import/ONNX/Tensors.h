// Tensors of the model as attributes.

#ifndef BITNET_LIB_IMPORT_ONNX_TENSORS_H
#define BITNET_LIB_IMPORT_ONNX_TENSORS_H

#include "Model.h"

#include "mlir/IR/BuiltinAttributeInterfaces.h"

namespace bitnet::importer {

/// How many bytes of raw_data a tensor of these dimensions and this type has.
/// Fails on dimensions and types that no tensor can have.
size_t countBytes(const ::onnx::TensorProto &tensor);

/// `dense`, or `dense_resource` with a copy of the bytes if there are many.
mlir::ElementsAttr importTensor(const ::onnx::TensorProto &tensor,
                                mlir::MLIRContext &context);

/// `dense_resource` of the bytes in the file, which stays mapped.
mlir::ElementsAttr importTensor(const LargeTensor &tensor,
                                mlir::MLIRContext &context);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_TENSORS_H
