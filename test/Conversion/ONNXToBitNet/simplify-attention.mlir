// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @causal(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[K:.*]]: tensor<2x4x8x64xf32>
// CHECK-DAG:     %[[COLUMNS:.*]] = onnx.Range {{.*}} -> tensor<8xi64>
// CHECK-DAG:     %[[ROWS:.*]] = onnx.Range {{.*}} -> tensor<3xi64>
// CHECK-DAG:     %[[J:.*]] = onnx.Unsqueeze %[[COLUMNS]], {{.*}} -> tensor<1x1x1x8xi64>
// CHECK-DAG:     %[[I:.*]] = onnx.Unsqueeze %[[ROWS]], {{.*}} -> tensor<1x1x3x1xi64>
// CHECK:         %[[SEEN:.*]] = onnx.LessOrEqual %[[J]], %[[I]] {{.*}} -> tensor<1x1x3x8xi1>
// CHECK:         bitnet.attention %[[Q]], %[[K]], %[[K]] mask %[[SEEN]] :
func.func @causal(%q: tensor<2x4x3x64xf32>, %k: tensor<2x4x8x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, is_causal = 1 : i64}
      : (tensor<2x4x3x64xf32>, tensor<2x4x8x64xf32>, tensor<2x4x8x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// The mask that is given hides some keys, too.
// CHECK-LABEL: func @causal_and_added(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[BIAS:.*]]: tensor<2x1x1x3xf32>
// CHECK:         %[[SEEN:.*]] = onnx.LessOrEqual
// CHECK:         %[[MASK:.*]] = onnx.Where %[[SEEN]], %[[BIAS]], %{{.*}} -> tensor<2x1x3x3xf32>
// CHECK:         bitnet.attention %[[Q]], %[[Q]], %[[Q]] mask %[[MASK]] :
func.func @causal_and_added(%q: tensor<2x4x3x64xf32>, %bias: tensor<2x1x1x3xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %bias {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, is_causal = 1 : i64}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x1x3xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// Caches longer than what is in them: the last query sees the last key.
// CHECK-LABEL: func @lengths(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x3x64xf32>, %[[K:.*]]: tensor<2x4x8x64xf32>, %[[LENGTHS:.*]]: tensor<2xi64>
// CHECK:         %[[WIDE:.*]] = onnx.Unsqueeze %[[LENGTHS]], {{.*}} -> tensor<2x1x1x1xi64>
// CHECK:         %[[PRESENT:.*]] = onnx.Less %[[J:.*]], %[[WIDE]]
// CHECK:         %[[OFFSET:.*]] = onnx.Sub %[[WIDE]], %{{.*}}
// CHECK:         %[[LAST:.*]] = onnx.Add %{{.*}}, %[[OFFSET]] {{.*}} -> tensor<2x1x3x1xi64>
// CHECK:         %[[EARLIER:.*]] = onnx.LessOrEqual %[[J]], %[[LAST]]
// CHECK:         %[[SEEN:.*]] = onnx.And %[[PRESENT]], %[[EARLIER]] {{.*}} -> tensor<2x1x3x8xi1>
// CHECK:         bitnet.attention %[[Q]], %[[K]], %[[K]] mask %[[SEEN]] :
func.func @lengths(%q: tensor<2x4x3x64xf32>, %k: tensor<2x4x8x64xf32>, %lengths: tensor<2xi64>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %k, %lengths {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>, is_causal = 1 : i64}
      : (tensor<2x4x3x64xf32>, tensor<2x4x8x64xf32>, tensor<2x4x8x64xf32>, tensor<2xi64>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_causal_attention_of_unknown_length(
// CHECK:         onnx.Attention
func.func @keeps_causal_attention_of_unknown_length(%q: tensor<2x4x?x64xf32>) -> tensor<2x4x?x64xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, is_causal = 1 : i64}
      : (tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>, tensor<2x4x?x64xf32>) -> tensor<2x4x?x64xf32>
  return %y : tensor<2x4x?x64xf32>
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @cache(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x4x?x64xf32> {{{.*}}}, %[[X:.*]]: tensor<2x2x?x64xf32> {{{.*}}}, %[[PAST:.*]]: tensor<2x2x?x64xf32>
// CHECK:         %[[SEEN:.*]] = onnx.LessOrEqual {{.*}}"seq", "past + seq"{{.*}} -> tensor<1x1x?x?xi1>
// CHECK:         %[[K:.*]] = bitnet.kv_append %[[PAST]], %[[X]] {onnx.dims = {{\[\[}}"", "", "past + seq", ""]]}
// CHECK:         %[[Y:.*]] = bitnet.attention %[[Q]], %[[K]], %[[K]] mask %[[SEEN]] :
// CHECK:         return %[[Y]], %[[K]], %[[K]]
func.func @cache(%q: tensor<2x4x?x64xf32> {onnx.dims = ["", "", "seq", ""]},
                 %x: tensor<2x2x?x64xf32> {onnx.dims = ["", "", "seq", ""]},
                 %past: tensor<2x2x?x64xf32> {onnx.dims = ["", "", "past", ""]})
    -> (tensor<2x4x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>) {
  %y, %k, %v = onnx.Attention %q, %x, %x, %past, %past {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>, is_causal = 1 : i64}
      : (tensor<2x4x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>)
      -> (tensor<2x4x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>)
  return %y, %k, %v : tensor<2x4x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>
}

// CHECK-LABEL: func @keeps_attention_that_gives_its_scores(
// CHECK:         onnx.Attention
func.func @keeps_attention_that_gives_its_scores(%q: tensor<2x4x3x64xf32>) -> tensor<2x4x3x3xf32> {
  %y, %k, %v, %s = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>)
      -> (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x3xf32>)
  return %s : tensor<2x4x3x3xf32>
}

//===----------------------------------------------------------------------===//
// Rows of heads
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @rows(
// CHECK-SAME:    %[[Q:.*]]: tensor<2x3x256xf32>
// CHECK:         %[[SPLIT:.*]] = onnx.Reshape %[[Q]], {{.*}} -> tensor<2x3x4x64xf32>
// CHECK:         %[[HEADS:.*]] = onnx.Transpose %[[SPLIT]] {{.*}} -> tensor<2x4x3x64xf32>
// CHECK:         %[[Y:.*]] = bitnet.attention %[[HEADS]], %[[HEADS]], %[[HEADS]] scale 1.250000e-01
// CHECK:         %[[ROWS:.*]] = onnx.Transpose %[[Y]] {{.*}} -> tensor<2x3x4x64xf32>
// CHECK:         %[[RESULT:.*]] = onnx.Reshape %[[ROWS]], {{.*}} -> tensor<2x3x256xf32>
// CHECK:         return %[[RESULT]]
func.func @rows(%q: tensor<2x3x256xf32>) -> tensor<2x3x256xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, q_num_heads = 4 : i64, kv_num_heads = 4 : i64}
      : (tensor<2x3x256xf32>, tensor<2x3x256xf32>, tensor<2x3x256xf32>) -> tensor<2x3x256xf32>
  return %y : tensor<2x3x256xf32>
}
