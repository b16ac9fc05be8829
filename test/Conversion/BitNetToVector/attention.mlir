// RUN: bitnet-opt %s --bitnet-select-tile --convert-bitnet-to-vector --canonicalize --cse | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER
// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx --convert-bitnet-to-vector --canonicalize --cse | FileCheck %s --check-prefix=LANES

// Two query heads share a key head: a tile has both, and, in a prompt, eight queries of each.
// CHECK-LABEL: func @attends_from_each_query(
// CHECK-SAME:    %[[Q:[a-z0-9_]+]]: tensor<?x4x?x16xf32>, %[[K:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[V:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[MASK:[a-z0-9_]+]]: tensor<?x1x?x?xi1>
// CHECK-DAG:     %[[HIDDEN:[a-z0-9_]+]] = arith.constant dense<0xFF800000> : vector<16xf32>
// CHECK:         %[[BYTES:[a-z0-9_]+]] = linalg.generic {{.*}} ins(%[[MASK]] : tensor<?x1x?x?xi1>)
// CHECK:         %[[LONG:[a-z0-9_]+]] = arith.cmpi uge, %{{.*}}, %c8 : index
// CHECK:         scf.if %[[LONG]]
// CHECK:           scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}}, 2, %{{.*}})
// CHECK:             tensor.extract_slice %{{.*}} [1, 2, %{{.*}}, 16] [1, 1, 1, 1] : tensor<?x4x?x16xf32> to tensor<2x?x16xf32>
// CHECK:             tensor.empty(%{{.*}}) : tensor<16x?xf32>
// CHECK:           else
// CHECK:           scf.forall (%[[B:[a-z0-9_]+]], %[[H:[a-z0-9_]+]], %[[S:[a-z0-9_]+]]) in (%{{.*}}, 2, %{{.*}})
// CHECK:             tensor.extract_slice %{{.*}} [1, 2, 1, 16] [1, 1, 1, 1] : tensor<?x4x?x16xf32> to tensor<2x1x16xf32>
// CHECK:             %[[SCRATCH:[a-z0-9_]+]] = tensor.empty(%{{.*}}) : tensor<2x?xf32>
//                    Scores, of 16 keys if any is seen; four keys and two rows at a time.
// CHECK:             scf.for
// CHECK:               %[[SEEN:[a-z0-9_]+]] = arith.cmpi ne, %{{.*}}, %{{.*}} : vector<16xi8>
// CHECK-NEXT:          %[[ANY:[a-z0-9_]+]] = vector.reduction <or>, %[[SEEN]]
// CHECK-NEXT:          scf.if %[[ANY]]
// CHECK:                 scf.for
// CHECK-COUNT-4:           vector.transfer_read %[[K]][%[[B]], %[[H]], %{{.*}}]
// CHECK:                   vector.transfer_read %[[Q]][%[[B]], %{{.*}}, %[[S]], %{{.*}}]
// CHECK-COUNT-4:           math.fma
// CHECK:                   vector.transfer_read %[[Q]][%[[B]], %{{.*}}, %[[S]], %{{.*}}]
// CHECK-COUNT-4:           math.fma
//                    Each row: minus infinity for what is hidden, exponentials, exactly zero for it.
// CHECK:             scf.for
// CHECK:               scf.for
// CHECK:                 arith.select %{{.*}}, %{{.*}}, %[[HIDDEN]]
// CHECK:               scf.for
// CHECK:                 math.exp %{{.*}} : vector<16xf32>
// CHECK-NEXT:            arith.cmpf oeq
// CHECK-NEXT:            arith.select
//                      A query that sees no key divides by one.
// CHECK:               arith.cmpf oeq, %{{.*}}, %{{.*}} : f32
//                    Values, key after key; one by one only where a weight is zero.
// CHECK:             %[[ALL:[a-z0-9_]+]] = vector.reduction <and>
// CHECK-NEXT:        scf.if %[[ALL]]
// CHECK:               scf.for
// CHECK-NOT:             scf.if
// CHECK:                 vector.transfer_read %[[V]][%[[B]], %[[H]], %{{.*}}]
// CHECK:                 math.fma
// CHECK:                 math.fma
// CHECK:             else
// CHECK:               scf.for
// CHECK:                 arith.cmpf une
// CHECK:                 scf.if
// CHECK:                   math.fma
// CHECK:             arith.divf {{.*}} : vector<16xf32>
// The result, the mask as bytes and, in each loop, a scratch.
// BUFFER-LABEL: func @attends_from_each_query(
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x1x?x?xi8>
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x4x?x16xf32>
// BUFFER:         scf.forall
// BUFFER:           memref.alloc(%{{.*}}) {{.*}} : memref<16x?xf32>
// BUFFER-NOT:     memref.{{alloc|copy}}
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
// CHECK:           %[[LEFT:[a-z0-9_]+]] = arith.subi %[[TOTAL]], %[[T]]
// CHECK-NEXT:      vector.create_mask %[[LEFT]] : vector<16xi1>
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
// CHECK-LABEL: func @asks_each_head_if_masks_differ(
// CHECK:         scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}}, 2, %{{.*}})
// CHECK:         scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}}, 2, %{{.*}})
// CHECK:           scf.for
// CHECK-COUNT-2:     arith.cmpi ne, %{{.*}}, %{{.*}} : vector<16xi8>
// CHECK:             arith.ori %{{.*}}, %{{.*}} : vector<16xi1>
// CHECK-NEXT:        vector.reduction <or>
func.func @asks_each_head_if_masks_differ(%q: tensor<?x4x?x16xf32>,
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
// CHECK-DAG:     %[[HIDDEN:[a-z0-9_]+]] = arith.constant dense<0xFF800000> : vector<16xf32>
// CHECK:         %[[PADDED:[a-z0-9_]+]] = tensor.insert_slice %[[MASK]] into
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}})
// CHECK:           vector.transfer_read %[[PADDED]][%[[B]], %[[ZERO]], %[[ZERO]], %{{[a-z0-9_]+}}]
// CHECK:           arith.cmpf une, %{{.*}}, %[[HIDDEN]] : vector<16xf32>
// CHECK:           vector.reduction <or>
// CHECK:           arith.cmpf une, %[[READ:.*]], %[[HIDDEN]] : vector<16xf32>
// CHECK-NEXT:      %[[SUM:[a-z0-9_]+]] = arith.addf %{{.*}}, %[[READ]]
// CHECK-NEXT:      arith.select %{{.*}}, %[[SUM]], %[[HIDDEN]]
func.func @adds_a_float_mask(%q: tensor<?x2x?x16xf32>, %k: tensor<?x2x?x16xf32>,
    %mask: tensor<?x1x1x?xf32>) -> tensor<?x2x?x16xf32> {
  %y = bitnet.attention %q, %k, %k mask %mask : tensor<?x1x1x?xf32> scale 0.25
      : tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x2x?x16xf32>
  return %y : tensor<?x2x?x16xf32>
}

