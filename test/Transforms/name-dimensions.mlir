// RUN: bitnet-opt %s --pass-pipeline="builtin.module(func.func(bitnet-name-dimensions))" | FileCheck %s

// The example of the documentation.
// CHECK-LABEL: func @main(
// CHECK:         onnx.Concat {{.*}} {axis = 2 : i64, onnx.dims = {{\[\[}}"", "", "past + seq", ""]]}
// CHECK:         onnx.Range {{.*}} {onnx.dims = {{\[\[}}"past + seq"]]}
func.func @main(%past: tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past", ""]},
                %new: tensor<1x2x?x64xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<?xi64> {
  %all = onnx.Concat %new, %past {axis = 2 : i64, onnx.dims = [["", "", "unk__3", ""]]}
      : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
  %shape = onnx.Shape %all : (tensor<1x2x?x64xf32>) -> tensor<4xi64>
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %length = onnx.Gather %shape, %two {axis = 0 : i64} : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
  %positions = onnx.Range %zero, %length, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %positions : tensor<?xi64>
}

// -1 in a shape stands for what is left, here the number of heads.
// CHECK-LABEL: func @heads(
// CHECK:         onnx.Reshape {{.*}}"batch", "seq", "", ""{{.*}} -> tensor<?x?x4x16xf32>
// CHECK:         onnx.Transpose {{.*}}"batch", "", "seq", ""{{.*}} -> tensor<?x4x?x16xf32>
func.func @heads(%x: tensor<?x?x64xf32> {onnx.dims = ["batch", "seq", ""]}) -> tensor<?x?x?x?xf32> {
  %front = onnx.Shape %x {end = 2 : i64} : (tensor<?x?x64xf32>) -> tensor<2xi64>
  %rest = onnx.Constant {value = dense<[-1, 16]> : tensor<2xi64>} : () -> tensor<2xi64>
  %shape = onnx.Concat %front, %rest {axis = 0 : i64} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %y = onnx.Reshape %x, %shape : (tensor<?x?x64xf32>, tensor<4xi64>) -> tensor<?x?x?x16xf32>
  %z = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x?x16xf32>) -> tensor<?x?x?x16xf32>
  %u = onnx.Relu %z : (tensor<?x?x?x16xf32>) -> tensor<?x?x?x?xf32>
  return %u : tensor<?x?x?x?xf32>
}

