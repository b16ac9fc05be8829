// RUN: bitnet-opt %s --bitnet-select-tile | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx512vnni | FileCheck %s --check-prefix=VNNI
// RUN: bitnet-opt %s --bitnet-select-tile="features=+avx512vnni tile=1x64x4-generic" | FileCheck %s --check-prefix=FORCED
// RUN: not bitnet-opt %s --bitnet-select-tile="features=+avx2" 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: 'bitnet.matmul' op no tile reads weights packed as #bitnet.packed<lanes = 16, bits = 2>

// CHECK-LABEL: func @selects(
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} tile "4x64x4-generic" row_tile "1x64x4-generic"
// VNNI:          bitnet.matmul %{{.*}}, %{{.*}} tile "6x64x4-avx512vnni" row_tile "1x64x4-avx512vnni"
// FORCED:        bitnet.matmul %{{.*}}, %{{.*}} tile "1x64x4-generic" row_tile "1x64x4-generic"
func.func @selects(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
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
