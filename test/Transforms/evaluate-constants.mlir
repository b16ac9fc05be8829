// What depends on constants alone is computed by our own stages.
// RUN: bitnet-opt %s --bitnet-evaluate-constants | FileCheck %s

// CHECK-LABEL: func @evaluates(
// CHECK:         %[[Q:.*]] = onnx.Constant {bitnet.source_bytes = 16 : i64, value = dense<{{\[}}[0.000000e+00, -1.000000e+00], [2.000000e+00, 0.000000e+00]]> : tensor<2x2xf32>}
// CHECK-NOT:     onnx.Round
// CHECK:         onnx.MatMul %{{.*}}, %[[Q]]
func.func @evaluates(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = onnx.Constant {value = dense<[[0.4, -0.6], [2.0, 0.1]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %q = onnx.Round %w : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = onnx.MatMul %x, %q : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// A matcher reads through a transpose: the weights would be there twice.
// CHECK-LABEL: func @keeps_moves(
// CHECK:         onnx.Transpose
func.func @keeps_moves(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = onnx.Constant {value = dense<[[0.4, -0.6], [2.0, 0.1]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %t = onnx.Transpose %w {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = onnx.MatMul %x, %t : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// Two matrices of one shape are arguments of one function.
// CHECK-LABEL: func @shares(
// CHECK-COUNT-2: onnx.Constant {bitnet.source_bytes = 32 : i64, value = dense<{{.*}}> : tensor<2x2xf64>}
func.func @shares() -> (tensor<2x2xf64>, tensor<2x2xf64>) {
  %a = onnx.Constant {value = dense_resource<a> : tensor<2x2xf64>} : () -> tensor<2x2xf64>
  %b = onnx.Constant {value = dense_resource<b> : tensor<2x2xf64>} : () -> tensor<2x2xf64>
  %c = onnx.Abs %a : (tensor<2x2xf64>) -> tensor<2x2xf64>
  %d = onnx.Abs %b : (tensor<2x2xf64>) -> tensor<2x2xf64>
  return %c, %d : tensor<2x2xf64>, tensor<2x2xf64>
}

// A mean of halves is rounded once: a sum in bf16 would stay at 256.
// CHECK-LABEL: func @adds_halves_in_f32(
// CHECK:         onnx.Constant {{{.*}}value = dense<1.000000e+00> : tensor<1x1xbf16>}
func.func @adds_halves_in_f32() -> tensor<1x1xbf16> {
  %w = onnx.Constant {value = dense<1.0> : tensor<73x7xbf16>} : () -> tensor<73x7xbf16>
  %m = onnx.ReduceMean %w : (tensor<73x7xbf16>) -> tensor<1x1xbf16>
  return %m : tensor<1x1xbf16>
}

{-#
  dialect_resources: {
    builtin: {
      a: "0x08000000000000000000F0BF0000000000000040000000000000004000000000000000C0",
      b: "0x08000000000000000000F03F000000000000F0BF000000000000F0BF000000000000F0BF"
    }
  }
#-}
