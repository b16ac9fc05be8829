// RUN: bitnet-opt %s --bitnet-select-tile --convert-bitnet-to-vector | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// A single row: four sums, one for each row of a panel, whose codes lie
// together; a scale for each at the end. The last panel has one column.
// CHECK-LABEL: func @one_scale(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<1x64xf32>, %[[CODES:[a-z0-9_]+]]: tensor<3x4x4x16xi8>, %[[SCALES:[a-z0-9_]+]]: tensor<3x1x4xf32>
// CHECK:         scf.forall (%[[P:[a-z0-9_]+]], %{{.*}}) in (2, 1)
// CHECK:           scf.for
// CHECK-COUNT-4:     vector.transfer_read %[[CODES]][%[[P]]{{.*}} vector<16xi8>
// CHECK-COUNT-4:     math.fma %{{.*}} : vector<16xf32>
// CHECK:           vector.transfer_read %[[SCALES]][%[[P]]
// CHECK-COUNT-4:   math.fma %{{.*}} : vector<16xf32>
// CHECK:           vector.transfer_write %{{.*}} : vector<4xf32>, tensor<?x4xf32>
// CHECK:         scf.forall
// CHECK:           vector.transfer_write %{{.*}} : vector<1xf32>, tensor<?x1xf32>
// BUFFER-LABEL: func @one_scale(
// BUFFER:         memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @one_scale(%x: tensor<1x64xf32>, %codes: tensor<3x4x4x16xi8>, %scales: tensor<3x1x4xf32>) -> tensor<1x9xf32> {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 8
      : tensor<1x64xf32>, tensor<3x4x4x16xi8>, tensor<3x1x4xf32> -> tensor<1x9xf32>
  return %y : tensor<1x9xf32>
}

// Halves of a byte are shifted to their place with their sign; a group's sums
// are scaled before the next one comes.
// CHECK-LABEL: func @groups(
// CHECK:         scf.for {{.*}} iter_args(
// CHECK:           vector.transfer_read {{.*}} vector<16xi8>
// CHECK:           arith.extsi {{.*}} : vector<16xi8> to vector<16xi32>
// CHECK:           arith.shli
// CHECK:           arith.shrsi
// CHECK:           arith.shrsi
// CHECK:           arith.sitofp
// CHECK:           vector.transfer_read {{.*}} vector<4xbf16>
// CHECK:           arith.extf {{.*}} : vector<4xbf16> to vector<4xf32>
func.func @groups(%x: tensor<?x64xf32>, %codes: tensor<1x2x4x16xi8>, %scales: tensor<1x2x4xbf16>) -> tensor<?x4xf32> {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 4
      : tensor<?x64xf32>, tensor<1x2x4x16xi8>, tensor<1x2x4xbf16> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
