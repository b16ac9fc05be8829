// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @rope(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4x?x64xf32> {{{.*}}}, %[[COS:.*]]: tensor<?x?x32xf32> {{{.*}}}, %[[SIN:.*]]: tensor<?x?x32xf32>
// CHECK-NEXT:    %[[Y:.*]] = bitnet.rope %[[X]], %[[COS]], %[[SIN]] {onnx.dims = {{\[\[}}"batch", "", "sequence", ""]]}
// CHECK-NEXT:    return %[[Y]]
func.func @rope(%x: tensor<?x4x?x64xf32> {onnx.dims = ["batch", "", "sequence", ""]},
                %cos: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", ""]},
                %sin: tensor<?x?x32xf32> {onnx.dims = ["batch", "sequence", ""]}) -> tensor<?x4x?x64xf32> {
  %y = onnx.RotaryEmbedding %x, %cos, %sin {num_heads = 4 : i64, onnx.dims = [["batch", "", "sequence", ""]]}
      : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// One set of angles for all of a batch, as PyTorch exports without positions.
// CHECK-LABEL: func @interleaved_rope_without_batch(
// CHECK:         bitnet.rope {{.*}} interleaved
func.func @interleaved_rope_without_batch(%x: tensor<?x4x3x64xf32>, %angles: tensor<1x3x32xf32>) -> tensor<?x4x3x64xf32> {
  %y = onnx.RotaryEmbedding %x, %angles, %angles {interleaved = 1 : i64, rotary_embedding_dim = 64 : i64}
      : (tensor<?x4x3x64xf32>, tensor<1x3x32xf32>, tensor<1x3x32xf32>) -> tensor<?x4x3x64xf32>
  return %y : tensor<?x4x3x64xf32>
}

// Nobody says that there are angles for each position, or one set for all.
// CHECK-LABEL: func @keeps_angles_of_unknown_length(
// CHECK:         onnx.RotaryEmbedding
func.func @keeps_angles_of_unknown_length(%x: tensor<2x4x?x64xf32>, %angles: tensor<2x?x32xf32>) -> tensor<2x4x?x64xf32> {
  %y = onnx.RotaryEmbedding %x, %angles, %angles
      : (tensor<2x4x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>) -> tensor<2x4x?x64xf32>
  return %y : tensor<2x4x?x64xf32>
}

// CHECK-LABEL: func @keeps_partial_rotation(
// CHECK:         onnx.RotaryEmbedding
func.func @keeps_partial_rotation(%x: tensor<2x4x3x64xf32>, %angles: tensor<2x3x16xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.RotaryEmbedding %x, %angles, %angles {rotary_embedding_dim = 32 : i64}
      : (tensor<2x4x3x64xf32>, tensor<2x3x16xf32>, tensor<2x3x16xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_looked_up_angles(
// CHECK:         onnx.RotaryEmbedding
func.func @keeps_looked_up_angles(%x: tensor<2x4x3x64xf32>, %cache: tensor<99x32xf32>, %ids: tensor<2x3xi64>) -> tensor<2x4x3x64xf32> {
  %y = onnx.RotaryEmbedding %x, %cache, %cache, %ids
      : (tensor<2x4x3x64xf32>, tensor<99x32xf32>, tensor<99x32xf32>, tensor<2x3xi64>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_rotation_of_rows(
// CHECK:         onnx.RotaryEmbedding
func.func @keeps_rotation_of_rows(%x: tensor<2x3x256xf32>, %angles: tensor<2x3x32xf32>) -> tensor<2x3x256xf32> {
  %y = onnx.RotaryEmbedding %x, %angles, %angles {num_heads = 4 : i64}
      : (tensor<2x3x256xf32>, tensor<2x3x32xf32>, tensor<2x3x32xf32>) -> tensor<2x3x256xf32>
  return %y : tensor<2x3x256xf32>
}

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @kv_append(
// CHECK-SAME:    %[[PAST:.*]]: tensor<?x2x?x64xf32>, %[[NEW:.*]]: tensor<?x2x?x64xf32>
// CHECK-NEXT:    bitnet.kv_append %[[PAST]], %[[NEW]] {onnx.dims = {{\[\[}}"batch", "", "past + sequence", ""]]}
func.func @kv_append(%past: tensor<?x2x?x64xf32>, %new: tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32> {
  %y = onnx.Concat %past, %new {axis = -2 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]}
      : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  return %y : tensor<?x2x?x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_heads(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_heads(%past: tensor<1x2x3x64xf32>, %new: tensor<1x2x3x64xf32>) -> tensor<1x4x3x64xf32> {
  %y = onnx.Concat %past, %new {axis = 1 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_three(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_three(%past: tensor<1x2x3x64xf32>) -> tensor<1x2x9x64xf32> {
  %y = onnx.Concat %past, %past, %past {axis = 2 : i64}
      : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x9x64xf32>
  return %y : tensor<1x2x9x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_computed_values(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_computed_values(%x: tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32> {
  %relu = onnx.Relu %x : (tensor<1x2x3x64xf32>) -> tensor<1x2x3x64xf32>
  %y = onnx.Concat %relu, %x {axis = 2 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32>
  return %y : tensor<1x2x6x64xf32>
}

// CHECK-LABEL: func @keeps_concat_for_something_else(
// CHECK:         onnx.Concat
func.func @keeps_concat_for_something_else(%past: tensor<1x2x3x64xf32>, %new: tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32> {
  %y = onnx.Concat %past, %new {axis = 2 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32>
  %relu = onnx.Relu %y : (tensor<1x2x6x64xf32>) -> tensor<1x2x6x64xf32>
  return %relu : tensor<1x2x6x64xf32>
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

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

// CHECK-LABEL: func @keeps_causal_attention(
// CHECK:         onnx.Attention
func.func @keeps_causal_attention(%q: tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, is_causal = 1 : i64}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_capped_scores(
// CHECK:         onnx.Attention
func.func @keeps_capped_scores(%q: tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, softcap = 30.0 : f32}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_attention_with_its_own_cache(
// CHECK:         onnx.Attention
func.func @keeps_attention_with_its_own_cache(%q: tensor<2x4x3x64xf32>) -> tensor<2x4x6x64xf32> {
  %y, %k, %v = onnx.Attention %q, %q, %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>)
      -> (tensor<2x4x3x64xf32>, tensor<2x4x6x64xf32>, tensor<2x4x6x64xf32>)
  return %k : tensor<2x4x6x64xf32>
}

// CHECK-LABEL: func @keeps_attention_of_rows(
// CHECK:         onnx.Attention
func.func @keeps_attention_of_rows(%q: tensor<2x3x256xf32>) -> tensor<2x3x256xf32> {
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, q_num_heads = 4 : i64, kv_num_heads = 4 : i64}
      : (tensor<2x3x256xf32>, tensor<2x3x256xf32>, tensor<2x3x256xf32>) -> tensor<2x3x256xf32>
  return %y : tensor<2x3x256xf32>
}

// CHECK-LABEL: func @keeps_added_mask(
// CHECK:         onnx.Attention
func.func @keeps_added_mask(%q: tensor<2x4x3x64xf32>, %mask: tensor<2x1x3x3xf32>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x3x3xf32>) -> tensor<2x4x3x64xf32>
  return %y : tensor<2x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_mask_for_all_queries(
// CHECK:         onnx.Attention
func.func @keeps_mask_for_all_queries(%q: tensor<2x4x3x64xf32>, %mask: tensor<2x1x1x3xi1>) -> tensor<2x4x3x64xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x4x3x64xf32>, tensor<2x1x1x3xi1>) -> tensor<2x4x3x64xf32>
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
