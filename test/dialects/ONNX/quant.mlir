// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

// The operators of quantization, each as in its documentation.

// CHECK-LABEL: func @dequantize(
// CHECK:         onnx.DequantizeLinear %{{.*}}, %{{.*}} : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
func.func @dequantize(%codes: tensor<256x128xi2>, %scale: tensor<f32>) {
  %dequantizeLinear = onnx.DequantizeLinear %codes, %scale
      : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
  return
}

// CHECK-LABEL: func @quantize(
// CHECK:         onnx.QuantizeLinear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x8xf32>, tensor<f32>, tensor<i8>) -> tensor<2x8xi8>
// CHECK:         onnx.DynamicQuantizeLinear %{{.*}} : (tensor<2x8xf32>) -> (tensor<2x8xui8>, tensor<f32>, tensor<ui8>)
func.func @quantize(%x: tensor<2x8xf32>, %scale: tensor<f32>, %zero: tensor<i8>) {
  %quantizeLinear = onnx.QuantizeLinear %x, %scale, %zero
      : (tensor<2x8xf32>, tensor<f32>, tensor<i8>) -> tensor<2x8xi8>
  %bytes, %byte_scale, %byte_zero = onnx.DynamicQuantizeLinear %x
      : (tensor<2x8xf32>) -> (tensor<2x8xui8>, tensor<f32>, tensor<ui8>)
  return
}

// CHECK-LABEL: func @matmul_integer(
// CHECK:         onnx.MatMulInteger %{{.*}}, %{{.*}} {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<2x16xui8>, tensor<16x8xi8>) -> tensor<2x8xi32>
func.func @matmul_integer(%a: tensor<2x16xui8>, %b: tensor<16x8xi8>) {
  %matMulInteger = onnx.MatMulInteger %a, %b {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<2x16xui8>, tensor<16x8xi8>) -> tensor<2x8xi32>
  return
}
