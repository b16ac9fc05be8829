// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @concat(
// CHECK-SAME:    %[[PAST:.*]]: tensor<1x?x8xf32>, %[[NEW:.*]]: tensor<1x?x8xf32>
// CHECK:         %[[A:.*]] = tensor.insert_slice %[[PAST]]
// CHECK:         tensor.insert_slice %[[NEW]] into %[[A]]
func.func @concat(%past: tensor<1x?x8xf32>, %new: tensor<1x?x8xf32>) -> tensor<1x?x8xf32> {
  %y = onnx.Concat %past, %new {axis = 1 : i64} : (tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}

// CHECK-LABEL: func @concat_compares_sizes(
// CHECK:         cf.assert %{{.*}}, "cannot put tensors of different sizes together"
func.func @concat_compares_sizes(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) -> tensor<?x16xf32> {
  %y = onnx.Concat %a, %b {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// CHECK-LABEL: func @split(
// CHECK:         tensor.extract_slice %{{.*}}[0, 0] [%{{.*}}, 32]
// CHECK:         tensor.extract_slice %{{.*}}[0, 32] [%{{.*}}, 16]
func.func @split(%x: tensor<?x48xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>) {
  %n = onnx.Constant {value = dense<[32, 16]> : tensor<2xi64>} : () -> tensor<2xi64>
  %a, %b = onnx.Split %x, %n {axis = -1 : i64}
      : (tensor<?x48xf32>, tensor<2xi64>) -> (tensor<?x32xf32>, tensor<?x16xf32>)
  return %a, %b : tensor<?x32xf32>, tensor<?x16xf32>
}

// CHECK-LABEL: func @expand(
// CHECK:         linalg.generic {{.*}} ins(%{{.*}} : tensor<3x1xf32>) outs(%{{.*}} : tensor<3x4xf32>)
func.func @expand(%x: tensor<3x1xf32>) -> tensor<3x4xf32> {
  %n = onnx.Constant {value = dense<[3, 4]> : tensor<2xi64>} : () -> tensor<2xi64>
  %y = onnx.Expand %x, %n : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Sizes of the same names stay what they are.
// CHECK-LABEL: func @expands_nothing(
// CHECK-SAME:    %[[X:.*]]: tensor<?x1x?xi1>
// CHECK-NEXT:    return %[[X]]
func.func @expands_nothing(%x: tensor<?x1x?xi1> {onnx.dims = ["batch", "", "tokens"]}, %n: tensor<3xi64>) -> tensor<?x1x?xi1> {
  %y = onnx.Expand %x, %n {onnx.dims = [["batch", "", "tokens"]]} : (tensor<?x1x?xi1>, tensor<3xi64>) -> tensor<?x1x?xi1>
  return %y : tensor<?x1x?xi1>
}

// CHECK-LABEL: func @transpose(
// CHECK:         linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
func.func @transpose(%x: tensor<?x?x4x64xf32>) -> tensor<?x4x?x64xf32> {
  %y = onnx.Transpose %x {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x64xf32>) -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// CHECK-LABEL: func @tile(
// CHECK:         cf.assert %{{.*}}, "a number of repeats is negative"
// CHECK:         arith.remui
func.func @tile(%x: tensor<2x3xf32>, %n: tensor<2xi64>) -> tensor<?x?xf32> {
  %y = onnx.Tile %x, %n : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func @triangle(
// CHECK:         arith.cmpi sle
// CHECK:         arith.select
func.func @triangle(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = onnx.Trilu %x {upper = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
