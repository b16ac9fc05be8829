// RUN: bitnet-opt %s --bitnet-ternarize -split-input-file -verify-diagnostics | FileCheck %s
// RUN: bitnet-opt %s --bitnet-ternarize=form=b1 -split-input-file 2>/dev/null | FileCheck %s --check-prefix=SIGNS
// RUN: bitnet-opt %s --bitnet-ternarize=head=true -split-input-file 2>/dev/null | FileCheck %s --check-prefix=HEAD

// The layer that gives the result stays.
// expected-warning @below {{weights of 1 float layers were rounded after training: BitNet models are trained rounded, and others lose what they know}}
func.func @rounds(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %w = onnx.Constant {value = dense<[[0.5, -1.0], [0.2, 0.7]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %head = onnx.Constant {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %h = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = onnx.MatMul %h, %head : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
// CHECK-LABEL: @rounds
// CHECK: %[[SCALE:.*]] = arith.constant dense<6.000000e-01> : tensor<1xf32>
// CHECK: %[[W:.*]] = bitnet.constant dense_resource<weights> : tensor<2x2x!bitnet.trit>
// CHECK: bitnet.linear %arg0, %[[W]], %[[SCALE]]
// CHECK-SAME: bitnet.error = 0.351{{[0-9]*}} : f32
// CHECK-SAME: bitnet.form = "A1/W1"
// CHECK-SAME: bitnet.source_bytes = 16 : i64
// CHECK-SAME: limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true
// CHECK: onnx.MatMul
// The mean is 0.1.
// SIGNS-LABEL: @rounds
// SIGNS: bitnet.linear
// SIGNS-SAME: bitnet.form = "A1/W7"
// HEAD-LABEL: @rounds
// HEAD-COUNT-2: bitnet.linear
// HEAD-NEXT: return

// -----

// A Gemm of transposed weights; its bias comes along.
// expected-warning @below {{weights of 1 float layers}}
func.func @rounds_gemm(%x: tensor<?x2xf32>, %bias: tensor<3xf32>) -> tensor<?x1xf32> {
  %w = onnx.Constant {value = dense<[[0.5, -1.0], [0.2, 0.7], [0.1, -0.1]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %head = onnx.Constant {value = dense<1.0> : tensor<3x1xf32>} : () -> tensor<3x1xf32>
  %h = onnx.Gemm %x, %w, %bias {transB = 1 : i64} : (tensor<?x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %y = onnx.MatMul %h, %head : (tensor<?x3xf32>, tensor<3x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
// CHECK-LABEL: @rounds_gemm
// CHECK: bitnet.linear {{.*}} bias %arg1 : tensor<3xf32>
// CHECK-SAME: tensor<3x2x!bitnet.trit>

// -----

// What changes the product, is not constant, or is no matrix.
// expected-warning @below {{weights of 0 float layers}}
func.func @keeps_others(%x: tensor<?x2xf32>, %w: tensor<2x2xf32>, %y: tensor<2x?x2xf32>) -> (tensor<?x2xf32>, tensor<2x?x2xf32>) {
  %c = onnx.Constant {value = dense<[[0.5, -1.0], [0.2, 0.7]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %a = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %b = onnx.Gemm %a, %c {alpha = 2.0 : f32} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %d = onnx.MatMul %y, %c : (tensor<2x?x2xf32>, tensor<2x2xf32>) -> tensor<2x?x2xf32>
  %e = onnx.MatMul %b, %c : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %e, %d : tensor<?x2xf32>, tensor<2x?x2xf32>
}
// CHECK-LABEL: @keeps_others
// CHECK-NOT: bitnet.linear

// -----

// expected-warning @below {{weights of 0 float layers}}
func.func @keeps_infinite_weights(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %w = onnx.Constant {value = dense<[[0.5, 0x7F800000], [0.2, 0.7]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %head = onnx.Constant {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  // expected-warning @below {{stays a float layer: its weights are not all finite numbers}}
  %h = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = onnx.MatMul %h, %head : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
