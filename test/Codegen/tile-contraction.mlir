// RUN: bitnet-opt %s --split-input-file --bitnet-tile-contraction --canonicalize --cse | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-tile-contraction --canonicalize --cse --one-shot-bufferize="bufferize-function-boundaries" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFER

// The sums in int32 go from the tile to its consumer in registers. Blocks of
// four rows, then those left over.
// CHECK-LABEL: func @tiles(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xi8>
// CHECK:         %[[W:.*]] = arith.constant dense_resource<w> : tensor<1x1x64xi8>
// CHECK:         %[[M:.*]] = tensor.dim %[[X]]
// CHECK:         %[[SUMS:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x4xi8>)
// CHECK:         %[[BLOCKS:.*]] = affine.apply
// CHECK-NEXT:    %[[P:.*]] = scf.for %[[ROW:.*]] = %{{.*}} to %[[BLOCKS]] step %{{.*}} iter_args(%[[Y:.*]] = %{{.*}})
// CHECK-NEXT:      %[[V:.*]] = bitnet.tile_dot %[[W]][%{{.*}}], %[[X]][%[[ROW]]], %[[SUMS]] tile "4x64x4-generic" {{.*}} -> vector<4x64xi32>
// CHECK-NEXT:      %[[SLICE:.*]] = tensor.extract_slice %[[Y]][%[[ROW]], 0] [4, 64]
// CHECK-NEXT:      vector.transfer_write %[[V]], %[[SLICE]]
// CHECK:         scf.for %[[ROW:.*]] = %[[BLOCKS]] to %[[M]] step %{{.*}} iter_args(%{{.*}} = %[[P]])
// CHECK-NEXT:      bitnet.tile_dot {{.*}} tile "1x64x4-generic" {{.*}} -> vector<1x64xi32>
// CHECK-NOT:     bitnet.matmul
// BUFFER-LABEL: func @tiles(
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x64xi32>
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?xi32>
// BUFFER-NOT:     memref.{{alloc|copy}}
func.func @tiles(%x: tensor<?x4xi8>) -> tensor<?x64xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<?x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<?x64xi32>
  return %y : tensor<?x64xi32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// CHECK-LABEL: func @fuses_consumer(
// CHECK:         bitnet.tile_dot
// CHECK:         arith.sitofp %{{.*}} : vector<1x64xi32> to vector<1x64xf32>
// CHECK:         arith.mulf
// CHECK-NOT:     linalg.generic {{.*}} i32
// BUFFER-LABEL: func @fuses_consumer(
// BUFFER-NOT:     memref<1x64xi32>
func.func @fuses_consumer(%x: tensor<1x4xi8>, %s: tensor<1xf32>) -> tensor<1x64xf32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  %e = tensor.empty() : tensor<1x64xf32>
  %z = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %s : tensor<1x64xi32>, tensor<1xf32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%a: i32, %b: f32, %o: f32):
    %f = arith.sitofp %a : i32 to f32
    %g = arith.mulf %f, %b : f32
    linalg.yield %g : f32
  } -> tensor<1x64xf32>
  return %z : tensor<1x64xf32>
}

// -----

// About six rows at a time meet all panels, so that they stay in the cache: as
// many chunks as that takes, of equal numbers of blocks of four.
// CHECK-LABEL: func @cuts_rows_into_chunks(
// CHECK:         %[[ALL:.*]] = arith.maxui %{{.*}}, %c1
// CHECK:         %[[CHUNKS:.*]] = arith.divui %{{.*}}, %c6
// CHECK:         arith.divui %{{.*}}, %[[CHUNKS]]
// CHECK:         %[[BLOCKS:.*]] = arith.divui %{{.*}}, %c4
// CHECK:         %[[CHUNK:.*]] = arith.muli %[[BLOCKS]], %c4
// CHECK:         scf.forall (%[[FIRST:.*]], %{{.*}}) = (0, 0) to (%{{.*}}, 2) step (%[[CHUNK]], 1)
// CHECK:           affine.min
// CHECK-COUNT-2:   bitnet.tile_dot
// BUFFER-LABEL: func @cuts_rows_into_chunks(
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?x128xi32>
// BUFFER:         memref.alloc(%{{.*}}) {{.*}} : memref<?xi32>
// BUFFER-NOT:     memref.{{alloc|copy}}
func.func @cuts_rows_into_chunks(%x: tensor<?x4xi8>) -> tensor<?x128xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"] {bitnet.rows_in_cache = 6 : i64}
      : tensor<?x4xi8>, tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<?x128xi32>
  return %y : tensor<?x128xi32>
}

