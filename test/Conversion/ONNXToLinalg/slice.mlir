// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @takes_as_many_positions_as_tokens(
// CHECK-SAME:    %[[TABLE:.*]]: tensor<1x512xi64>, %[[X:.*]]: tensor<1x?xi64>
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         %[[END:.*]] = arith.minsi %[[N]], %c512
// CHECK:         tensor.extract_slice %[[TABLE]][0, 0] [1, %[[END]]] [1, 1]
func.func @takes_as_many_positions_as_tokens(%table: tensor<1x512xi64>, %x: tensor<1x?xi64>) -> tensor<1x?xi64> {
  %n = onnx.Shape %x {start = 1 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.Slice %table, %zero, %n, %one {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  return %y : tensor<1x?xi64>
}

// CHECK-LABEL: func @reads_backwards(
// CHECK:         linalg.generic
// CHECK:           tensor.extract
func.func @reads_backwards(%x: tensor<20xf32>) -> tensor<20xf32> {
  %start = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<-100> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.Slice %x, %start, %end, %axis, %start {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<20xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<20xf32>
  return %y : tensor<20xf32>
}
