// RUN: bitnet-opt %s --bitnet-vectorize-matmul | FileCheck %s
// RUN: bitnet-opt %s --bitnet-vectorize-matmul="rows=2" | FileCheck %s --check-prefix=ROWS
// RUN: bitnet-opt %s --bitnet-vectorize-matmul --canonicalize --cse --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// One row reads one column of weights after the other, as one stream.
// CHECK-LABEL: func @multiplies(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<1x32xf32>, %[[W:[a-z0-9_]+]]: tensor<4x32xf32>
// CHECK-NOT:     linalg.
// CHECK:         %[[Y:[a-z0-9_]+]] = scf.forall (%[[P:[a-z0-9_]+]], %[[B:[a-z0-9_]+]]) in (1, 1) shared_outs(%[[OUT:[a-z0-9_]+]] = %{{.*}}) -> (tensor<1x4xf32>)
// CHECK:           %[[W0:[a-z0-9_]+]] = vector.transfer_read %[[W]][%[[N0:[a-z0-9_]+]], %c0]
// CHECK:           %[[X0:[a-z0-9_]+]] = vector.transfer_read %[[X]]
// CHECK:           %[[S0:[a-z0-9_]+]] = math.fma %[[X0]], %[[W0]], %{{.*}} : vector<16xf32>
// CHECK:           %[[W1:[a-z0-9_]+]] = vector.transfer_read %[[W]][%[[N0]], %c16]
// CHECK:           %[[X1:[a-z0-9_]+]] = vector.transfer_read %[[X]]
// CHECK:           math.fma %[[X1]], %[[W1]], %[[S0]] : vector<16xf32>
// CHECK:           %[[V:[a-z0-9_]+]] = arith.addf %{{.*}} : vector<4xf32>
// CHECK-NEXT:      %[[PART:[a-z0-9_]+]] = vector.transfer_write %[[V]]
// CHECK:           tensor.parallel_insert_slice %[[PART]] into %[[OUT]]
// BUFFER-LABEL: func @multiplies(
// BUFFER:         memref.alloc() {{.*}} : memref<1x4xf32>
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @multiplies(%x: tensor<1x32xf32>, %w: tensor<4x32xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4xf32>) -> tensor<1x4xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<1x32xf32>, tensor<4x32xf32>) outs(%zeros : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// Where that is the CPU's choice, a row meets several columns at once.
// CHECK-LABEL: func @reads_several_columns(
// CHECK-SAME:    %{{[a-z0-9_]+}}: tensor<1x16xf32>, %[[W:[a-z0-9_]+]]: tensor<4x16xf32>
// CHECK-COUNT-4:   vector.transfer_read %[[W]]
// CHECK-COUNT-4:   math.fma
func.func @reads_several_columns(%x: tensor<1x16xf32>, %w: tensor<4x16xf32>, %init: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      {bitnet.columns_together = 4 : i64}
      ins(%x, %w : tensor<1x16xf32>, tensor<4x16xf32>) outs(%init : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// Weights of halves are widened where they are read.
// CHECK-LABEL: func @widens_halves(
// CHECK-SAME:    %{{[a-z0-9_]+}}: tensor<1x16xf32>, %[[W:[a-z0-9_]+]]: tensor<4x16xbf16>
// CHECK:           %[[HALVES:[a-z0-9_]+]] = vector.transfer_read %[[W]]{{.*}} : tensor<4x16xbf16>, vector<16xbf16>
// CHECK:           %[[WIDE:[a-z0-9_]+]] = arith.extf %[[HALVES]] : vector<16xbf16> to vector<16xf32>
// CHECK:           math.fma %{{[a-z0-9_]+}}, %[[WIDE]], %{{.*}} : vector<16xf32>
func.func @widens_halves(%x: tensor<1x16xf32>, %w: tensor<4x16xbf16>, %init: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<1x16xf32>, tensor<4x16xbf16>) outs(%init : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// Four rows are a block; rows left over go one by one. The result is not a
// sum of zeros, so it is added to. Columns left over are a panel of their own.
// CHECK-LABEL: func @takes_rows_in_blocks(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x16xf32>, %[[W:[a-z0-9_]+]]: tensor<16x70xf32>, %[[INIT:[a-z0-9_]+]]: tensor<?x70xf32>
// CHECK:         %[[M:[a-z0-9_]+]] = tensor.dim %[[X]], %c0
// CHECK:         %[[BLOCKS:[a-z0-9_]+]] = arith.ceildivui %[[M]], %c4
// CHECK:         %[[Y0:[a-z0-9_]+]] = scf.forall (%{{.*}}, %{{.*}}) in (1, %[[BLOCKS]]) shared_outs(%{{.*}} = %[[INIT]])
// CHECK:           %[[WHOLE:[a-z0-9_]+]] = arith.cmpi uge
// CHECK:           scf.if %[[WHOLE]]
// CHECK:             scf.for
// CHECK-COUNT-16:      math.fma %{{.*}} : vector<16xf32>
// CHECK:             arith.addf
// CHECK:           } else {
// CHECK:             scf.for
// CHECK:               scf.for
// CHECK-COUNT-4:         math.fma %{{.*}} : vector<16xf32>
// CHECK:         scf.forall (%{{.*}}, %{{.*}}) in (1, %{{.*}}) shared_outs(%{{.*}} = %[[Y0]])
// CHECK:           math.fma %{{.*}} : vector<6xf32>
// ROWS-LABEL:  func @takes_rows_in_blocks(
// ROWS:          arith.ceildivui %{{.*}}, %c2
// ROWS:          scf.if
// ROWS:            scf.for
// ROWS-COUNT-8:      math.fma %{{.*}} : vector<16xf32>
// ROWS-NEXT:         scf.yield
// BUFFER-LABEL: func @takes_rows_in_blocks(
// BUFFER-NOT:     memref.{{alloc|copy}}
// BUFFER:         return
func.func @takes_rows_in_blocks(%x: tensor<?x16xf32>, %w: tensor<16x70xf32>,
                                %init: tensor<?x70xf32>) -> tensor<?x70xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x16xf32>, tensor<16x70xf32>)
      outs(%init : tensor<?x70xf32>) -> tensor<?x70xf32>
  return %y : tensor<?x70xf32>
}

// Batches of the left operand alone come inside a panel, those of both outside.
// CHECK-LABEL: func @reads_a_panel_once_for_all_batches(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<3x8x16xf32>
// CHECK:         scf.forall (%[[P:[a-z0-9_]+]], %[[BATCH:[a-z0-9_]+]], %{{.*}}) in (5, 3, 2)
// CHECK:           vector.transfer_read %[[X]][%[[BATCH]],
func.func @reads_a_panel_once_for_all_batches(%x: tensor<3x8x16xf32>, %w: tensor<20x16xf32>,
                                              %init: tensor<3x8x20xf32>) -> tensor<3x8x20xf32> {
  %y = linalg.generic {
      indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (n, k)>, affine_map<(b, m, n, k) -> (b, m, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<3x8x16xf32>, tensor<20x16xf32>) outs(%init : tensor<3x8x20xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<3x8x20xf32>
  return %y : tensor<3x8x20xf32>
}

// CHECK-LABEL: func @multiplies_batches(
// CHECK:         scf.forall (%[[BATCH:[a-z0-9_]+]], %[[P:[a-z0-9_]+]], %{{.*}}) in (3, 1, 2)
func.func @multiplies_batches(%x: tensor<3x8x16xf32>, %w: tensor<3x16x64xf32>,
                              %init: tensor<3x8x64xf32>) -> tensor<3x8x64xf32> {
  %y = linalg.batch_matmul ins(%x, %w : tensor<3x8x16xf32>, tensor<3x16x64xf32>)
      outs(%init : tensor<3x8x64xf32>) -> tensor<3x8x64xf32>
  return %y : tensor<3x8x64xf32>
}

// CHECK-LABEL: func @keeps_dynamic_columns(
// CHECK:         linalg.matmul
func.func @keeps_dynamic_columns(%x: tensor<?x16xf32>, %w: tensor<16x?xf32>,
                                 %init: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x16xf32>, tensor<16x?xf32>)
      outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CHECK-LABEL: func @keeps_integers(
// CHECK:         linalg.matmul
func.func @keeps_integers(%x: tensor<4x16xi8>, %w: tensor<16x4xi8>,
                          %init: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %y = linalg.matmul ins(%x, %w : tensor<4x16xi8>, tensor<16x4xi8>)
      outs(%init : tensor<4x4xi32>) -> tensor<4x4xi32>
  return %y : tensor<4x4xi32>
}

// CHECK-LABEL: func @keeps_a_transposed_left_operand(
// CHECK:         linalg.matmul
func.func @keeps_a_transposed_left_operand(%x: tensor<16x4xf32>, %w: tensor<16x4xf32>,
                                           %init: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<16x4xf32>, tensor<16x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK-LABEL: func @keeps_other_reductions(
// CHECK:         linalg.generic
func.func @keeps_other_reductions(%x: tensor<4x16xf32>, %w: tensor<4x16xf32>,
                                  %init: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x16xf32>, tensor<4x16xf32>) outs(%init : tensor<4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.addf %a, %b : f32
    %s = arith.mulf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
