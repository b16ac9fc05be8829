// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @softmax(
// CHECK:         arith.maximumf
// CHECK:         arith.subf
// CHECK:         math.exp
// CHECK:         arith.addf
// CHECK:         arith.divf
func.func @softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = onnx.Softmax %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @log_softmax(
// CHECK:         math.exp
// CHECK:         math.log
func.func @log_softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = onnx.LogSoftmax %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @rms(
// CHECK:         arith.mulf %[[X:.*]], %[[X]]
// CHECK:         arith.divf
// CHECK:         math.sqrt
// CHECK:         arith.divf
// CHECK:         arith.mulf
func.func @rms(%x: tensor<?x?x8xf32>, %s: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %y = onnx.RMSNormalization %x, %s : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @layer(
// CHECK:         arith.subf
// CHECK:         math.sqrt
// CHECK:         arith.mulf
// CHECK:         arith.addf
func.func @layer(%x: tensor<?x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<?x8xf32>, tensor<?x1xf32>) {
  %y, %mean = onnx.LayerNormalization %x, %s, %b
      : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, tensor<?x1xf32>)
  return %y, %mean : tensor<?x8xf32>, tensor<?x1xf32>
}