// Keys and values of 16 bits are widened as they are read.
// CHECK-LABEL: func @reads_halves(
// CHECK:         %[[K:.*]] = vector.transfer_read {{.*}} : tensor<?x1x?x16xf16>, vector<16xf16>
// CHECK-NEXT:    arith.extf %[[K]] : vector<16xf16> to vector<16xf32>
// CHECK:         %[[V:.*]] = vector.transfer_read {{.*}} : tensor<?x1x?x16xbf16>, vector<16xbf16>
// CHECK-NEXT:    arith.extf %[[V]] : vector<16xbf16> to vector<16xf32>
func.func @reads_halves(%q: tensor<?x1x?x16xf32>, %k: tensor<?x1x?x16xf16>,
    %v: tensor<?x1x?x16xbf16>) -> tensor<?x1x?x16xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.25 : tensor<?x1x?x16xf32>,
      tensor<?x1x?x16xf16>, tensor<?x1x?x16xbf16> -> tensor<?x1x?x16xf32>
  return %y : tensor<?x1x?x16xf32>
}

// A long context of wide heads: first the scores, some keys in each iteration, then the values, some channels.
// CHECK-LABEL: func @shares_out_a_long_context(
// CHECK:         %[[TOTAL:[a-z0-9_]+]] = tensor.dim %{{.*}}, %c3 : tensor<?x1x?x?xi1>
// CHECK:         scf.if
// CHECK:         else
// CHECK:           %[[MANY:.*]] = arith.cmpi uge, %[[TOTAL]], %c1024 : index
// CHECK:           scf.if %[[MANY]]
// CHECK:             tensor.empty(%{{.*}}) : tensor<?x2x?x2x?xf32>
// CHECK:             %[[SCORES:.*]] = scf.forall (%{{.*}}, %{{.*}}, %{{.*}}, %[[CHUNK:[a-z0-9_]+]]) in (%{{.*}}, 2, %{{.*}}, %{{.*}})
// CHECK:               arith.muli %[[CHUNK]], %c256
// CHECK:               math.fma
// CHECK-NOT:           math.exp
// CHECK:             scf.forall (%{{.*}}, %{{.*}}, %{{.*}}, %{{[a-z0-9_]+}}) in (%{{.*}}, 2, %{{.*}}, 2)
// CHECK:               tensor.extract_slice %{{.*}} [1, 2, 1, 64] [1, 1, 1, 1] : tensor<?x4x?x128xf32> to tensor<2x1x64xf32>
// CHECK:               vector.transfer_read %[[SCORES]]
// CHECK:               math.exp
// CHECK:           else
// CHECK:             scf.forall
// BUFFER-LABEL: func @shares_out_a_long_context(
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x2x?x2x?xf32>
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         scf.forall
// BUFFER:           memref.alloc(%{{.*}}) {{.*}} : memref<2x?xf32>
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         scf.forall
// BUFFER:           memref.alloc(%{{.*}}) {{.*}} : memref<2x?xf32>
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @shares_out_a_long_context(%q: tensor<?x4x?x128xf32>, %k: tensor<?x2x?x128xf32>,
    %v: tensor<?x2x?x128xf32>, %mask: tensor<?x1x?x?xi1>) -> tensor<?x4x?x128xf32> {
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x1x?x?xi1> scale 0.25
      : tensor<?x4x?x128xf32>, tensor<?x2x?x128xf32>, tensor<?x2x?x128xf32>
      -> tensor<?x4x?x128xf32>
  return %y : tensor<?x4x?x128xf32>
}

