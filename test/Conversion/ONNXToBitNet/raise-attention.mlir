// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// CHECK-LABEL: func @attention(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[K:.*]]: tensor<2x2x8x64xf32>, %[[V:.*]]: tensor<2x2x8x64xf32>, %[[MASK:.*]]: tensor<2x1x3x8xi1>
// CHECK-NEXT:    bitnet.attention %[[Q]], %[[K]], %[[V]] mask %[[MASK]] : tensor<2x1x3x8xi1> scale 2.500000e-01
func.func @attention(%q: tensor<2x4x3x64xf32>, %k: tensor<2x2x8x64xf32>, %v: tensor<2x2x8x64xf32>,
                     %mask: tensor<2x1x3x8xi1>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %v, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 0.25 : f32}
      : (tensor<2x4x3x64xf32>, tensor<2x2x8x64xf32>, tensor<2x2x8x64xf32>, tensor<2x1x3x8xi1>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// The default scale is 1 / sqrt(64).
// CHECK-LABEL: func @attention_without_mask(
// CHECK:         bitnet.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.250000e-01
func.func @attention_without_mask(%q: tensor<2x4x3x64xf32>, %k: tensor<2x4x8x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x8x64xf32>, tensor<2x4x8x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// How PyTorch repeats each head of a cache for its group of queries.
// CHECK-LABEL: func @grouped_heads(
// CHECK:         %[[K:.*]] = bitnet.kv_append
// CHECK-NOT:     onnx.Expand
// CHECK:         bitnet.attention %{{.*}}, %[[K]], %[[K]] scale
func.func @grouped_heads(%q: tensor<?x4x?x64xf32> {onnx.dims = ["batch", "", "sequence", ""]},
                         %past: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "past", ""]},
                         %new: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "sequence", ""]},
                         %wide: tensor<5xi64>, %flat: tensor<4xi64>) -> (tensor<?x4x?x64xf32>, tensor<?x2x?x64xf32>) {
  %axes = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %k = onnx.Concat %past, %new {axis = -2 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]}
      : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  %u = onnx.Unsqueeze %k, %axes {onnx.dims = [["batch", "", "", "past + sequence", ""]]}
      : (tensor<?x2x?x64xf32>, tensor<1xi64>) -> tensor<?x2x1x?x64xf32>
  %e = onnx.Expand %u, %wide {onnx.dims = [["batch", "", "", "past + sequence", ""]]}
      : (tensor<?x2x1x?x64xf32>, tensor<5xi64>) -> tensor<?x2x2x?x64xf32>
  %r = onnx.Reshape %e, %flat {allowzero = 1 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]}
      : (tensor<?x2x2x?x64xf32>, tensor<4xi64>) -> tensor<?x4x?x64xf32>
  %y = onnx.Attention %q, %r, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>) -> tensor<?x4x?x64xf32>
  return %y, %k : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf32>
}

// The whole cache is repeated behind itself: query head h reads h modulo 2.
// CHECK-LABEL: func @keeps_repeat_of_all_heads(
// CHECK:         %[[R:.*]] = onnx.Reshape
// CHECK:         bitnet.attention %{{.*}}, %[[R]], %[[R]]
func.func @keeps_repeat_of_all_heads(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x8x64xf32>) -> tensor<1x4x3x64xf32> {
  %axes = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %wide = onnx.Constant {value = dense<[1, 2, 2, 8, 64]> : tensor<5xi64>} : () -> tensor<5xi64>
  %flat = onnx.Constant {value = dense<[1, 4, 8, 64]> : tensor<4xi64>} : () -> tensor<4xi64>
  %u = onnx.Unsqueeze %k, %axes : (tensor<1x2x8x64xf32>, tensor<1xi64>) -> tensor<1x1x2x8x64xf32>
  %e = onnx.Expand %u, %wide : (tensor<1x1x2x8x64xf32>, tensor<5xi64>) -> tensor<1x2x2x8x64xf32>
  %r = onnx.Reshape %e, %flat : (tensor<1x2x2x8x64xf32>, tensor<4xi64>) -> tensor<1x4x8x64xf32>
  %y = onnx.Attention %q, %r, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x3x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// The batch is repeated along with the heads.
// CHECK-LABEL: func @keeps_repeat_of_batch(
// CHECK:         %[[R:.*]] = onnx.Reshape
// CHECK:         bitnet.attention %{{.*}}, %[[R]], %[[R]]
func.func @keeps_repeat_of_batch(%q: tensor<3x4x3x64xf32>, %k: tensor<1x2x8x64xf32>) -> tensor<3x4x3x64xf32> {
  %axes = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %wide = onnx.Constant {value = dense<[3, 2, 2, 8, 64]> : tensor<5xi64>} : () -> tensor<5xi64>
  %flat = onnx.Constant {value = dense<[3, 4, 8, 64]> : tensor<4xi64>} : () -> tensor<4xi64>
  %u = onnx.Unsqueeze %k, %axes : (tensor<1x2x8x64xf32>, tensor<1xi64>) -> tensor<1x2x1x8x64xf32>
  %e = onnx.Expand %u, %wide : (tensor<1x2x1x8x64xf32>, tensor<5xi64>) -> tensor<3x2x2x8x64xf32>
  %r = onnx.Reshape %e, %flat : (tensor<3x2x2x8x64xf32>, tensor<4xi64>) -> tensor<3x4x8x64xf32>
  %y = onnx.Attention %q, %r, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<3x4x3x64xf32>, tensor<3x4x8x64xf32>, tensor<3x4x8x64xf32>) -> tensor<3x4x3x64xf32>
  return %y : tensor<3x4x3x64xf32>
}

