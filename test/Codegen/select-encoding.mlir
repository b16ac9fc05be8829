// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+avx2 | FileCheck %s --check-prefix=AVX2
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+avx2,+avx512vnni | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+neon,+dotprod | FileCheck %s --check-prefix=FOUR
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+m,+v | FileCheck %s --check-prefix=FOUR
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=tile=naive | FileCheck %s --check-prefix=NAIVE
// RUN: not bitnet-opt %s --split-input-file --bitnet-select-encoding=tile=1x32x4-avx2 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: 'bitnet.matmul' op no tile '1x32x4-avx2' fits this CPU and a contraction of 4

// CHECK-LABEL: func @selects(
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>}
// AVX2:          bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
// FOUR:          bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 4, bits = 2>}
// NAIVE-NOT:     bitnet.encoding
func.func @selects(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// -----

// CHECK-LABEL: func @keeps_weights_that_are_not_constant(
// CHECK-NOT:     bitnet.encoding
func.func @keeps_weights_that_are_not_constant(%x: tensor<?x4xi8>, %w: tensor<2x4x!bitnet.trit>) -> tensor<?x2xi32> {
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// -----

// CHECK-LABEL: func @takes_another_row_where_a_contraction_is_too_long(
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>
func.func @takes_another_row_where_a_contraction_is_too_long(%x: tensor<?x3000000xi8>) -> tensor<?x1xi32> {
  %w = bitnet.constant dense_resource<w> : tensor<1x3000000x!bitnet.trit>
  %y = bitnet.matmul %x, %w
      : tensor<?x3000000xi8>, tensor<1x3000000x!bitnet.trit> -> tensor<?x1xi32>
  return %y : tensor<?x1xi32>
}
