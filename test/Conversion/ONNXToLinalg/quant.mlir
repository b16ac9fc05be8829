// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[MATRIX:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>

// Codes stay bytes; the float weights are not stored.
// CHECK-LABEL: func @ternary_weights(
// CHECK:         %[[W:.*]] = arith.constant dense<{{\[}}[1, 0], [-1, -2]]> : tensor<2x2xi8>
// CHECK:         linalg.generic {{.*}} ins(%[[W]] : tensor<2x2xi8>)
// CHECK:           arith.sitofp
// CHECK:           arith.mulf
func.func @ternary_weights() -> tensor<2x2xf32> {
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, -2]]> : tensor<2x2xi2>} : () -> tensor<2x2xi2>
  %scale = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %y = onnx.DequantizeLinear %codes, %scale : (tensor<2x2xi2>, tensor<f32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-LABEL: func @scales_of_columns(
// CHECK:         indexing_maps = [#[[MATRIX]], #[[COLUMN]], #[[COLUMN]], #[[MATRIX]]]
// CHECK:         arith.extui %{{.*}} : i8 to i32
// CHECK:         arith.subi
func.func @scales_of_columns(%x: tensor<?x8xui8>, %s: tensor<8xf32>, %z: tensor<8xui8>) -> tensor<?x8xf32> {
  %y = onnx.DequantizeLinear %x, %s, %z : (tensor<?x8xui8>, tensor<8xf32>, tensor<8xui8>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @scales_of_blocks(
// CHECK:         arith.divui %{{.*}}, %c4
// CHECK:         tensor.extract
func.func @scales_of_blocks(%x: tensor<2x8xi8>, %s: tensor<2x2xf32>) -> tensor<2x8xf32> {
  %y = onnx.DequantizeLinear %x, %s {block_size = 4 : i64} : (tensor<2x8xi8>, tensor<2x2xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// CHECK-LABEL: func @quantizes(
// CHECK:         arith.divf
// CHECK:         math.roundeven
// CHECK:         arith.addf
// CHECK:         arith.fptosi %{{.*}} : f32 to i8
func.func @quantizes(%x: tensor<?x8xf32>, %s: tensor<f32>, %z: tensor<i8>) -> tensor<?x8xi8> {
  %y = onnx.QuantizeLinear %x, %s, %z : (tensor<?x8xf32>, tensor<f32>, tensor<i8>) -> tensor<?x8xi8>
  return %y : tensor<?x8xi8>
}

// CHECK-LABEL: func @finds_the_scale(
// CHECK:         arith.divf %{{.*}}, %cst{{.*}} : f32
// CHECK:         arith.fptoui %{{.*}} : f32 to i8
func.func @finds_the_scale(%x: tensor<?xf32>) -> (tensor<?xui8>, tensor<f32>, tensor<ui8>) {
  %q, %s, %z = onnx.DynamicQuantizeLinear %x : (tensor<?xf32>) -> (tensor<?xui8>, tensor<f32>, tensor<ui8>)
  return %q, %s, %z : tensor<?xui8>, tensor<f32>, tensor<ui8>
}