// How the TorchScript exporter expands: sizes of -1 become 1.
// CHECK-LABEL: func @expand(
// CHECK:         onnx.Expand {{.*}}"batch", "", "2*seq"{{.*}} -> tensor<?x4x?xf32>
func.func @expand(%x: tensor<?x1x?xf32> {onnx.dims = ["batch", "", "seq + seq"]}, %ids: tensor<?xi64> {onnx.dims = ["seq"]}) -> tensor<?x?x?xf32> {
  %i0 = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %four = onnx.Constant {value = dense<4> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %minus = onnx.Constant {value = dense<-1> : tensor<i64>} : () -> tensor<i64>
  %three = onnx.Constant {value = dense<3> : tensor<1xi64>} : () -> tensor<1xi64>
  %all = onnx.Shape %x : (tensor<?x1x?xf32>) -> tensor<3xi64>
  %batch = onnx.Gather %all, %i0 : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %seq = onnx.Shape %ids : (tensor<?xi64>) -> tensor<1xi64>
  %twice = onnx.Mul %seq, %two : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
  %sizes = onnx.Concat %batch, %four, %twice {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %ones = onnx.ConstantOfShape %three {value = dense<1> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<3xi64>
  %unset = onnx.Mul %ones, %minus : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>
  %is_unset = onnx.Equal %sizes, %unset : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>
  %target = onnx.Where %is_unset, %ones, %sizes : (tensor<3xi1>, tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  %y = onnx.Expand %x, %target : (tensor<?x1x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %z = onnx.Relu %y : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %z : tensor<?x?x?xf32>
}

// Half of a size that is a number is a number.
// CHECK-LABEL: func @constants(
// CHECK:         %[[HALF:.*]] = onnx.Constant {value = dense<32> : tensor<1xi64>}
// CHECK:         onnx.Slice %{{.*}}, %[[HALF]], {{.*}} -> tensor<?x32xf32>
func.func @constants(%x: tensor<?x64xf32> {onnx.dims = ["rows", ""]}) -> tensor<?x?xf32> {
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<1xi64>
  %columns = onnx.Shape %x {start = 1 : i64} : (tensor<?x64xf32>) -> tensor<1xi64>
  %half = onnx.Div %columns, %two : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %y = onnx.Slice %x, %half, %end, %one {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<?x64xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  %z = onnx.Relu %y : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

// The slice may be shorter than its end says: its size is no sum of others.
// CHECK-LABEL: func @slice_that_may_be_cut(
// CHECK:         onnx.Slice {{.*}}"?0"
// CHECK:         onnx.Relu {{.*}}"?0"
func.func @slice_that_may_be_cut(%x: tensor<?xf32> {onnx.dims = ["total"]}, %ids: tensor<?xi64> {onnx.dims = ["seq"]}) -> tensor<?xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %seq = onnx.Shape %ids : (tensor<?xi64>) -> tensor<1xi64>
  %y = onnx.Slice %x, %zero, %seq, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  %z = onnx.Relu %y : (tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// Either may be 1, so the sum has a size of its own; the model has a name.
// CHECK-LABEL: func @broadcast_of_two_sizes(
// CHECK:         onnx.Add {{.*}}"both"
func.func @broadcast_of_two_sizes(%x: tensor<?xf32> {onnx.dims = ["a"]}, %y: tensor<?xf32> {onnx.dims = ["b"]}) -> tensor<?xf32> {
  %z = onnx.Add %x, %y {onnx.dims = [["both"]]} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// A name that is no expression stays as it is.
// CHECK-LABEL: func @odd_names(
// CHECK:         onnx.Relu {{.*}}"batch / 2", "b - 1", "3*a*b"
func.func @odd_names(%x: tensor<?x?x?xf32> {onnx.dims = ["batch / 2", "-1 + b", "b*a*3"]}) -> tensor<?x?x?xf32> {
  %z = onnx.Relu %x : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %z : tensor<?x?x?xf32>
}

// A cache that is returned has the length that the inputs say, whatever the
// model calls it; what depends on data keeps its name.
// CHECK-LABEL: func @results(
// CHECK-SAME:    -> (tensor<1x?xf32> {onnx.dims = ["", "past + seq"]}, tensor<?xf32> {onnx.dims = ["count"]})
func.func @results(%past: tensor<1x?xf32> {onnx.dims = ["", "past"]}, %x: tensor<1x?xf32> {onnx.dims = ["", "seq"]}, %n: tensor<1xi64>)
    -> (tensor<1x?xf32> {onnx.dims = ["", "total"]}, tensor<?xf32> {onnx.dims = ["count"]}) {
  %zero = onnx.Constant {value = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %y = onnx.Concat %past, %x {axis = 1 : i64} : (tensor<1x?xf32>, tensor<1x?xf32>) -> tensor<1x?xf32>
  %z = onnx.Expand %zero, %n : (tensor<1xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %y, %z : tensor<1x?xf32>, tensor<?xf32>
}

// Ranges and axes that depend on data say nothing.
// CHECK-LABEL: func @data(
// CHECK:         onnx.Slice {{.*}}"?0", "?1"
// CHECK:         onnx.ReduceMax {{.*}}"?2", "?3"
func.func @data(%x: tensor<?x?xf32> {onnx.dims = ["a", "b"]}, %two: tensor<2xi64>, %one: tensor<1xi64>) -> tensor<?x?xf32> {
  %y = onnx.Slice %x, %two, %two {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<?x?xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  %z = onnx.ReduceMax %x, %one : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  %sum = onnx.Add %y, %z : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %sum : tensor<?x?xf32>
}
