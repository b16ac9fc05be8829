// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Shape arithmetic leaves nothing but scalars.
// CHECK-LABEL: func @shape_of_heads(
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x256xf32>
// CHECK-NOT:     tensor.from_elements
// CHECK-NOT:     linalg.generic
// CHECK:         %[[BATCH:.*]] = tensor.dim %[[X]], %c0
// CHECK:         %[[TOKENS:.*]] = tensor.dim %[[X]], %c1
// CHECK:         %[[DOUBLE:.*]] = arith.muli %[[TOKENS]], %c2 : index
// CHECK:         linalg.fill
func.func @shape_of_heads(%x: tensor<?x?x256xf32>) -> tensor<?x?x1xf32> {
  %shape = onnx.Shape %x : (tensor<?x?x256xf32>) -> tensor<3xi64>
  %i0 = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %i1 = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %batch = onnx.Gather %shape, %i0 : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %tokens = onnx.Gather %shape, %i1 : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %double = onnx.Mul %tokens, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %a = onnx.Unsqueeze %batch, %axes : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %b = onnx.Unsqueeze %double, %axes : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %all = onnx.Concat %a, %b, %one {axis = 0 : i64}
      : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %y = onnx.ConstantOfShape %all : (tensor<3xi64>) -> tensor<?x?x1xf32>
  return %y : tensor<?x?x1xf32>
}

// CHECK-LABEL: func @counts(
// CHECK-SAME:    %[[X:.*]]: tensor<?xf32>
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         tensor.empty(%[[N]]) : tensor<?xi64>
// CHECK:         linalg.index 0
func.func @counts(%x: tensor<?xf32>) -> tensor<?xi64> {
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %n = onnx.Size %x : (tensor<?xf32>) -> tensor<i64>
  %y = onnx.Range %zero, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// CHECK-LABEL: func @checks_the_step(
// CHECK:         cf.assert %{{.*}}, "delta is zero"
func.func @checks_the_step(%a: tensor<i64>, %b: tensor<i64>, %d: tensor<i64>) -> tensor<?xi64> {
  %y = onnx.Range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}
