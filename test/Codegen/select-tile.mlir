// RUN: bitnet-opt %s --bitnet-select-tile | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx512vnni | FileCheck %s --check-prefix=VNNI
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx512vnni tile=2x64x4-avx512vnni" | FileCheck %s --check-prefix=FORCED
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx512vnni,+amx-int8 cpu=sapphirerapids" | FileCheck %s --check-prefix=AMX
// RUN: not bitnet-opt %s --bitnet-select-tile="features=+avx2 tile=1x32x4-avx2" 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: 'bitnet.matmul' op no tile reads weights packed as #bitnet.packed<lanes = 16, bits = 2>

// CHECK-LABEL: func @selects(
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} tiles ["4x64x4-generic", "1x64x4-generic"] {bitnet.rows_in_cache = 52428 : i64}
// VNNI:          bitnet.matmul %{{.*}}, %{{.*}} tiles ["6x64x4-avx512vnni", "4x64x4-avx512vnni", "2x64x4-avx512vnni", "1x64x4-avx512vnni"]
// FORCED:        bitnet.matmul %{{.*}}, %{{.*}} tiles ["2x64x4-avx512vnni", "1x64x4-avx512vnni"]
// AMX:           bitnet.matmul %{{.*}}, %{{.*}} tiles ["128x64x64-amx", "32x64x64-amx", "16x64x64-amx", "6x64x4-avx512vnni", "4x64x4-avx512vnni", "2x64x4-avx512vnni", "1x64x4-avx512vnni"] {bitnet.prefetch = 2048 : i64, bitnet.rows_in_cache = {{.*}}}
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
