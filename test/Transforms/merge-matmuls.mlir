// RUN: bitnet-opt %s --bitnet-merge-matmuls | FileCheck %s

// The example of the documentation.
// CHECK-LABEL: func @heads(
// CHECK-SAME:    %[[Q:.*]]: tensor<4x16xi8>, %[[S:.*]]: tensor<4xf32>
// CHECK:         %[[W:.*]] = bitnet.constant dense_resource<merged> : tensor<24x16x!bitnet.trit>
// CHECK-NEXT:    %[[SUMS:.*]] = bitnet.matmul %[[Q]], %[[W]]
// CHECK-NEXT:    %[[SCALES:.*]] = arith.constant {{.*}} : tensor<24xf32>
// CHECK-NEXT:    %[[Y:.*]] = bitnet.dequantize %[[SUMS]], %[[S]], %[[SCALES]]
// CHECK-DAG:     %[[Y1:.*]] = tensor.extract_slice %[[Y]][0, 0] [4, 16] [1, 1]
// CHECK-DAG:     %[[Y2:.*]] = tensor.extract_slice %[[Y]][0, 16] [4, 8] [1, 1]
// CHECK-DAG:     tensor.expand_shape %[[Y1]]
// CHECK-DAG:     tensor.expand_shape %[[Y2]]
// CHECK-NOT:     bitnet.matmul
func.func @heads(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>) {
  %w1 = bitnet.constant dense_resource<w1> : tensor<16x16x!bitnet.trit>
  %w2 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %s2 = arith.constant dense<0.25> : tensor<1xf32>
  %sums1 = bitnet.matmul %q, %w1 : tensor<4x16xi8>, tensor<16x16x!bitnet.trit> -> tensor<4x16xi32>
  %sums2 = bitnet.matmul %q, %w2 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %s1 : tensor<4x16xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x16xf32>
  %y2 = bitnet.dequantize %sums2, %s, %s2 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %h1 = tensor.expand_shape %y1 [[0, 1], [2, 3]] output_shape [2, 2, 2, 8] : tensor<4x16xf32> into tensor<2x2x2x8xf32>
  %h2 = tensor.expand_shape %y2 [[0, 1], [2, 3]] output_shape [2, 2, 1, 8] : tensor<4x8xf32> into tensor<2x2x1x8xf32>
  return %h1, %h2 : tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>
}

// A report still tells the layers apart.
// CHECK-LABEL: func @keeps_names(
// CHECK: bitnet.matmul {{.*}}bitnet.segments = [{bitnet.form = "A1/W1", columns = 16 : i64, name = "attn/q/MatMul"}, {bitnet.form = "A1/W2", columns = 8 : i64, name = ""}]
func.func @keeps_names(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>) {
  %w1 = bitnet.constant dense_resource<w1> : tensor<16x16x!bitnet.trit>
  %w2 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %s2 = arith.constant dense<0.25> : tensor<1xf32>
  %sums1 = bitnet.matmul %q, %w1 {bitnet.form = "A1/W1"} : tensor<4x16xi8>, tensor<16x16x!bitnet.trit> -> tensor<4x16xi32> loc("attn/q/MatMul")
  %sums2 = bitnet.matmul %q, %w2 {bitnet.form = "A1/W2"} : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %s1 : tensor<4x16xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x16xf32>
  %y2 = bitnet.dequantize %sums2, %s, %s2 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %h1 = tensor.expand_shape %y1 [[0, 1], [2, 3]] output_shape [2, 2, 2, 8] : tensor<4x16xf32> into tensor<2x2x2x8xf32>
  %h2 = tensor.expand_shape %y2 [[0, 1], [2, 3]] output_shape [2, 2, 1, 8] : tensor<4x8xf32> into tensor<2x2x1x8xf32>
  return %h1, %h2 : tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>
}

