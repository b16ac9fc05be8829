// RUN: bitnet-opt %s --convert-bitnet-to-vector | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// CHECK-LABEL: func @copies_past_then_update(
// CHECK-SAME:    %[[PAST:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[NEW:[a-z0-9_]+]]: tensor<?x2x?x16xf32>
// CHECK:         %[[P:[a-z0-9_]+]] = tensor.dim %[[PAST]], %c2
// CHECK:         %[[N:[a-z0-9_]+]] = tensor.dim %[[NEW]], %c2
// CHECK:         arith.addi %[[P]], %[[N]]
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %[[H:[a-z0-9_]+]]) in (%{{.*}}, 2)
// CHECK:           scf.for %[[ROW:[a-z0-9_]+]] =
// CHECK:             %[[X:[a-z0-9_]+]] = vector.transfer_read %[[PAST]][%[[B]], %[[H]], %[[ROW]], %{{.*}}]
// CHECK-NEXT:        vector.transfer_write %[[X]]
// CHECK:           scf.for %[[ROW:[a-z0-9_]+]] =
// CHECK-NEXT:        %[[TARGET:[a-z0-9_]+]] = arith.addi %[[P]], %[[ROW]]
// CHECK-NEXT:        %[[Y:[a-z0-9_]+]] = vector.transfer_read %[[NEW]][%[[B]], %[[H]], %[[ROW]], %{{.*}}]
// CHECK-NEXT:        vector.transfer_write %[[Y]], %{{.*}}[%[[TARGET]], %{{.*}}]
// BUFFER-LABEL: func @copies_past_then_update(
// BUFFER:         memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @copies_past_then_update(%past: tensor<?x2x?x16xf32>,
    %new: tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32> {
  %next = bitnet.kv_append %past, %new : tensor<?x2x?x16xf32>,
      tensor<?x2x?x16xf32> -> tensor<?x2x?x16xf32>
  return %next : tensor<?x2x?x16xf32>
}

// CHECK-LABEL: func @copies_halves(
// CHECK:         vector.transfer_read {{.*}} : tensor<?x2x?x16xf16>, vector<16xf16>
func.func @copies_halves(%past: tensor<?x2x?x16xf16>,
    %new: tensor<?x2x?x16xf16>) -> tensor<?x2x?x16xf16> {
  %next = bitnet.kv_append %past, %new : tensor<?x2x?x16xf16>,
      tensor<?x2x?x16xf16> -> tensor<?x2x?x16xf16>
  return %next : tensor<?x2x?x16xf16>
}

// CHECK-LABEL: func @keeps_heads_of_unknown_size(
// CHECK:         bitnet.kv_append
func.func @keeps_heads_of_unknown_size(%past: tensor<?x2x?x?xf32>,
    %new: tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32> {
  %next = bitnet.kv_append %past, %new : tensor<?x2x?x?xf32>,
      tensor<?x2x?x?xf32> -> tensor<?x2x?x?xf32>
  return %next : tensor<?x2x?x?xf32>
}
