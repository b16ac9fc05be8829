// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// Two query heads share a key head: an iteration computes both.
// CHECK-LABEL: func @attends_from_each_query(
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: tensor<?x4x?x16xf32>, %[[K:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[V:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[MASK:[a-z0-9_]+]]: tensor<?x1x?x?xi1>
// CHECK-DAG:     %[[HIDDEN:[a-z0-9_]+]] = arith.constant dense<0xFF800000> : vector<4xf32>
// CHECK:         %[[BYTES:[a-z0-9_]+]] = linalg.generic {{.*}} ins(%[[MASK]] : tensor<?x1x?x?xi1>)
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %[[H:[a-z0-9_]+]], %[[S:[a-z0-9_]+]]) in (%{{.*}}, 2, %{{.*}})
// CHECK:           %[[SCRATCH:[a-z0-9_]+]] = tensor.empty(%{{.*}}) : tensor<2x?xf32>
//                  Scores, four keys at a time; none is read if none is seen.
// CHECK:           scf.for %[[T:[a-z0-9_]+]] = %{{.*}} step %{{.*}} iter_args(%{{.*}} = %[[SCRATCH]], %{{.*}} = %[[HIDDEN]], %{{.*}} = %[[HIDDEN]])
// CHECK:             %[[SEEN:[a-z0-9_]+]] = arith.cmpi ne, %{{.*}}, %{{.*}} : vector<4xi8>
// CHECK-NEXT:        %[[ANY:[a-z0-9_]+]] = vector.reduction <or>, %[[SEEN]]
// CHECK-NEXT:        scf.if %[[ANY]]
// CHECK-COUNT-4:       math.fma
// CHECK:               arith.select %[[SEEN]], %{{.*}}, %[[HIDDEN]]
// CHECK-COUNT-4:       math.fma
// CHECK:             } else {
// CHECK-NEXT:          scf.yield %[[HIDDEN]], %[[HIDDEN]]
//                  Exponentials, exactly zero for what is hidden.
// CHECK:           scf.for
// CHECK:             math.exp %{{.*}} : vector<16xf32>
// CHECK-NEXT:        arith.cmpf oeq
// CHECK-NEXT:        arith.select
//                  A query that sees no key divides by one.
// CHECK:           arith.cmpf oeq, %{{.*}}, %{{.*}} : f32
//                  Values, key after key.
// CHECK:           scf.for
// CHECK:             arith.cmpf une
// CHECK:             scf.if
// CHECK-NEXT:          vector.transfer_read %[[V]][%[[B]], %[[H]], %{{.*}}]
// CHECK:               math.fma
// CHECK:               math.fma
// CHECK:           arith.divf {{.*}} : vector<16xf32>
// The result, the mask as bytes and, in the loop, two rows of scores.
// BUFFER-LABEL: func @attends_from_each_query(
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x1x?x?xi8>
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x4x?x16xf32>
// BUFFER:         scf.forall
// BUFFER:           memref.alloc(%{{.*}}) {{.*}} : memref<2x?xf32>
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @attends_from_each_query(%q: tensor<?x4x?x16xf32>, %k: tensor<?x2x?x16xf32>,
    %v: tensor<?x2x?x16xf32>, %mask: tensor<?x1x?x?xi1>) -> tensor<?x4x?x16xf32> {
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x1x?x?xi1> scale 0.25
      : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}

// Without a mask, a query sees every key there is, and no more.
// CHECK-LABEL: func @sees_all_keys_without_a_mask(
// CHECK-SAME:    %{{[a-z0-9]+}}: tensor<?x1x?x16xf32>, %[[K:[a-z0-9_]+]]: tensor<?x1x?x16xf32>
// CHECK:         %[[TOTAL:[a-z0-9_]+]] = tensor.dim %[[K]], %c2
// CHECK:         scf.for %[[T:[a-z0-9_]+]] =
// CHECK-NEXT:      %[[LEFT:[a-z0-9_]+]] = arith.subi %[[TOTAL]], %[[T]]
// CHECK-NEXT:      vector.create_mask %[[LEFT]] : vector<4xi1>
func.func @sees_all_keys_without_a_mask(%q: tensor<?x1x?x16xf32>, %k: tensor<?x1x?x16xf32>,
    %v: tensor<?x1x?x16xf32>) -> tensor<?x1x?x16xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.25 : tensor<?x1x?x16xf32>,
      tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32> -> tensor<?x1x?x16xf32>
  return %y : tensor<?x1x?x16xf32>
}

