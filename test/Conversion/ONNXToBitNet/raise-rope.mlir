// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

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

// CHECK-LABEL: func @looked_up_angles(
// CHECK-SAME:    %[[X:.*]]: tensor<2x4x3x64xf32>, %[[CACHE:.*]]: tensor<99x32xf32>, %[[IDS:.*]]: tensor<2x3xi64>
// CHECK:         %[[ROWS:.*]] = onnx.Gather %[[CACHE]]
// CHECK:         %[[ANGLES:.*]] = tensor.expand_shape %[[ROWS]]
// CHECK-NEXT:    bitnet.rope %[[X]], %[[ANGLES]], %[[ANGLES]]
func.func @looked_up_angles(%x: tensor<2x4x3x64xf32>, %cache: tensor<99x32xf32>, %ids: tensor<2x3xi64>) -> tensor<2x4x3x64xf32> {
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
// Primitive ops
//===----------------------------------------------------------------------===//

// As PyTorch exports it: each angle twice, side by side.
// CHECK-LABEL: func @half(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4x?x64xf32> {{{.*}}}, %[[ANGLES:.*]]: tensor<?x?x32xf32>
// CHECK-DAG:     %[[COS:.*]] = onnx.Cos %[[ANGLES]] : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
// CHECK-DAG:     %[[SIN:.*]] = onnx.Sin %[[ANGLES]] : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
// CHECK:         bitnet.rope %[[X]], %[[COS]], %[[SIN]] :
func.func @half(%x: tensor<?x4x?x64xf32> {onnx.dims = ["batch", "", "seq", ""]},
                %angles: tensor<?x?x32xf32> {onnx.dims = ["batch", "seq", ""]}) -> tensor<?x4x?x64xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %three = onnx.Constant {value = dense<3> : tensor<1xi64>} : () -> tensor<1xi64>
  %middle = onnx.Constant {value = dense<32> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<1xi64>
  %twice = onnx.Concat %angles, %angles {axis = -1 : i64} : (tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x64xf32>
  %cos = onnx.Cos %twice : (tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %sin = onnx.Sin %twice : (tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %c = onnx.Unsqueeze %cos, %one {onnx.dims = [["batch", "", "seq", ""]]} : (tensor<?x?x64xf32>, tensor<1xi64>) -> tensor<?x1x?x64xf32>
  %s = onnx.Unsqueeze %sin, %one {onnx.dims = [["batch", "", "seq", ""]]} : (tensor<?x?x64xf32>, tensor<1xi64>) -> tensor<?x1x?x64xf32>
  %a = onnx.Slice %x, %zero, %middle, %three, %one {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<?x4x?x64xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x32xf32>
  %b = onnx.Slice %x, %middle, %end, %three, %one {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<?x4x?x64xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x32xf32>
  %minus = onnx.Neg %b : (tensor<?x4x?x32xf32>) -> tensor<?x4x?x32xf32>
  %rotated = onnx.Concat %minus, %a {axis = -1 : i64} : (tensor<?x4x?x32xf32>, tensor<?x4x?x32xf32>) -> tensor<?x4x?x64xf32>
  %straight = onnx.Mul %x, %c : (tensor<?x4x?x64xf32>, tensor<?x1x?x64xf32>) -> tensor<?x4x?x64xf32>
  %across = onnx.Mul %rotated, %s : (tensor<?x4x?x64xf32>, tensor<?x1x?x64xf32>) -> tensor<?x4x?x64xf32>
  %y = onnx.Add %straight, %across : (tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>) -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// A table of cosines that is looked up; sum and products are turned around.
// CHECK-LABEL: func @table(
// CHECK:         onnx.Constant {value = dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>}
// CHECK:         %[[COS:.*]] = onnx.Gather {{.*}} -> tensor<3x2xf32>
// CHECK:         %[[ANGLES:.*]] = onnx.Unsqueeze %[[COS]], %{{.*}} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<1x3x2xf32>
// CHECK:         bitnet.rope %{{.*}}, %[[ANGLES]], %[[ANGLES]] :
func.func @table(%x: tensor<1x4x3x4xf32>, %ids: tensor<3xi64>) -> tensor<1x4x3x4xf32> {
  %table = onnx.Constant {value = dense<[[1.0, 2.0, 1.0, 2.0], [3.0, 4.0, 3.0, 4.0]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %c = onnx.Gather %table, %ids : (tensor<2x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %a, %b = onnx.Split %x {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x4x3x4xf32>) -> (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>)
  %minus_one = onnx.Constant {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %minus = onnx.Mul %b, %minus_one : (tensor<1x4x3x2xf32>, tensor<f32>) -> tensor<1x4x3x2xf32>
  %rotated = onnx.Concat %minus, %a {axis = 3 : i64} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  %across = onnx.Mul %c, %rotated : (tensor<3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %straight = onnx.Mul %c, %x : (tensor<3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  %y = onnx.Add %across, %straight : (tensor<1x4x3x4xf32>, tensor<1x4x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %y : tensor<1x4x3x4xf32>
}

// CHECK-LABEL: func @keeps_table_of_other_angles(
// CHECK-NOT:     bitnet.rope
func.func @keeps_table_of_other_angles(%x: tensor<1x4x2x4xf32>) -> tensor<1x4x2x4xf32> {
  %c = onnx.Constant {value = dense<[[1.0, 2.0, 1.0, 2.0], [3.0, 4.0, 3.0, 5.0]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %a, %b = onnx.Split %x {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x4x2x4xf32>) -> (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>)
  %minus = onnx.Neg %b : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %rotated = onnx.Concat %minus, %a {axis = 3 : i64} : (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>) -> tensor<1x4x2x4xf32>
  %across = onnx.Mul %rotated, %c : (tensor<1x4x2x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2x4xf32>
  %straight = onnx.Mul %x, %c : (tensor<1x4x2x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2x4xf32>
  %y = onnx.Add %straight, %across : (tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>) -> tensor<1x4x2x4xf32>
  return %y : tensor<1x4x2x4xf32>
}

// The halves are joined in their own order: nothing is rotated.
// CHECK-LABEL: func @keeps_halves_in_order(
// CHECK-NOT:     bitnet.rope
func.func @keeps_halves_in_order(%x: tensor<1x4x2x4xf32>, %angles: tensor<2x2xf32>) -> tensor<1x4x2x4xf32> {
  %c = onnx.Concat %angles, %angles {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
  %a, %b = onnx.Split %x {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x4x2x4xf32>) -> (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>)
  %minus = onnx.Neg %a : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %rotated = onnx.Concat %minus, %b {axis = 3 : i64} : (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>) -> tensor<1x4x2x4xf32>
  %across = onnx.Mul %rotated, %c : (tensor<1x4x2x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2x4xf32>
  %straight = onnx.Mul %x, %c : (tensor<1x4x2x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2x4xf32>
  %y = onnx.Add %straight, %across : (tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>) -> tensor<1x4x2x4xf32>
  return %y : tensor<1x4x2x4xf32>
}

// Each head has its own angles.
// CHECK-LABEL: func @keeps_angles_of_heads(
// CHECK-NOT:     bitnet.rope
func.func @keeps_angles_of_heads(%x: tensor<1x4x2x4xf32>, %angles: tensor<4x2x2xf32>) -> tensor<1x4x2x4xf32> {
  %c = onnx.Concat %angles, %angles {axis = 2 : i64} : (tensor<4x2x2xf32>, tensor<4x2x2xf32>) -> tensor<4x2x4xf32>
  %a, %b = onnx.Split %x {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x4x2x4xf32>) -> (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>)
  %minus = onnx.Neg %b : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
  %rotated = onnx.Concat %minus, %a {axis = 3 : i64} : (tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32>) -> tensor<1x4x2x4xf32>
  %across = onnx.Mul %rotated, %c : (tensor<1x4x2x4xf32>, tensor<4x2x4xf32>) -> tensor<1x4x2x4xf32>
  %straight = onnx.Mul %x, %c : (tensor<1x4x2x4xf32>, tensor<4x2x4xf32>) -> tensor<1x4x2x4xf32>
  %y = onnx.Add %straight, %across : (tensor<1x4x2x4xf32>, tensor<1x4x2x4xf32>) -> tensor<1x4x2x4xf32>
  return %y : tensor<1x4x2x4xf32>
}

// Neighbours, turned part by part.
// CHECK-LABEL: func @interleaved(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4x3x4xf32>, %[[COS:.*]]: tensor<1x1x3x2xf32>, %[[SIN:.*]]: tensor<1x1x3x2xf32>
// CHECK-DAG:     %[[C:.*]] = onnx.Squeeze %[[COS]], %{{.*}} -> tensor<1x3x2xf32>
// CHECK-DAG:     %[[S:.*]] = onnx.Squeeze %[[SIN]], %{{.*}} -> tensor<1x3x2xf32>
// CHECK:         bitnet.rope %[[X]], %[[C]], %[[S]] interleaved
func.func @interleaved(%x: tensor<1x4x3x4xf32>, %cos: tensor<1x1x3x2xf32>, %sin: tensor<1x1x3x2xf32>) -> tensor<1x4x3x4xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<1xi64>
  %last = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %shape = onnx.Constant {value = dense<[1, 4, 3, 4]> : tensor<4xi64>} : () -> tensor<4xi64>
  %a = onnx.Slice %x, %zero, %end, %last, %two {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<1x4x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x3x2xf32>
  %b = onnx.Slice %x, %one, %end, %last, %two {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<1x4x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x3x2xf32>
  %ac = onnx.Mul %a, %cos : (tensor<1x4x3x2xf32>, tensor<1x1x3x2xf32>) -> tensor<1x4x3x2xf32>
  %bs = onnx.Mul %sin, %b : (tensor<1x1x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x2xf32>
  %bc = onnx.Mul %b, %cos : (tensor<1x4x3x2xf32>, tensor<1x1x3x2xf32>) -> tensor<1x4x3x2xf32>
  %as = onnx.Mul %a, %sin : (tensor<1x4x3x2xf32>, tensor<1x1x3x2xf32>) -> tensor<1x4x3x2xf32>
  %first = onnx.Sub %ac, %bs : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x2xf32>
  %second = onnx.Add %as, %bc : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x2xf32>
  %f = onnx.Unsqueeze %first, %last : (tensor<1x4x3x2xf32>, tensor<1xi64>) -> tensor<1x4x3x2x1xf32>
  %s = onnx.Unsqueeze %second, %last : (tensor<1x4x3x2xf32>, tensor<1xi64>) -> tensor<1x4x3x2x1xf32>
  %stack = onnx.Concat %f, %s {axis = -1 : i64} : (tensor<1x4x3x2x1xf32>, tensor<1x4x3x2x1xf32>) -> tensor<1x4x3x2x2xf32>
  %y = onnx.Reshape %stack, %shape : (tensor<1x4x3x2x2xf32>, tensor<4xi64>) -> tensor<1x4x3x4xf32>
  return %y : tensor<1x4x3x4xf32>
}

// The second channel is turned the other way.
// CHECK-LABEL: func @keeps_reflection(
// CHECK-NOT:     bitnet.rope
func.func @keeps_reflection(%x: tensor<1x4x3x4xf32>, %cos: tensor<3x2xf32>, %sin: tensor<3x2xf32>) -> tensor<1x4x3x4xf32> {
  %a, %b = onnx.Split %x {axis = 3 : i64, num_outputs = 2 : i64} : (tensor<1x4x3x4xf32>) -> (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>)
  %ac = onnx.Mul %a, %cos : (tensor<1x4x3x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3x2xf32>
  %bs = onnx.Mul %b, %sin : (tensor<1x4x3x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3x2xf32>
  %bc = onnx.Mul %a, %cos : (tensor<1x4x3x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3x2xf32>
  %as = onnx.Mul %b, %sin : (tensor<1x4x3x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3x2xf32>
  %first = onnx.Sub %ac, %bs : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x2xf32>
  %second = onnx.Add %as, %bc : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x2xf32>
  %y = onnx.Concat %first, %second {axis = 3 : i64} : (tensor<1x4x3x2xf32>, tensor<1x4x3x2xf32>) -> tensor<1x4x3x4xf32>
  return %y : tensor<1x4x3x4xf32>
}
