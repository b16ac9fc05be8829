// The function that a model's graph becomes.

#ifndef BITNET_LIB_IMPORT_ONNX_NODES_H
#define BITNET_LIB_IMPORT_ONNX_NODES_H

#include "Model.h"

namespace bitnet::importer {

/// True if the dialect has the node's operator.
bool isSupported(const ::onnx::NodeProto &node, mlir::MLIRContext &context);

/// What diagnostics call a node: its module and operator, or else its name.
std::string getNodePath(const Model &model, const ::onnx::NodeProto &node);

mlir::OwningOpRef<mlir::ModuleOp> buildModule(const Model &model,
                                              mlir::MLIRContext &context);

} // namespace bitnet::importer

#endif // BITNET_LIB_IMPORT_ONNX_NODES_H
