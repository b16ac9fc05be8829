// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Passes that merge twice as many positions each; three for 8 elements.
// CHECK-LABEL: func @sorts_and_takes(
// CHECK-DAG:     %[[PASSES:.*]] = arith.constant 3 : index
// CHECK:         scf.for
// CHECK:           scf.for %{{.*}} to %[[PASSES]]
// CHECK:             scf.for
// CHECK:               arith.cmpf ogt
// CHECK:           scf.for
// CHECK:             arith.index_cast %{{.*}} : index to i64
// CHECK:         return %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<2x3xi64>
func.func @sorts_and_takes(%x: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>) {
  %k = onnx.Constant {value = dense<3> : tensor<1xi64>} : () -> tensor<1xi64>
  %y, %at = onnx.TopK %x, %k : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
  return %y, %at : tensor<2x3xf32>, tensor<2x3xi64>
}

// CHECK-LABEL: func @checks_how_many(
// CHECK:         cf.assert %{{.*}}, "there are fewer elements than are to be taken"
// CHECK:         math.ctlz
// CHECK:         arith.cmpi ult
func.func @checks_how_many(%x: tensor<?xui8>, %k: tensor<1xi64>) -> tensor<?xui8> {
  %y, %at = onnx.TopK %x, %k {largest = 0 : i64}
      : (tensor<?xui8>, tensor<1xi64>) -> (tensor<?xui8>, tensor<?xi64>)
  return %y : tensor<?xui8>
}

// CHECK-LABEL: func @turns_the_axis_to_the_end(
// CHECK:         linalg.transpose {{.*}} permutation = [2, 1, 0]
// CHECK:         linalg.transpose {{.*}} permutation = [2, 1, 0]
func.func @turns_the_axis_to_the_end(%x: tensor<8x2x3xf32>) -> tensor<4x2x3xf32> {
  %k = onnx.Constant {value = dense<4> : tensor<1xi64>} : () -> tensor<1xi64>
  %y, %at = onnx.TopK %x, %k {axis = 0 : i64}
      : (tensor<8x2x3xf32>, tensor<1xi64>) -> (tensor<4x2x3xf32>, tensor<4x2x3xi64>)
  return %y : tensor<4x2x3xf32>
}
