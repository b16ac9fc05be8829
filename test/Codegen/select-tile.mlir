// RUN: bitnet-opt %s --bitnet-select-tile | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx512vnni | FileCheck %s --check-prefix=VNNI
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx512vnni tile=2x64x4-avx512vnni" | FileCheck %s --check-prefix=FORCED
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx512vnni,+amx-int8 cpu=sapphirerapids" | FileCheck %s --check-prefix=AMX
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx cpu=znver1" | FileCheck %s --check-prefix=AVX
// RUN: bitnet-opt %s --bitnet-select-tile=features=+gpu | FileCheck %s --check-prefix=GPU
// RUN: bitnet-opt %s --bitnet-select-tile="features=+gpu tile=1x64x4-gpu" | FileCheck %s --check-prefix=ROW
// RUN: not bitnet-opt %s --bitnet-select-tile="features=+gpu tile=4x64x4-generic" 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not bitnet-opt %s --bitnet-select-tile="features=+avx2 tile=1x32x4-avx2" 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: 'bitnet.matmul' op no tile reads weights packed as #bitnet.packed<lanes = 16, bits = 2>

// CHECK-LABEL: func @selects(
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} tiles ["4x64x4-generic", "1x64x4-generic"] {bitnet.rows_in_cache = 52428 : i64}
// VNNI:          bitnet.matmul %{{.*}}, %{{.*}} tiles ["6x64x4-avx512vnni", "4x64x4-avx512vnni", "2x64x4-avx512vnni", "1x64x4-avx512vnni"]
// FORCED:        bitnet.matmul %{{.*}}, %{{.*}} tiles ["2x64x4-avx512vnni", "1x64x4-avx512vnni"]
// AMX:           bitnet.matmul %{{.*}}, %{{.*}} tiles ["128x64x64-amx", "32x64x64-amx", "16x64x64-amx", "6x64x4-avx512vnni", "4x64x4-avx512vnni", "2x64x4-avx512vnni", "1x64x4-avx512vnni"] {bitnet.prefetch = 2048 : i64, bitnet.rows_in_cache = {{.*}}}
// GPU:           bitnet.matmul %{{.*}}, %{{.*}} tiles ["16x64x4-gpu", "1x64x4-gpu"]
// ROW:           bitnet.matmul %{{.*}}, %{{.*}} tiles ["1x64x4-gpu"]
func.func @selects(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// Rows of activations in half a MiB, in whole blocks.
// CHECK-LABEL: func @counts_rows_in_cache(
// CHECK:         bitnet.rows_in_cache = 80 : i64
// VNNI:          bitnet.rows_in_cache = 78 : i64
// AMX:           bitnet.rows_in_cache = 256 : i64
func.func @counts_rows_in_cache(%x: tensor<?x2560xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<2x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w
      : tensor<?x2560xi8>, tensor<2x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-LABEL: func @selects_for_bits(
// CHECK:         tiles ["2x128x4-generic", "1x128x4-generic"]
// VNNI:          tiles ["3x128x4-avx512vnni", "1x128x4-avx512vnni"]
func.func @selects_for_bits(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<2x4x!bitnet.bit, #bitnet.packed<lanes = 16, bits = 1>>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.bit, #bitnet.packed<lanes = 16, bits = 1>>
      -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-LABEL: func @keeps_unpacked(
// CHECK-NOT:     tile
func.func @keeps_unpacked(%x: tensor<?x4xi8>, %w: tensor<2x4x!bitnet.trit>) -> tensor<?x2xi32> {
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// Attention sums as many lanes at once as registers hold.
// CHECK-LABEL: func @counts_lanes(
// CHECK:         bitnet.attention {{.*}} bitnet.lanes_together = 16 : i64
// VNNI-LABEL: func @counts_lanes(
// VNNI:         bitnet.attention {{.*}} bitnet.lanes_together = 4 : i64
// AVX-LABEL: func @counts_lanes(
// AVX:         bitnet.attention {{.*}} bitnet.lanes_together = 8 : i64
func.func @counts_lanes(%q: tensor<?x1x?x16xf32>, %k: tensor<?x1x?x16xf32>,
    %v: tensor<?x1x?x16xf32>) -> tensor<?x1x?x16xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.25 : tensor<?x1x?x16xf32>,
      tensor<?x1x?x16xf32>, tensor<?x1x?x16xf32> -> tensor<?x1x?x16xf32>
  return %y : tensor<?x1x?x16xf32>
}

// Columns of f32 weights, as one row of activations reads them; halves wait for being widened.
// CHECK-LABEL: func @counts_columns(
// CHECK-NOT:     bitnet.columns_together
// AVX-LABEL: func @counts_columns(
// AVX:         linalg.matmul {{.*}}bitnet.columns_together = 4 : i64
// AVX-NOT:     bitnet.columns_together
func.func @counts_columns(%x: tensor<1x16xf32>, %w: tensor<16x4xf32>, %h: tensor<16x4xf16>, %init: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<1x16xf32>, tensor<16x4xf32>) outs(%init : tensor<1x4xf32>) -> tensor<1x4xf32>
  %z = linalg.matmul ins(%x, %h : tensor<1x16xf32>, tensor<16x4xf16>) outs(%y : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %z : tensor<1x4xf32>
}
