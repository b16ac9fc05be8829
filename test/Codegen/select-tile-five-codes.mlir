// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx512vnni,+avx512vbmi | FileCheck %s
// RUN: bitnet-opt %s --bitnet-select-tile=features=+avx512vnni,+avx512vbmi,+amx-int8 | FileCheck %s --check-prefix=AMX

// CHECK-LABEL: func @selects_for_five_codes(
// CHECK:         tiles ["4x80x4-avx512vbmi", "1x80x4-avx512vbmi"]
// AMX:           tiles ["128x80x64-amx", "32x80x64-amx", "16x80x64-amx", "4x80x4-avx512vbmi", "1x80x4-avx512vbmi"]
func.func @selects_for_five_codes(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 1.6>>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 1.6>>
      -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}
