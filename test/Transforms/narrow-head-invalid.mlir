// RUN: bitnet-opt %s --bitnet-narrow-head=type=int8 --split-input-file --verify-diagnostics
// RUN: not bitnet-opt %s --bitnet-narrow-head=type=int2 2>&1 | FileCheck %s

// CHECK: error: 'func.func' op cannot have a head of 'int2': exact, f32, f16, bf16, int8 or int4 is wanted
// expected-error @below {{has no result that is logits, and so no head}}
func.func @no_language_model(%x: tensor<2x16xf32>) -> tensor<2x16xf32> {
  return %x : tensor<2x16xf32>
}

// -----

// expected-error @below {{has no head: its logits are no product with constant weights}}
func.func @no_product(%x: tensor<2x16xf32>) -> (tensor<2x16xf32> {bitnet.role = "logits"}) {
  return %x : tensor<2x16xf32>
}

// -----

func.func @half_rows(%x: tensor<2x16xf16>, %y: tensor<2x1xf32>) -> (tensor<2x1xf32> {bitnet.role = "logits"}) {
  %w = arith.constant dense<[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]]> : tensor<16x1xf32>
  // expected-error @below {{cannot be narrowed: a product of f32 rows and a matrix of floats is wanted, found 'f16' and 'tensor<16x1xf32>'}}
  %z = linalg.matmul ins(%x, %w : tensor<2x16xf16>, tensor<16x1xf32>) outs(%y : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %z : tensor<2x1xf32>
}

// -----

func.func @ragged(%x: tensor<2x3xf32>, %y: tensor<2x1xf32>) -> (tensor<2x1xf32> {bitnet.role = "logits"}) {
  %w = arith.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  // expected-error @below {{cannot be a head of int8: it has 3 inputs, a multiple of 16 is wanted}}
  %z = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x1xf32>) outs(%y : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %z : tensor<2x1xf32>
}

// -----

func.func @infinite(%x: tensor<2x16xf32>, %y: tensor<2x1xf32>) -> (tensor<2x1xf32> {bitnet.role = "logits"}) {
  %w = arith.constant dense<[[1.0], [0x7F800000], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]]> : tensor<16x1xf32>
  // expected-error @below {{cannot be a head of int8: weight [0, 1] is }}
  %z = linalg.matmul ins(%x, %w : tensor<2x16xf32>, tensor<16x1xf32>) outs(%y : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %z : tensor<2x1xf32>
}
