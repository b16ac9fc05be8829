// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @largest(
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]
// CHECK:           arith.maximumf
// CHECK:         tensor.expand_shape
func.func @largest(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.ReduceMax %x, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func @mean(
// CHECK:         arith.addf
// CHECK:         arith.divf %{{.*}}, %cst{{.*}} : f32
func.func @mean(%x: tensor<?x8xf32>) -> tensor<?xf32> {
  %axes = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.ReduceMean %x, %axes {keepdims = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Halves are summed in single precision.
// CHECK-LABEL: func @sum_of_halves(
// CHECK:         arith.extf
// CHECK:         arith.addf %{{.*}} : f32
// CHECK:         arith.truncf
func.func @sum_of_halves(%x: tensor<8xf16>) -> tensor<f16> {
  %y = onnx.ReduceSum %x {keepdims = 0 : i64} : (tensor<8xf16>) -> tensor<f16>
  return %y : tensor<f16>
}

// CHECK-LABEL: func @position_of_largest(
// CHECK:         cf.assert %{{.*}}, "there is no element to choose"
// CHECK:         arith.cmpf ogt
func.func @position_of_largest(%x: tensor<4x?xf32>) -> tensor<4xi64> {
  %y = onnx.ArgMax %x {axis = 1 : i64, keepdims = 0 : i64} : (tensor<4x?xf32>) -> tensor<4xi64>
  return %y : tensor<4xi64>
}

// CHECK-LABEL: func @running_sum(
// CHECK:         scf.for
// CHECK:           arith.addi
func.func @running_sum(%x: tensor<?x20xi64>) -> tensor<?x20xi64> {
  %axis = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %y = onnx.CumSum %x, %axis : (tensor<?x20xi64>, tensor<i64>) -> tensor<?x20xi64>
  return %y : tensor<?x20xi64>
}
