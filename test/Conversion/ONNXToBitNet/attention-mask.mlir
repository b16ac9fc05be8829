// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s


// CHECK-LABEL: func @added_mask(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[MASK:.*]]: tensor<2x1x3x3xf32>
// CHECK-NEXT:    bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[MASK]] : tensor<2x1x3x3xf32>
func.func @added_mask(%q: tensor<2x4x3x64xf32>, %mask: tensor<2x1x3x3xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x3x3xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @mask_for_all_queries(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[MASK:.*]]: tensor<2x1x1x3xi1>
// CHECK-NEXT:    bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[MASK]] : tensor<2x1x1x3xi1>
func.func @mask_for_all_queries(%q: tensor<2x4x3x64xf32>, %mask: tensor<2x1x1x3xi1>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x1x3xi1>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// A mask for all of a batch.
// CHECK-LABEL: func @mask_of_two_dimensions(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[MASK:.*]]: tensor<3x3xi1>
// CHECK:         %[[WIDE:.*]] = onnx.Unsqueeze %[[MASK]], %{{.*}} -> tensor<1x1x3x3xi1>
// CHECK-NEXT:    bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[WIDE]] : tensor<1x1x3x3xi1>
func.func @mask_of_two_dimensions(%q: tensor<2x4x3x64xf32>, %mask: tensor<3x3xi1>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<3x3xi1>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// Scores of a causal mask that is true where a key is hidden, and of padding
// that is added: a sum of a very low number hides, but means something where
// every key is hidden.
// CHECK-LABEL: func @several_masks(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[LATER:.*]]: tensor<3x3xi1>, %[[PADDING:.*]]: tensor<2x1x1x3xf32>
// CHECK:         %[[UNSQUEEZED:.*]] = onnx.Unsqueeze %[[LATER]]
// CHECK:         %[[SEEN:.*]] = onnx.Not %[[UNSQUEEZED]]
// CHECK:         %[[MASK:.*]] = onnx.Where %[[SEEN]], %[[PADDING]], %{{.*}} -> tensor<2x1x3x3xf32>
// CHECK:         bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[MASK]] : tensor<2x1x3x3xf32> scale 1.0
func.func @several_masks(%q: tensor<2x4x3x64xf32>, %later: tensor<3x3xi1>, %padding: tensor<2x1x1x3xf32>) -> tensor<2x4x3x64xf32> {
  %hidden = onnx.Constant {value = dense<0xFF800000> : tensor<f32>} : () -> tensor<f32>
  %kt = onnx.Transpose %q {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x3x64xf32>) -> tensor<2x4x64x3xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<2x4x3x64xf32>, tensor<2x4x64x3xf32>) -> tensor<2x4x3x3xf32>
  %causal = onnx.Where %later, %hidden, %scores : (tensor<3x3xi1>, tensor<f32>, tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  %masked = onnx.Add %padding, %causal : (tensor<2x1x1x3xf32>, tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  %p = onnx.Softmax %masked : (tensor<2x4x3x3xf32>) -> tensor<2x4x3x3xf32>
  %y = onnx.MatMul %p, %q : (tensor<2x4x3x3xf32>, tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// A fill that is a number: a query that sees no key attends to all alike.
// CHECK-LABEL: func @lowest_number(
// CHECK-SAME:    %[[Q:.*]]: tensor<1x4x3x64xf32>, %[[SEEN:.*]]: tensor<1x1x3x3xi1>
// CHECK-DAG:     %[[ZERO:.*]] = onnx.Constant {{.*}}dense<0.000000e+00>
// CHECK-DAG:     %[[LOW:.*]] = onnx.Constant {{.*}}dense<-3.40282347E+38>
// CHECK:         %[[MASK:.*]] = onnx.Where %[[SEEN]], %[[ZERO]], %[[LOW]]
// CHECK:         bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[MASK]] : tensor<1x1x3x3xf32>
func.func @lowest_number(%q: tensor<1x4x3x64xf32>, %seen: tensor<1x1x3x3xi1>) -> tensor<1x4x3x64xf32> {
  %low = onnx.Constant {value = dense<0xFF7FFFFF> : tensor<f32>} : () -> tensor<f32>
  %kt = onnx.Transpose %q {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x3x64xf32>) -> tensor<1x4x64x3xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x3xf32>) -> tensor<1x4x3x3xf32>
  %masked = onnx.Where %seen, %scores, %low : (tensor<1x1x3x3xi1>, tensor<1x4x3x3xf32>, tensor<f32>) -> tensor<1x4x3x3xf32>
  %p = onnx.Softmax %masked : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %y = onnx.MatMul %p, %q : (tensor<1x4x3x3xf32>, tensor<1x4x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// Nobody says that the mask is as long as the keys: it is compared at run time.
// CHECK-LABEL: func @mask_of_unknown_length(
// CHECK-SAME:    %[[Q:.*]]: tensor<1x4x3x64xf32>, %[[K:.*]]: tensor<1x4x?x64xf32> {{{.*}}}, %[[MASK:.*]]: tensor<1x1x1x?xf32>
// CHECK-DAG:     %[[LENGTH:.*]] = onnx.Shape %[[K]] {end = 3 : i64, start = 2 : i64}
// CHECK:         %[[SIZES:.*]] = onnx.Concat %{{.*}}, %{{.*}}, %{{.*}}, %[[LENGTH]]
// CHECK:         %[[WIDE:.*]] = onnx.Expand %[[MASK]], %[[SIZES]]
// CHECK:         bitnet.attention %[[Q]], %[[K]], %[[K]] mask %[[WIDE]] : tensor<1x1x1x?xf32>
func.func @mask_of_unknown_length(%q: tensor<1x4x3x64xf32>, %k: tensor<1x4x?x64xf32> {onnx.dims = ["", "", "length", ""]},
                                  %mask: tensor<1x1x1x?xf32>) -> tensor<1x4x3x64xf32> {
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x?x64xf32>) -> tensor<1x4x64x?xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x?xf32>) -> tensor<1x4x3x?xf32>
  %masked = onnx.Add %scores, %mask : (tensor<1x4x3x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x4x3x?xf32>
  %p = onnx.Softmax %masked : (tensor<1x4x3x?xf32>) -> tensor<1x4x3x?xf32>
  %y = onnx.MatMul %p, %k : (tensor<1x4x3x?xf32>, tensor<1x4x?x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// A small number does not hide anything.
// CHECK-LABEL: func @keeps_small_fill(
// CHECK:         onnx.Softmax
func.func @keeps_small_fill(%q: tensor<1x4x3x64xf32>, %seen: tensor<1x1x3x3xi1>) -> tensor<1x4x3x64xf32> {
  %low = onnx.Constant {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %kt = onnx.Transpose %q {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x4x3x64xf32>) -> tensor<1x4x64x3xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<1x4x3x64xf32>, tensor<1x4x64x3xf32>) -> tensor<1x4x3x3xf32>
  %masked = onnx.Where %seen, %scores, %low : (tensor<1x1x3x3xi1>, tensor<1x4x3x3xf32>, tensor<f32>) -> tensor<1x4x3x3xf32>
  %p = onnx.Softmax %masked : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  %y = onnx.MatMul %p, %q : (tensor<1x4x3x3xf32>, tensor<1x4x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}
