// RUN: bitnet-opt %s --convert-bitnet-to-vector | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-vector --canonicalize --cse --one-shot-bufferize="allow-unknown-ops bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// CHECK-LABEL: func @turns_halves(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x4x?x32xf32>, %[[COS:[a-z0-9_]+]]: tensor<?x?x16xf32>, %[[SIN:[a-z0-9_]+]]: tensor<?x?x16xf32>
// CHECK-DAG:     %[[C0:[a-z0-9_]+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C16:[a-z0-9_]+]] = arith.constant 16 : index
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %[[S:[a-z0-9_]+]]) in
// CHECK:           scf.for %[[H:[a-z0-9_]+]] = {{.*}} -> (tensor<4x32xf32>)
// CHECK:             %[[COSINE:[a-z0-9_]+]] = vector.transfer_read %[[COS]][%[[B]], %[[S]], %[[C0]]]
// CHECK:             %[[SINE:[a-z0-9_]+]] = vector.transfer_read %[[SIN]][%[[B]], %[[S]], %[[C0]]]
// CHECK:             %[[LOW:[a-z0-9_]+]] = vector.transfer_read %[[X]][%[[B]], %[[H]], %[[S]], %[[C0]]]
// CHECK:             %[[HIGH:[a-z0-9_]+]] = vector.transfer_read %[[X]][%[[B]], %[[H]], %[[S]], %[[C16]]]
// CHECK-DAG:         %[[AC:[a-z0-9_]+]] = arith.mulf %[[LOW]], %[[COSINE]]
// CHECK-DAG:         %[[BS:[a-z0-9_]+]] = arith.mulf %[[HIGH]], %[[SINE]]
// CHECK-DAG:         arith.subf %[[AC]], %[[BS]]
// CHECK-DAG:         %[[BC:[a-z0-9_]+]] = arith.mulf %[[HIGH]], %[[COSINE]]
// CHECK-DAG:         %[[AS:[a-z0-9_]+]] = arith.mulf %[[LOW]], %[[SINE]]
// CHECK-DAG:         arith.addf %[[BC]], %[[AS]]
// BUFFER-LABEL: func @turns_halves(
// BUFFER:         memref.alloc
// BUFFER:         scf.forall
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @turns_halves(%x: tensor<?x4x?x32xf32>, %cos: tensor<?x?x16xf32>,
                        %sin: tensor<?x?x16xf32>) -> tensor<?x4x?x32xf32> {
  %y = bitnet.rope %x, %cos, %sin : tensor<?x4x?x32xf32>, tensor<?x?x16xf32>,
      tensor<?x?x16xf32> -> tensor<?x4x?x32xf32>
  return %y : tensor<?x4x?x32xf32>
}

// All batches share the angles.
// CHECK-LABEL: func @turns_neighbours(
// CHECK-SAME:    %{{.*}}: tensor<?x4x?x32xf32>, %[[COS:[a-z0-9_]+]]: tensor<1x?x16xf32>
// CHECK:         %[[C0:[a-z0-9_]+]] = arith.constant 0 : index
// CHECK:         scf.forall (%[[B:[a-z0-9_]+]], %[[S:[a-z0-9_]+]]) in
// CHECK:           vector.transfer_read %[[COS]][%[[C0]], %[[S]], %[[C0]]]
// CHECK:           %[[PAIRS:[a-z0-9_]+]] = vector.transfer_read {{.*}} vector<32xf32>
// CHECK-NEXT:      vector.deinterleave %[[PAIRS]]
// CHECK:           vector.interleave
func.func @turns_neighbours(%x: tensor<?x4x?x32xf32>, %cos: tensor<1x?x16xf32>,
                            %sin: tensor<1x?x16xf32>) -> tensor<?x4x?x32xf32> {
  %y = bitnet.rope %x, %cos, %sin interleaved : tensor<?x4x?x32xf32>,
      tensor<1x?x16xf32>, tensor<1x?x16xf32> -> tensor<?x4x?x32xf32>
  return %y : tensor<?x4x?x32xf32>
}

// CHECK-LABEL: func @keeps_an_unknown_number_of_heads(
// CHECK:         bitnet.rope
func.func @keeps_an_unknown_number_of_heads(%x: tensor<?x?x?x32xf32>,
    %cos: tensor<1x?x16xf32>, %sin: tensor<1x?x16xf32>) -> tensor<?x?x?x32xf32> {
  %y = bitnet.rope %x, %cos, %sin : tensor<?x?x?x32xf32>, tensor<1x?x16xf32>,
      tensor<1x?x16xf32> -> tensor<?x?x?x32xf32>
  return %y : tensor<?x?x?x32xf32>
}
