// RUN: bitnet-opt %s --convert-bitnet-to-vector | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

#token = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>
#tensor = #bitnet.quantizer<absmax, tensor, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>

// Squares are rounded before they are added: no fma.
// CHECK-LABEL: func @normalizes_each_row(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x32xf32>, %[[GAIN:[a-z0-9_]+]]: tensor<32xf32>
// CHECK:         scf.forall (%[[M:[a-z0-9_]+]]) in
// CHECK-NOT:       math.fma
// CHECK:           %[[X0:[a-z0-9_]+]] = vector.transfer_read %[[X]][%[[M]], %{{.*}}]
// CHECK-NEXT:      %[[S0:[a-z0-9_]+]] = arith.mulf %[[X0]], %[[X0]]
// CHECK:           %[[X1:[a-z0-9_]+]] = vector.transfer_read %[[X]][%[[M]], %{{.*}}]
// CHECK-NEXT:      %[[S1:[a-z0-9_]+]] = arith.mulf %[[X1]], %[[X1]]
// CHECK-NEXT:      arith.addf %{{.*}}, %[[S1]] : vector<16xf32>
// CHECK:           %[[ROOT:[a-z0-9_]+]] = math.sqrt %{{.*}} : f32
// CHECK:           %[[ROOTS:[a-z0-9_]+]] = vector.broadcast %[[ROOT]]
// CHECK-NEXT:      %[[Q:[a-z0-9_]+]] = arith.divf %{{.*}}, %[[ROOTS]]
// CHECK-NEXT:      %[[Y:[a-z0-9_]+]] = arith.mulf %[[Q]], %{{.*}} : vector<16xf32>
// CHECK-NEXT:      vector.transfer_write %[[Y]]
// BUFFER-LABEL: func @normalizes_each_row(
// BUFFER:         memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @normalizes_each_row(%x: tensor<?x32xf32>, %gain: tensor<32xf32>) -> tensor<?x32xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// CHECK-LABEL: func @centres_each_row(
// CHECK:         scf.forall
// CHECK:           %[[MEAN:[a-z0-9_]+]] = arith.divf %{{.*}}, %{{.*}} : f32
// CHECK:           %[[D:[a-z0-9_]+]] = arith.subf
// CHECK-NEXT:      arith.mulf %[[D]], %[[D]]
// CHECK:           math.sqrt
// CHECK:           %[[D1:[a-z0-9_]+]] = arith.subf
// CHECK:           %[[Q:[a-z0-9_]+]] = arith.divf %[[D1]], %{{.*}} : vector<16xf32>
// CHECK:           %[[G:[a-z0-9_]+]] = arith.mulf %[[Q]]
// CHECK:           arith.addf %[[G]]
func.func @centres_each_row(%x: tensor<?x16xf32>, %gain: tensor<16xf32>,
                            %bias: tensor<16xf32>) -> tensor<?x16xf32> {
  %y = bitnet.layer_norm %x, %gain, %bias epsilon 1.0e-5
      : tensor<?x16xf32>, tensor<16xf32>, tensor<16xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// Normalized elements are computed twice; only codes are written.
// CHECK-LABEL: func @quantizes_normalized_rows(
// CHECK:         scf.forall
// CHECK:           math.sqrt
// CHECK:           arith.divf {{.*}} : vector<16xf32>
// CHECK:           math.absf
// CHECK:           arith.divf {{.*}} : vector<16xf32>
// CHECK:           vector.transfer_write %{{.*}} : vector<16xi8>, tensor<16xi8>
// CHECK-NOT:       vector.transfer_write
// BUFFER-LABEL: func @quantizes_normalized_rows(
// BUFFER-COUNT-2: memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @quantizes_normalized_rows(%x: tensor<?x16xf32>, %gain: tensor<16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.0e-5 {quantizer = #token}
      : tensor<?x16xf32>, tensor<16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// One scale for all rows: three loops, with the normalized rows in between.
// CHECK-LABEL: func @splits_where_rows_share_a_scale(
// CHECK-COUNT-3: scf.forall
// CHECK-NOT:     bitnet.norm_quantize
func.func @splits_where_rows_share_a_scale(%x: tensor<?x16xf32>, %gain: tensor<16xf32>)
    -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.0e-5 {quantizer = #tensor}
      : tensor<?x16xf32>, tensor<16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}
