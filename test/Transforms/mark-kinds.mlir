// RUN: bitnet-opt %s --bitnet-mark-kinds --mlir-print-debuginfo | FileCheck %s

// The example of the documentation.
// CHECK-LABEL: func.func @marks(
// CHECK:         bitnet.rms_norm {{.*}} loc(#[[NORM:.*]])
func.func @marks(%x: tensor<2x4xf32>, %gain: tensor<4xf32>) -> tensor<2x4xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.000000e-05
      : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32> loc("norm")
  return %y : tensor<2x4xf32>
}

// A product by constants reads them; one of two activations is nobody's layer.
// CHECK-LABEL: func.func @products(
// CHECK:         linalg.matmul {{.*}} loc(#[[HEAD:.*]])
// CHECK:         linalg.matmul {{.*}} loc(#[[OTHER:.*]])
func.func @products(%x: tensor<?x4xf32>, %z: tensor<4x8xf32>, %init: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %w = arith.constant dense<1.0> : tensor<4x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x8xf32>) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32> loc("head")
  %p = linalg.matmul ins(%x, %z : tensor<?x4xf32>, tensor<4x8xf32>) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32> loc("other")
  return %y, %p : tensor<?x8xf32>, tensor<?x8xf32>
}

// The head of a prompt has rows of its own number.
// CHECK-LABEL: func.func @last_positions(
// CHECK-NOT:     last_positions
// CHECK:         bitnet.scaled_matmul {{.*}} loc(#[[LAST:.*]])
func.func @last_positions(%x: tensor<?x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>) -> tensor<?x8xf32> {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 8 {bitnet.last_positions}
      : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32> loc("last")
  return %y : tensor<?x8xf32>
}

// CHECK-DAG: #[[NAME:.*]] = loc("norm")
// CHECK-DAG: #[[NORM]] = loc(fused<{bytes = 0 : i64, kind = "norm", operations = 0 : i64}>[#[[NAME]]])
// CHECK-DAG: #[[HEADNAME:.*]] = loc("head")
// CHECK-DAG: #[[HEAD]] = loc(fused<{bytes = 128 : i64, kind = "float matmul", operations = 32 : i64}>[#[[HEADNAME]]])
// CHECK-DAG: #[[OTHER]] = loc("other")
// CHECK-DAG: #[[LASTNAME:.*]] = loc("last")
// CHECK-DAG: #[[LAST]] = loc(fused<{bytes = 288 : i64, kind = "head", of_last, operations = 256 : i64}>[#[[LASTNAME]]])
