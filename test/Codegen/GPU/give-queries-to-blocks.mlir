// RUN: bitnet-opt %s --bitnet-give-queries-to-blocks | FileCheck %s

// CHECK-LABEL: func @attends(
// CHECK-SAME:    %[[Q:.*]]: tensor<1x4x?x64xf32>, %[[K:.*]]: tensor<1x2x?x64xf32>, %[[V:.*]]: tensor<1x2x?x64xf32>
// CHECK:         scf.forall (%[[B:.*]], %[[H:.*]], %[[I:.*]]) in (1, 4, %{{.*}}) shared_outs(%[[OUT:.*]] = %{{.*}}) -> (tensor<1x4x?x64xf32>)
// CHECK:           %[[COUNT:.*]] = tensor.dim %[[K]], %c2
// CHECK:           %[[KV:.*]] = arith.divui %[[H]], %c2
// The largest score, a few keys for each thread.
// CHECK:           scf.parallel (%[[THREAD:.*]]) = (%c0{{.*}}) to (%c64
// CHECK:             scf.for %{{.*}} = %[[THREAD]] to %[[COUNT]] step %c64
// CHECK-COUNT-16:      math.fma
// CHECK-COUNT-15:      arith.addf
// CHECK:               arith.mulf
// Then 64 keys at a time: weights, their sum in lanes, values.
// CHECK:           %[[WEIGHTS:.*]] = memref.alloca() : memref<64xf32>
// CHECK:           scf.for %[[FIRST:.*]] = %c0{{.*}} to %[[COUNT]] step %c64
// CHECK:             math.exp
// CHECK:             memref.store %{{.*}}, %[[WEIGHTS]]
// CHECK:             scf.parallel
// CHECK-COUNT-4:       arith.addf
// CHECK:             tensor.extract %[[V]][%[[B]], %[[KV]],
// CHECK:             math.fma
// CHECK:           arith.divf
// CHECK:           tensor.parallel_insert_slice %{{.*}} into %[[OUT]][%[[B]], %[[H]], %[[I]], 0] [1, 1, 1, 64]
// CHECK:         {mapping = [#gpu.block<linear_dim_2>, #gpu.block<linear_dim_1>, #gpu.block<linear_dim_0>]}
// CHECK-NOT:     bitnet.attention
func.func @attends(%q: tensor<1x4x?x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.125
      : tensor<1x4x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32> -> tensor<1x4x?x64xf32>
  return %y : tensor<1x4x?x64xf32>
}

// A mask that says which keys are seen; one head has it for all.
// CHECK-LABEL: func @hides(
// CHECK-SAME:    %[[MASK:[^:]*]]: tensor<1x1x?x?xi1>
// CHECK:           %[[SEEN:.*]] = tensor.extract %[[MASK]][%c0{{.*}}, %c0{{.*}}, %{{.*}}, %{{.*}}]
// CHECK:           arith.select %[[SEEN]], %{{.*}}, %{{.*}} : f32
func.func @hides(%mask: tensor<1x1x?x?xi1>, %q: tensor<1x2x?x32xf32>, %k: tensor<1x2x?x32xf16>, %v: tensor<1x2x?x32xf16>) -> tensor<1x2x?x32xf32> {
  // Keys of 16 bits are widened.
  // CHECK:         arith.extf %{{.*}} : f16 to f32
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<1x1x?x?xi1> scale 0.125
      : tensor<1x2x?x32xf32>, tensor<1x2x?x32xf16>, tensor<1x2x?x32xf16> -> tensor<1x2x?x32xf32>
  return %y : tensor<1x2x?x32xf32>
}

// A mask that is added; 40 channels are two whole steps of lanes and a half.
// CHECK-LABEL: func @adds_mask(
// CHECK:           scf.for %{{.*}} = %c0{{.*}} to %c32{{.*}} step %c16
// CHECK-COUNT-16:    math.fma
// CHECK:           scf.yield
// CHECK-COUNT-8:   math.fma
// CHECK:           arith.addf
func.func @adds_mask(%mask: tensor<?x2x?x?xf32>, %q: tensor<?x2x?x40xf32>, %k: tensor<?x2x?x40xf32>, %v: tensor<?x2x?x40xf32>) -> tensor<?x2x?x40xf32> {
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x2x?x?xf32> scale 0.125
      : tensor<?x2x?x40xf32>, tensor<?x2x?x40xf32>, tensor<?x2x?x40xf32> -> tensor<?x2x?x40xf32>
  return %y : tensor<?x2x?x40xf32>
}

// CHECK-LABEL: func @keeps_what_is_too_large_for_a_block(
// CHECK:         bitnet.attention
func.func @keeps_what_is_too_large_for_a_block(%q: tensor<1x1x?x2048xf32>, %k: tensor<1x1x?x2048xf32>) -> tensor<1x1x?x2048xf32> {
  %y = bitnet.attention %q, %k, %k scale 0.125
      : tensor<1x1x?x2048xf32>, tensor<1x1x?x2048xf32>, tensor<1x1x?x2048xf32> -> tensor<1x1x?x2048xf32>
  return %y : tensor<1x1x?x2048xf32>
}
