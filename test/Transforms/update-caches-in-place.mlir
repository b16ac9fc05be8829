// RUN: bitnet-opt %s --bitnet-update-caches-in-place --split-input-file | FileCheck %s

// The example of the documentation.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:.*]]: tensor<1x2x3x64xf32>,
// CHECK-SAME:    %[[PAST:.*]]: memref<1x2x?x64xf32> {bitnet.present = {onnx.dims = ["", "", "past + 3", ""], output = 0 : i64}, bitnet.role = "cache", onnx.dims = ["", "", "past", ""]},
// CHECK-SAME:    %[[LENGTH:.*]]: index {bitnet.role = "length"}) {
// CHECK:         %[[CACHE:.*]] = bufferization.to_tensor %[[PAST]] restrict writable
// CHECK:         %[[TOTAL:.*]] = arith.addi %[[LENGTH]], %c3
// CHECK:         %[[CAPACITY:.*]] = tensor.dim %[[CACHE]], %c2
// CHECK:         %[[FITS:.*]] = arith.cmpi ule, %[[TOTAL]], %[[CAPACITY]]
// CHECK:         cf.assert %[[FITS]], "the cache is full"
// CHECK:         %[[FILLED:.*]] = tensor.insert_slice %[[X]] into %[[CACHE]][0, 0, %[[LENGTH]], 0] [1, 2, 3, 64] [1, 1, 1, 1]
// CHECK:         bufferization.materialize_in_destination %[[FILLED]] in restrict writable %[[PAST]]
// CHECK:         return{{$}}
func.func @main(%x: tensor<1x2x3x64xf32>,
    %past: tensor<1x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["", "", "past", ""]})
    -> (tensor<1x2x?x64xf32> {bitnet.role = "present:1", onnx.dims = ["", "", "past + 3", ""]}) {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %next : tensor<1x2x?x64xf32>
}

// -----

// Attention reads what is valid, the length is the argument, other sizes are the buffer's.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[Q:.*]]: tensor<?x2x1x64xf32>, %[[X:.*]]: tensor<?x2x1x64xf32>,
// CHECK-SAME:    %[[PAST:.*]]: memref<?x2x?x64xf32>
// CHECK-SAME:    %[[LENGTH:.*]]: index
// CHECK-SAME:    -> (tensor<?x2x1x64xf32>, index, index)
// CHECK:         %[[BATCH:.*]] = memref.dim %[[PAST]], %c0
// CHECK:         %[[VALID:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 2, %{{.*}}, 64] [1, 1, 1, 1]
// CHECK:         %[[Y:.*]] = bitnet.attention %[[Q]], %[[VALID]], %[[VALID]]
// CHECK:         return %[[Y]], %[[LENGTH]], %[[BATCH]]
func.func @main(%q: tensor<?x2x1x64xf32>, %x: tensor<?x2x1x64xf32>,
    %past: tensor<?x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["batch", "", "past", ""]})
    -> (tensor<?x2x1x64xf32>, tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "1 + past", ""]}, index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %length = tensor.dim %past, %c2 : tensor<?x2x?x64xf32>
  %batch = tensor.dim %past, %c0 : tensor<?x2x?x64xf32>
  %next = bitnet.kv_append %past, %x
      : tensor<?x2x?x64xf32>, tensor<?x2x1x64xf32> -> tensor<?x2x?x64xf32>
  %y = bitnet.attention %q, %next, %next scale 1.250000e-01
      : tensor<?x2x1x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x2x1x64xf32>
  return %y, %next, %length, %batch : tensor<?x2x1x64xf32>, tensor<?x2x?x64xf32>, index, index
}

// -----

// Something else reads the past, too.
// CHECK-LABEL: func.func @main(
// CHECK:         bitnet.kv_append
func.func @main(%x: tensor<1x2x3x64xf32>,
    %past: tensor<1x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["", "", "past", ""]})
    -> (tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past + 3", ""]}, tensor<1x2x?x64xf32>) {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %next, %past : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>
}

// -----

// The length after the step is one that the caller can't compute.
// CHECK-LABEL: func.func @main(
// CHECK:         bitnet.kv_append
func.func @main(%x: tensor<1x2x3x64xf32>,
    %past: tensor<1x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["", "", "past", ""]})
    -> (tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past + more", ""]}) {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %next : tensor<1x2x?x64xf32>
}

// -----

// One cache is two results: it stays a copy.
// CHECK-LABEL: func.func @main(
// CHECK:         bitnet.kv_append
func.func @main(%x: tensor<1x2x3x64xf32>,
    %past: tensor<1x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["", "", "past", ""]})
    -> (tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past + 3", ""]}, tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past + 3", ""]}) {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %next, %next : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>
}
