// RUN: bitnet-opt %s --bitnet-pack-weights --split-input-file --verify-diagnostics

func.func @argument(%x: tensor<?x4xi8>, %w: tensor<2x4x!bitnet.trit>) -> tensor<?x2xi32> {
  // expected-error @below {{has an encoding, but no constant weights}}
  %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// -----

// Seven bytes for eight weights.
func.func @too_short(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  // expected-error @below {{needs one byte for each weight}}
  %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
      : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x01000000FF00010001FFFF"
    }
  }
#-}