// Only keys are repeated.
// CHECK-LABEL: func @keeps_repeat_of_keys_alone(
// CHECK:         %[[R:.*]] = onnx.Reshape
// CHECK:         bitnet.attention %{{.*}}, %[[R]], %{{.*}} scale
func.func @keeps_repeat_of_keys_alone(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x8x64xf32>, %v: tensor<1x4x8x64xf32>) -> tensor<1x4x3x64xf32> {
  %axes = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %wide = onnx.Constant {value = dense<[1, 2, 2, 8, 64]> : tensor<5xi64>} : () -> tensor<5xi64>
  %flat = onnx.Constant {value = dense<[1, 4, 8, 64]> : tensor<4xi64>} : () -> tensor<4xi64>
  %u = onnx.Unsqueeze %k, %axes : (tensor<1x2x8x64xf32>, tensor<1xi64>) -> tensor<1x2x1x8x64xf32>
  %e = onnx.Expand %u, %wide : (tensor<1x2x1x8x64xf32>, tensor<5xi64>) -> tensor<1x2x2x8x64xf32>
  %r = onnx.Reshape %e, %flat : (tensor<1x2x2x8x64xf32>, tensor<4xi64>) -> tensor<1x4x8x64xf32>
  %y = onnx.Attention %q, %r, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x3x64xf32>, tensor<1x4x8x64xf32>, tensor<1x4x8x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_capped_scores(
// CHECK:         onnx.Attention
func.func @keeps_capped_scores(%q: tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, softcap = 30.0 : f32}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// Nobody says that keys and values have one length.
// CHECK-LABEL: func @keeps_lengths_that_may_differ(
// CHECK:         onnx.Attention
func.func @keeps_lengths_that_may_differ(%q: tensor<2x4x3x64xf32>, %k: tensor<2x4x?x64xf32>, %v: tensor<2x4x?x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// Nobody says that the mask is as long as the keys: a shorter one hides some.
// CHECK-LABEL: func @keeps_mask_that_may_be_shorter(
// CHECK:         onnx.Attention
func.func @keeps_mask_that_may_be_shorter(%q: tensor<2x4x3x64xf32>, %mask: tensor<2x1x3x?xi1>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x3x?xi1>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

//===----------------------------------------------------------------------===//
// Primitive ops
//===----------------------------------------------------------------------===//

// Half of the scale is at the queries, half at the keys, as PyTorch before
// opset 23 has it, and rows of NaN become zeros.
// CHECK-LABEL: func @primitive(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[K:.*]]: tensor<2x4x8x64xf32>, %[[V:.*]]: tensor<2x4x8x64xf32>, %[[MASK:.*]]: tensor<2x1x3x8xi1>
// CHECK-NEXT:    %[[Y:.*]] = bitnet.attention %[[Q]], %[[K]], %[[V]] mask %[[MASK]] : tensor<2x1x3x8xi1> scale 2.500000e-01
// CHECK-NEXT:    return %[[Y]]
func.func @primitive(%q: tensor<2x4x3x64xf32>, %k: tensor<2x4x8x64xf32>, %v: tensor<2x4x8x64xf32>,
                     %mask: tensor<2x1x3x8xi1>) -> tensor<2x4x3x64xf32> {
  %half = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %hidden = onnx.Constant {value = dense<0xFF800000> : tensor<f32>} : () -> tensor<f32>
  %sq = onnx.Mul %q, %half : (tensor<2x4x3x64xf32>, tensor<f32>) -> tensor<2x4x3x64xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x8x64xf32>) -> tensor<2x4x64x8xf32>
  %sk = onnx.Mul %kt, %half : (tensor<2x4x64x8xf32>, tensor<f32>) -> tensor<2x4x64x8xf32>
  %bias = onnx.Where %mask, %zero, %hidden : (tensor<2x1x3x8xi1>, tensor<f32>, tensor<f32>) -> tensor<2x1x3x8xf32>
  %scores = onnx.MatMul %sq, %sk : (tensor<2x4x3x64xf32>, tensor<2x4x64x8xf32>) -> tensor<2x4x3x8xf32>
  %masked = onnx.Add %scores, %bias : (tensor<2x4x3x8xf32>, tensor<2x1x3x8xf32>) -> tensor<2x4x3x8xf32>
  %p = onnx.Softmax %masked : (tensor<2x4x3x8xf32>) -> tensor<2x4x3x8xf32>
  %nan = onnx.IsNaN %p : (tensor<2x4x3x8xf32>) -> tensor<2x4x3x8xi1>
  %guarded = onnx.Where %nan, %zero, %p : (tensor<2x4x3x8xi1>, tensor<f32>, tensor<2x4x3x8xf32>) -> tensor<2x4x3x8xf32>
  %y = onnx.MatMul %guarded, %v : (tensor<2x4x3x8xf32>, tensor<2x4x8x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// One transpose makes heads and columns of keys.
// CHECK-LABEL: func @keys_of_positions(
// CHECK-SAME:    %[[Q:.*]]: tensor<1x4x3x64xf32>, %[[K:.*]]: tensor<1x8x4x64xf32>, %[[V:.*]]: tensor<1x4x8x64xf32>
// CHECK-NEXT:    %[[HEADS:.*]] = onnx.Transpose %[[K]] {{{.*}}perm = array<i64: 0, 2, 1, 3>} : (tensor<1x8x4x64xf32>) -> tensor<1x4x8x64xf32>
// CHECK-NEXT:    bitnet.attention %[[Q]], %[[HEADS]], %[[V]] scale 1.250000e-01
func.func @keys_of_positions(%q: tensor<1x4x3x64xf32>, %k: tensor<1x8x4x64xf32>, %v: tensor<1x4x8x64xf32>) -> tensor<1x4x3x64xf32> {
  %eight = onnx.Constant {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x8x4x64xf32>) -> tensor<1x4x64x8xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x8xf32>) -> tensor<1x4x3x8xf32>
  %scaled = onnx.Div %scores, %eight : (tensor<1x4x3x8xf32>, tensor<f32>) -> tensor<1x4x3x8xf32>
  %p = onnx.Softmax %scaled {axis = 3 : i64} : (tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  %y = onnx.MatMul %p, %v : (tensor<1x4x3x8xf32>, tensor<1x4x8x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_softmax_over_queries(
// CHECK:         onnx.Softmax
func.func @keeps_softmax_over_queries(%q: tensor<1x4x3x64xf32>) -> tensor<1x4x3x64xf32> {
  %kt = onnx.Transpose %q {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x3x64xf32>) -> tensor<1x4x64x3xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x3xf32>) -> tensor<1x4x3x3xf32>
  %p = onnx.Softmax %scores {axis = 2 : i64} : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %y = onnx.MatMul %p, %q : (tensor<1x4x3x3xf32>, tensor<1x4x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// Masks are scaled, too.
// CHECK-LABEL: func @keeps_scaled_mask(
// CHECK:         onnx.Softmax
func.func @keeps_scaled_mask(%q: tensor<1x4x3x64xf32>, %mask: tensor<3x3xf32>) -> tensor<1x4x3x64xf32> {
  %half = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %kt = onnx.Transpose %q {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x3x64xf32>) -> tensor<1x4x64x3xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x3xf32>) -> tensor<1x4x3x3xf32>
  %masked = onnx.Add %scores, %mask : (tensor<1x4x3x3xf32>, tensor<3x3xf32>) -> tensor<1x4x3x3xf32>
  %scaled = onnx.Mul %masked, %half : (tensor<1x4x3x3xf32>, tensor<f32>) -> tensor<1x4x3x3xf32>
  %p = onnx.Softmax %scaled : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %y = onnx.MatMul %p, %q : (tensor<1x4x3x3xf32>, tensor<1x4x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}