// Where registers hold eight lanes of each sum: these lanes of all channels, then the others; the order of additions is the same. Fewer channels of values, too.
// LANES-LABEL: func @sums_some_lanes_at_a_time(
// LANES-SAME:    %[[Q:[a-z0-9_]+]]: tensor<?x2x?x32xf32>, %[[K:[a-z0-9_]+]]: tensor<?x1x?x32xf32>, %[[V:[a-z0-9_]+]]: tensor<?x1x?x32xf32>
// LANES:         scf.if
// LANES:         else
// LANES-COUNT-4:   vector.transfer_read %[[K]][%{{.*}}, %c0], {{.*}} vector<8xf32>
// LANES-COUNT-8:   math.fma {{.*}} : vector<8xf32>
// LANES-COUNT-4:   vector.transfer_read %[[K]][%{{.*}}, %c16], {{.*}} vector<8xf32>
// LANES-COUNT-8:   math.fma {{.*}} : vector<8xf32>
// LANES-COUNT-4:   vector.transfer_read %[[K]][%{{.*}}, %c8], {{.*}} vector<8xf32>
// LANES-COUNT-8:   math.fma {{.*}} : vector<8xf32>
// LANES-COUNT-4:   vector.transfer_read %[[K]][%{{.*}}, %c24], {{.*}} vector<8xf32>
// LANES-COUNT-8:   math.fma {{.*}} : vector<8xf32>
// LANES-NOT:       math.fma
// LANES:           math.exp
// LANES:           scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
func.func @sums_some_lanes_at_a_time(%q: tensor<?x2x?x32xf32>, %k: tensor<?x1x?x32xf32>,
    %v: tensor<?x1x?x32xf32>) -> tensor<?x2x?x32xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.25
      : tensor<?x2x?x32xf32>, tensor<?x1x?x32xf32>, tensor<?x1x?x32xf32>
      -> tensor<?x2x?x32xf32>
  return %y : tensor<?x2x?x32xf32>
}