// -----

// A block in memory, of which the consumer reads row by row.
// CHECK-LABEL: func @reads_a_block_row_by_row(
// CHECK:         %[[BLOCK:.*]] = memref.alloca() {alignment = 64 : i64} : memref<16x64xi32>
// CHECK:         bitnet.tile_block %{{.*}} into %[[BLOCK]] tile "16x64x64-amx"
// CHECK:         scf.for %[[I:[a-z0-9]+]] =
// CHECK:           vector.transfer_read %[[BLOCK]][%[[I]], %{{.*}}], {{.*}} : memref<16x64xi32>, vector<1x64xi32>
// CHECK:         bitnet.tile_dot {{.*}} tile "1x64x4-avx512vnni"
// BUFFER-LABEL: func @reads_a_block_row_by_row(
// BUFFER-NOT:     memref.copy
func.func @reads_a_block_row_by_row(%x: tensor<?x4xi8>) -> tensor<?x64xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["16x64x64-amx", "1x64x4-avx512vnni"]
      : tensor<?x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<?x64xi32>
  return %y : tensor<?x64xi32>
}

// -----

// The last panel is shorter: its tile is cut before anything is stored.
// BUFFER-LABEL: func @cuts_last_panel(
// CHECK-LABEL: func @cuts_last_panel(
// CHECK:         bitnet.tile_dot {{.*}} -> vector<1x64xi32>
// CHECK:         bitnet.tile_dot {{.*}} -> vector<1x64xi32>
// CHECK:         vector.extract_strided_slice %{{.*}} {offsets = [0, 0], sizes = [1, 6], strides = [1, 1]}
func.func @cuts_last_panel(%x: tensor<1x4xi8>) -> tensor<1x70xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<70x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<1x4xi8>, tensor<70x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x70xi32>
  return %y : tensor<1x70xi32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Gate and up: one loop, two tiles, and their product never leaves it.
// CHECK-LABEL: func @joins_two_matmuls(
// CHECK:         scf.forall
// CHECK:           bitnet.tile_dot
// CHECK:           bitnet.tile_dot
// CHECK:           arith.muli
// CHECK-NOT:     scf.forall (
func.func @joins_two_matmuls(%x: tensor<1x4xi8>) -> tensor<1x128xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %v = bitnet.constant dense_resource<v>
      : tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["1x64x4-generic"]
      : tensor<1x4xi8>, tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x128xi32>
  %z = bitnet.matmul %x, %v tiles ["1x64x4-generic"]
      : tensor<1x4xi8>, tensor<128x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x128xi32>
  %e = tensor.empty() : tensor<1x128xi32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %z : tensor<1x128xi32>, tensor<1x128xi32>) outs(%e : tensor<1x128xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %m = arith.muli %a, %b : i32
    linalg.yield %m : i32
  } -> tensor<1x128xi32>
  return %p : tensor<1x128xi32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// Layers with different tiles have a loop each.
// CHECK-LABEL: func @two_tiles(
// CHECK-COUNT-2: bitnet.tile_dot
// CHECK:         arith.muli
// BUFFER-LABEL: func @two_tiles(
func.func @two_tiles(%x: tensor<1x4xi8>) -> tensor<1x64xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  %z = bitnet.matmul %x, %w tiles ["1x64x4-avx512vnni"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  %e = tensor.empty() : tensor<1x64xi32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %z : tensor<1x64xi32>, tensor<1x64xi32>) outs(%e : tensor<1x64xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %m = arith.muli %a, %b : i32
    linalg.yield %m : i32
  } -> tensor<1x64xi32>
  return %p : tensor<1x64xi32>
}

// -----

// Weights that come at run time are given as their bytes.
// CHECK-LABEL: func @bytes(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xi8>, %[[BYTES:.*]]: tensor<1x1x64xi8>)
// CHECK-NOT:     bitnet.matmul
// CHECK:         bitnet.tile_dot %[[BYTES]][%{{.*}}], %[[X]]
// CHECK-NOT:     unrealized_conversion_cast
func.func @bytes(%x: tensor<1x4xi8>, %bytes: tensor<1x1x64xi8>) -> tensor<1x64xi32> {
  %w = builtin.unrealized_conversion_cast %bytes : tensor<1x1x64xi8>
      to tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  return %y : tensor<1x64xi32>
}
