// RUN: bitnet-opt %s --bitnet-pack-weights --split-input-file --verify-diagnostics | FileCheck %s

// Row 0 is lane 0, row 1 is lane 1; padding holds code 1 everywhere (0x55).
// CHECK-LABEL: func @packs(
// CHECK:         %[[W:.*]] = bitnet.constant dense_resource<w_packed{{.*}}> : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 8, bits = 2>>
// CHECK:         bitnet.matmul %{{.*}}, %[[W]] :
// CHECK:         w_packed{{.*}}: "0x{{........}}5455565556545455555555555555555555555555555555555555555555555555"
func.func @packs(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x01000000FF00010001FFFF00"
    }
  }
#-}

// -----

// Row 0 is +1, -1, -1, +1, row 1 all +1; padding is 0.
// CHECK-LABEL: func @packs_bits(
// CHECK:         %[[W:.*]] = bitnet.constant dense_resource<signs_packed{{.*}}> : tensor<2x4x!bitnet.bit, #bitnet.packed<lanes = 8, bits = 1>>
// CHECK:         bitnet.matmul %{{.*}}, %[[W]] :
// CHECK:         signs_packed{{.*}}: "0x{{........}}0100000101010101000000000000000000000000000000000000000000000000"
func.func @packs_bits(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<signs> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 1>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

{-#
  dialect_resources: {
    builtin: {
      signs: "0x0100000001FFFF0101010101"
    }
  }
#-}

// -----

// Layers that share their weights have two constants of them after raise.
// CHECK-LABEL: func @packs_equal_weights_once(
// CHECK-COUNT-2: bitnet.constant dense_resource<[[W:u_packed.*]]> :
// CHECK-NOT:     v_packed
func.func @packs_equal_weights_once(%x: tensor<?x4xi8>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %u = bitnet.constant dense_resource<u> : tensor<2x4x!bitnet.trit>
  %v = bitnet.constant dense_resource<v> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %u {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  %z = bitnet.matmul %x, %v {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y, %z : tensor<?x2xi32>, tensor<?x2xi32>
}

{-#
  dialect_resources: {
    builtin: {
      u: "0x01000000FF00010001FFFF00",
      v: "0x01000000FF00010001FFFF00"
    }
  }
#-}
