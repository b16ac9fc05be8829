// RUN: bitnet-opt %s --convert-bitnet-to-linalg | FileCheck %s

// CHECK-LABEL: func @divides_by_the_root(
// CHECK:         arith.mulf %[[X:[a-z0-9_]+]], %[[X]]
// CHECK:         math.sqrt
// CHECK:         %[[Q:[a-z0-9_]+]] = arith.divf
// CHECK:         arith.mulf %[[Q]], %{{.*}}
func.func @divides_by_the_root(%x: tensor<?x16xf32>, %gain: tensor<16xf32>) -> tensor<?x16xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5 : tensor<?x16xf32>, tensor<16xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// CHECK-LABEL: func @centres_then_divides(
// CHECK:         arith.subf
// CHECK:         math.sqrt
// CHECK:         %[[Q:[a-z0-9_]+]] = arith.divf
// CHECK:         %[[G:[a-z0-9_]+]] = arith.mulf %[[Q]], %{{.*}}
// CHECK:         arith.addf %[[G]], %{{.*}}
func.func @centres_then_divides(%x: tensor<?x16xf32>, %gain: tensor<16xf32>,
                                %bias: tensor<16xf32>) -> tensor<?x16xf32> {
  %y = bitnet.layer_norm %x, %gain, %bias epsilon 1.0e-5
      : tensor<?x16xf32>, tensor<16xf32>, tensor<16xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Pairs at distance 1, then 2, then one product.
// CHECK-LABEL: func @adds_and_subtracts_pairs(
// CHECK:         tensor.expand_shape {{.*}} output_shape [%{{.*}}, 4, 2, 1]
// CHECK:         arith.addf
// CHECK:         arith.subf
// CHECK:         tensor.expand_shape {{.*}} output_shape [%{{.*}}, 2, 2, 2]
// CHECK:         arith.addf
// CHECK:         arith.subf
// CHECK:         %[[SCALE:[a-z0-9_]+]] = arith.constant 5.000000e-01 : f32
// CHECK:         arith.mulf %{{.*}}, %[[SCALE]]
// CHECK-NOT:     tensor.expand_shape
func.func @adds_and_subtracts_pairs(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = bitnet.hadamard %x block 4 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
