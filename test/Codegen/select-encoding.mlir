// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+avx2 | FileCheck %s --check-prefix=AVX2
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+avx2,+avx512vnni | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+neon,+dotprod | FileCheck %s --check-prefix=FOUR
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=features=+m,+v | FileCheck %s --check-prefix=FOUR
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding="features=+avx512vnni,+avx512vbmi cpu=sapphirerapids" | FileCheck %s --check-prefixes=CHECK,SLOW
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding="features=+avx512vnni,+avx512vbmi cpu=znver4" | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: not bitnet-opt %s --split-input-file --bitnet-select-encoding="features=+avx512vnni,+avx512vbmi tile=1x80x4-avx512vbmi" 2>/dev/null | FileCheck %s --check-prefix=FORCED
// RUN: bitnet-opt %s --split-input-file --bitnet-select-encoding=tile=naive | FileCheck %s --check-prefix=NAIVE
// RUN: not bitnet-opt %s --split-input-file --bitnet-select-encoding=tile=1x32x4-avx2 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not bitnet-opt %s --split-input-file --bitnet-select-encoding=tile=abacus 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: 'bitnet.matmul' op no tile 'abacus' fits this CPU and a contraction of 4
// ERROR: error: 'bitnet.matmul' op no tile '1x32x4-avx2' fits this CPU and a contraction of 4

// CHECK-LABEL: func @selects(
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>}
// AVX2:          bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
// FOUR:          bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 4, bits = 2>}
// FORCED:        bitnet.matmul %{{.*}}, %{{.*}} {bitnet.encoding = #bitnet.packed<lanes = 16, bits = 1.6>}
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

// -----

// Too large for any cache: fewer bytes pay where memory is slow.
// CHECK-LABEL: func @weighs_bytes_against_decoding(
// SLOW:          bitnet.encoding = #bitnet.packed<lanes = 16, bits = 1.6>
// FAST:          bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>
func.func @weighs_bytes_against_decoding(%x: tensor<?x16384xi8>) -> tensor<?x65536xi32> {
  %w = bitnet.constant dense_resource<w> : tensor<65536x16384x!bitnet.trit>
  %y = bitnet.matmul %x, %w
      : tensor<?x16384xi8>, tensor<65536x16384x!bitnet.trit> -> tensor<?x65536xi32>
  return %y : tensor<?x65536xi32>
}

// -----

// CHECK-LABEL: func @takes_a_bit_where_no_trit_is_zero(
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 1>
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>
func.func @takes_a_bit_where_no_trit_is_zero(%x: tensor<?x4xi8>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %v = bitnet.constant dense_resource<signs> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %v
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  %w = bitnet.constant dense_resource<trits> : tensor<2x4x!bitnet.trit>
  %z = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y, %z : tensor<?x2xi32>, tensor<?x2xi32>
}

{-#
  dialect_resources: {
    builtin: {
      signs: "0x0100000001FFFF0101010101",
      trits: "0x0100000001FFFF0101000101"
    }
  }
#-}

// -----

// Many weights take two bits each before they are packed, so that a zero is no
// byte of zeros: here each byte is three times +1 and a zero, or all +1.
// CHECK-LABEL: func @finds_zeros_among_two_bits_each(
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 1>
func.func @finds_zeros_among_two_bits_each(%x: tensor<?x32xi8>) -> (tensor<?x32xi32>, tensor<?x32xi32>) {
  %v = bitnet.constant dense_resource<zeros> : tensor<32x32x!bitnet.trit>
  %y = bitnet.matmul %x, %v
      : tensor<?x32xi8>, tensor<32x32x!bitnet.trit> -> tensor<?x32xi32>
  %w = bitnet.constant dense_resource<ones> : tensor<32x32x!bitnet.trit>
  %z = bitnet.matmul %x, %w
      : tensor<?x32xi8>, tensor<32x32x!bitnet.trit> -> tensor<?x32xi32>
  return %y, %z : tensor<?x32xi32>, tensor<?x32xi32>
}

{-#
  dialect_resources: {
    builtin: {
      zeros: "0x0100000015151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151515",
      ones: "0x0100000055555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555"
    }
  }
#-}

// -----

// CHECK-LABEL: func @takes_a_bit_for_each_bit(
// CHECK:         bitnet.encoding = #bitnet.packed<lanes = 16, bits = 1>
// AVX2:          bitnet.encoding = #bitnet.packed<lanes = 8, bits = 1>
func.func @takes_a_bit_for_each_bit(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.bit>
  %y = bitnet.matmul %x, %w
      : tensor<?x4xi8>, tensor<2x4x!bitnet.bit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}