// Layers that share a mask share its bytes.
// CHECK-LABEL: func @shares_the_bytes_of_a_mask(
// CHECK:         linalg.generic
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @shares_the_bytes_of_a_mask(%q: tensor<?x1x?x16xf32>, %k: tensor<?x1x?x16xf32>,
    %mask: tensor<?x1x?x?xi1>) -> tensor<?x1x?x16xf32> {
  %x = bitnet.attention %q, %k, %k mask %mask : tensor<?x1x?x?xi1> scale 0.25
      : tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32>
      -> tensor<?x1x?x16xf32>
  %y = bitnet.attention %x, %k, %k mask %mask : tensor<?x1x?x?xi1> scale 0.25
      : tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32>
      -> tensor<?x1x?x16xf32>
  return %y : tensor<?x1x?x16xf32>
}

// Each head has its own mask, so that a key may be hidden from one alone.
// CHECK-LABEL: func @takes_heads_one_by_one_if_masks_differ(
// CHECK:         scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}}, 4, %{{.*}})
// CHECK:           tensor.empty(%{{.*}}) : tensor<1x?xf32>
func.func @takes_heads_one_by_one_if_masks_differ(%q: tensor<?x4x?x16xf32>,
    %k: tensor<?x2x?x16xf32>, %v: tensor<?x2x?x16xf32>, %mask: tensor<?x4x?x?xi1>)
    -> tensor<?x4x?x16xf32> {
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x4x?x?xi1> scale 0.25
      : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}

// A float mask is added to the scores; minus infinity hides a key.
// CHECK-LABEL: func @adds_a_float_mask(
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %{{[a-z0-9_]+}}: tensor<?x2x?x16xf32>, %[[MASK:[a-z0-9_]+]]: tensor<?x1x1x?xf32>
// CHECK-DAG:     %[[ZERO:[a-z0-9_]+]] = arith.constant 0 : index
// CHECK-DAG:     %[[HIDDEN:[a-z0-9_]+]] = arith.constant dense<0xFF800000> : vector<4xf32>
// CHECK:         %[[PADDED:[a-z0-9_]+]] = tensor.insert_slice %[[MASK]] into
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}})
// CHECK:           vector.transfer_read %[[PADDED]][%[[B]], %[[ZERO]], %[[ZERO]], %{{[a-z0-9_]+}}]
// CHECK-NEXT:      %[[SEEN:[a-z0-9_]+]] = arith.cmpf une, %[[READ:[a-z0-9_]+]], %[[HIDDEN]] : vector<4xf32>
// CHECK:           scf.if
// CHECK:             %[[SCALED:[a-z0-9_]+]] = arith.mulf
// CHECK-NEXT:        %[[SUM:[a-z0-9_]+]] = arith.addf %[[SCALED]], %[[READ]]
// CHECK-NEXT:        arith.select %[[SEEN]], %[[SUM]], %[[HIDDEN]]
func.func @adds_a_float_mask(%q: tensor<?x2x?x16xf32>, %k: tensor<?x2x?x16xf32>,
    %mask: tensor<?x1x1x?xf32>) -> tensor<?x2x?x16xf32> {
  %y = bitnet.attention %q, %k, %k mask %mask : tensor<?x1x1x?xf32> scale 0.25
      : tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x2x?x16xf32>
  return %y : tensor<?x2x?x16xf32>
}
