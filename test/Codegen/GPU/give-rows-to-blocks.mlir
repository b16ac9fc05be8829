// RUN: bitnet-opt %s --bitnet-give-rows-to-blocks | FileCheck %s

// CHECK-LABEL: func @norm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x64xf32>, %[[GAIN:.*]]: tensor<64xf32>)
// CHECK:         %[[ROWS:.*]] = tensor.dim %[[X]]
// CHECK:         %[[EMPTY:.*]] = tensor.empty(%[[ROWS]]) : tensor<?x64xf32>
// CHECK:         %[[Y:.*]] = scf.forall (%[[ROW:.*]]) in (%[[ROWS]]) shared_outs(%[[OUT:.*]] = %[[EMPTY]])
// CHECK-NEXT:      %[[ONE:.*]] = tensor.extract_slice %[[X]][%[[ROW]], 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<1x64xf32>
// CHECK-NEXT:      %[[Z:.*]] = bitnet.rms_norm %[[ONE]], %[[GAIN]] epsilon {{.*}} -> tensor<1x64xf32>
// CHECK-NEXT:      scf.forall.in_parallel {
// CHECK-NEXT:        tensor.parallel_insert_slice %[[Z]] into %[[OUT]][%[[ROW]], 0] [1, 64] [1, 1]
// CHECK:         } {mapping = [#gpu.block<linear_dim_0>]}
// CHECK:         return %[[Y]]
func.func @norm(%x: tensor<?x64xf32>, %gain: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<?x64xf32>, tensor<64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Each result has its row: of the codes, and of the scales, of rank 1.
// CHECK-LABEL: func @quantize(
// CHECK:         scf.forall (%[[ROW:.*]]) in (%{{.*}}) shared_outs(%[[CODES:.*]] = %{{.*}}, %[[SCALES:.*]] = %{{.*}})
// CHECK:           %[[C:.*]], %[[S:.*]] = bitnet.quantize %{{.*}} : tensor<1x64xf32> -> tensor<1x64xi8>, tensor<1xf32>
// CHECK:             tensor.parallel_insert_slice %[[C]] into %[[CODES]][%[[ROW]], 0] [1, 64] [1, 1]
// CHECK:             tensor.parallel_insert_slice %[[S]] into %[[SCALES]][%[[ROW]]] [1] [1]
func.func @quantize(%x: tensor<?x64xf32>) -> (tensor<?x64xi8>, tensor<?xf32>) {
  %codes, %scale = bitnet.quantize %x
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x64xf32> -> tensor<?x64xi8>, tensor<?xf32>
  return %codes, %scale : tensor<?x64xi8>, tensor<?xf32>
}

// The number of rows may be known; the type stays what it was.
// CHECK-LABEL: func @three_rows(
// CHECK:         scf.forall (%{{.*}}) in (3) {{.*}} -> (tensor<3x64xf32>)
func.func @three_rows(%x: tensor<3x64xf32>, %gain: tensor<64xf32>) -> tensor<3x64xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<3x64xf32>, tensor<64xf32> -> tensor<3x64xf32>
  return %y : tensor<3x64xf32>
}

// One scale for all rows needs them all.
// CHECK-LABEL: func @whole_tensor(
// CHECK-NOT:     scf.forall
func.func @whole_tensor(%x: tensor<?x64xf32>) -> (tensor<?x64xi8>, tensor<?xf32>) {
  %codes, %scale = bitnet.quantize %x
      {quantizer = #bitnet.quantizer<absmax, tensor, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x64xf32> -> tensor<?x64xi8>, tensor<?xf32>
  return %codes, %scale : tensor<?x64xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @longest_row(
// CHECK:         scf.forall
func.func @longest_row(%x: tensor<?x7168xf32>, %gain: tensor<7168xf32>) -> tensor<?x7168xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<?x7168xf32>, tensor<7168xf32> -> tensor<?x7168xf32>
  return %y : tensor<?x7168xf32>
}

// CHECK-LABEL: func @longer_than_the_memory_of_a_block(
// CHECK-NOT:     scf.forall
func.func @longer_than_the_memory_of_a_block(%x: tensor<?x7169xf32>, %gain: tensor<7169xf32>) -> tensor<?x7169xf32> {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<?x7169xf32>, tensor<7169xf32> -> tensor<?x7169xf32>
  return %y : tensor<?x7169xf32>
}
