// Attributes of nodes.

#ifndef BITNET_LIB_IMPORT_ONNX_ATTRIBUTES_H
#define BITNET_LIB_IMPORT_ONNX_ATTRIBUTES_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"

#include "onnx/onnx_pb.h"

namespace bitnet::importer {

/// Fails, at `node`, on attributes of types that have no counterpart.
mlir::Attribute importAttribute(const ::onnx::AttributeProto &attribute,
                                const std::string &node,
                                mlir::MLIRContext &context);

/// The value of a `Constant` node, in whichever of its attributes it is.
mlir::ElementsAttr importConstantValue(const ::onnx::NodeProto &node,
                                       mlir::MLIRContext &context);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_ATTRIBUTES_H