// A merged layer has one kind of scale.
// CHECK-LABEL: func @keeps_inverse_scales(
// CHECK-COUNT-2: bitnet.matmul
func.func @keeps_inverse_scales(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>) {
  %w1 = bitnet.constant dense_resource<w1> : tensor<16x16x!bitnet.trit>
  %w2 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %s2 = arith.constant dense<0.25> : tensor<1xf32>
  %sums1 = bitnet.matmul %q, %w1 : tensor<4x16xi8>, tensor<16x16x!bitnet.trit> -> tensor<4x16xi32>
  %sums2 = bitnet.matmul %q, %w2 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %s1 inverse : tensor<4x16xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x16xf32>
  %y2 = bitnet.dequantize %sums2, %s, %s2 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %h1 = tensor.expand_shape %y1 [[0, 1], [2, 3]] output_shape [2, 2, 2, 8] : tensor<4x16xf32> into tensor<2x2x2x8xf32>
  %h2 = tensor.expand_shape %y2 [[0, 1], [2, 3]] output_shape [2, 2, 1, 8] : tensor<4x8xf32> into tensor<2x2x1x8xf32>
  return %h1, %h2 : tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>
}

// They share a loop with what reads both.
// CHECK-LABEL: func @keeps_gate_and_up(
// CHECK-COUNT-2: bitnet.matmul
func.func @keeps_gate_and_up(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> tensor<4x8xf32> {
  %w1 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %w2 = bitnet.constant dense_resource<w3> : tensor<8x16x!bitnet.trit>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %sums1 = bitnet.matmul %q, %w1 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %sums2 = bitnet.matmul %q, %w2 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %s1 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %y2 = bitnet.dequantize %sums2, %s, %s1 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %y = arith.mulf %y1, %y2 : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Rows of codes that differ.
// CHECK-LABEL: func @keeps_layers_on_two_inputs(
// CHECK-COUNT-2: bitnet.matmul
func.func @keeps_layers_on_two_inputs(%q1: tensor<4x16xi8>, %q2: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<2x2x8xf32>, tensor<2x2x8xf32>) {
  %w1 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %s1 = arith.constant dense<0.5> : tensor<1xf32>
  %sums1 = bitnet.matmul %q1, %w1 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %sums2 = bitnet.matmul %q2, %w1 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %s1 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %y2 = bitnet.dequantize %sums2, %s, %s1 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %h1 = tensor.expand_shape %y1 [[0, 1], [2]] output_shape [2, 2, 8] : tensor<4x8xf32> into tensor<2x2x8xf32>
  %h2 = tensor.expand_shape %y2 [[0, 1], [2]] output_shape [2, 2, 8] : tensor<4x8xf32> into tensor<2x2x8xf32>
  return %h1, %h2 : tensor<2x2x8xf32>, tensor<2x2x8xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w1: "0x4000000001010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101",
      w2: "0x40000000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
      w3: "0x400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    }
  }
#-}

// Layers of halves give halves; one that gives floats is no segment of theirs.
// CHECK-LABEL: func @halves(
// CHECK:         bitnet.dequantize {{.*}} -> tensor<4x16xf16>
// CHECK:         tensor.extract_slice {{.*}} : tensor<4x16xf16> to tensor<4x8xf16>
// CHECK:         bitnet.dequantize {{.*}} -> tensor<4x8xf32>
func.func @halves(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<4x1x8xf16>, tensor<4x1x8xf16>, tensor<4x1x8xf32>) {
  %w1 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %w2 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %w3 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
  %scale = arith.constant dense<0.5> : tensor<1xf32>
  %sums1 = bitnet.matmul %q, %w1 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %sums2 = bitnet.matmul %q, %w2 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %sums3 = bitnet.matmul %q, %w3 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
  %y1 = bitnet.dequantize %sums1, %s, %scale : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf16>
  %y2 = bitnet.dequantize %sums2, %s, %scale : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf16>
  %y3 = bitnet.dequantize %sums3, %s, %scale : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
  %h1 = tensor.expand_shape %y1 [[0], [1, 2]] output_shape [4, 1, 8] : tensor<4x8xf16> into tensor<4x1x8xf16>
  %h2 = tensor.expand_shape %y2 [[0], [1, 2]] output_shape [4, 1, 8] : tensor<4x8xf16> into tensor<4x1x8xf16>
  %h3 = tensor.expand_shape %y3 [[0], [1, 2]] output_shape [4, 1, 8] : tensor<4x8xf32> into tensor<4x1x8xf32>
  return %h1, %h2, %h3 : tensor<4x1x8xf16>, tensor<4x1x8xf16>, tensor<4x1x8xf32>
}
