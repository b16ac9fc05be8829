// All ops of the dialect, for the generator.
#ifndef ONNX_ALL_OPS_TD
#define ONNX_ALL_OPS_TD

include "dialects/ONNX/ONNXAttentionOps.td"
include "dialects/ONNX/ONNXMathOps.td"
include "dialects/ONNX/ONNXNNOps.td"
include "dialects/ONNX/ONNXQuantOps.td"
include "dialects/ONNX/ONNXTensorOps.td"

#endif // ONNX_ALL_OPS_TD
