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

// CHECK-DAG: #[[NAME:.*]] = loc("norm")
// CHECK-DAG: #[[NORM]] = loc(fused<{bytes = 0 : i64, kind = "norm", operations = 0 : i64}>[#[[NAME]]])
// CHECK-DAG: #[[HEADNAME:.*]] = loc("head")
// CHECK-DAG: #[[HEAD]] = loc(fused<{bytes = 128 : i64, kind = "float matmul", operations = 32 : i64}>[#[[HEADNAME]]])
// CHECK-DAG: #[[OTHER]] = loc("other")
