// RUN: bitnet-opt %s --convert-bitnet-to-linalg | FileCheck %s
// RUN: bitnet-opt %s --convert-bitnet-to-linalg="ops=bitnet.dequantize" --canonicalize | FileCheck %s --check-prefix=SOME

#token = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>

// CHECK-DAG:   #[[FIRST:.*]] = affine_map<(d0) -> (0)>
// CHECK-DAG:   #[[VECTOR:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG:   #[[ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG:   #[[ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG:   #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func @rescales(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x64xi32>, %[[S:[a-z0-9_]+]]: tensor<?xf32>, %[[WS:[a-z0-9_]+]]: tensor<1xf32>
// CHECK:         %[[RATIO:[a-z0-9_]+]] = linalg.generic {indexing_maps = [#[[FIRST]], #[[VECTOR]], #[[VECTOR]]]
// CHECK-SAME:      ins(%[[WS]], %[[S]] : tensor<1xf32>, tensor<?xf32>)
// CHECK:           arith.divf
// CHECK:         linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]], #[[ALL]]]
// CHECK-SAME:      ins(%[[X]], %[[RATIO]] : tensor<?x64xi32>, tensor<?xf32>)
// CHECK:           %[[F:[a-z0-9_]+]] = arith.sitofp
// CHECK:           arith.mulf %[[F]], %{{.*}} : f32
func.func @rescales(%sums: tensor<?x64xi32>, %s: tensor<?xf32>, %ws: tensor<1xf32>) -> tensor<?x64xf32> {
  %y = bitnet.dequantize %sums, %s, %ws : tensor<?x64xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func @divides_by_inverse_scales(
// CHECK:         %[[PRODUCT:[a-z0-9_]+]] = linalg.generic {indexing_maps = [#[[FIRST]], #[[VECTOR]], #[[VECTOR]]]
// CHECK:           arith.mulf
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %[[PRODUCT]] : tensor<?x64xi32>, tensor<?xf32>)
// CHECK:           %[[F:[a-z0-9_]+]] = arith.sitofp
// CHECK:           arith.divf %[[F]], %{{.*}} : f32
func.func @divides_by_inverse_scales(%sums: tensor<?x64xi32>, %s: tensor<?xf32>, %ws: tensor<1xf32>) -> tensor<?x64xf32> {
  %y = bitnet.dequantize %sums, %s, %ws inverse : tensor<?x64xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func @rescales_columns(
// CHECK:         linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]], #[[COLUMN]], #[[COLUMN]], #[[ALL]]]
// CHECK:           %[[RATIO:[a-z0-9_]+]] = arith.divf
// CHECK:           %[[F:[a-z0-9_]+]] = arith.sitofp
// CHECK:           %[[Y:[a-z0-9_]+]] = arith.mulf %[[F]], %[[RATIO]]
// CHECK:           arith.addf %[[Y]]
func.func @rescales_columns(%sums: tensor<?x64xi32>, %s: tensor<?xf32>,
    %ws: tensor<64xf32>, %bias: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = bitnet.dequantize %sums, %s, %ws bias %bias : tensor<64xf32>
      : tensor<?x64xi32>, tensor<?xf32>, tensor<64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A half is rounded once, after the bias.
// CHECK-LABEL: func @rescales_to_halves(
// CHECK:           arith.mulf {{.*}} : f32
// CHECK-NEXT:      %[[Y:[a-z0-9_]+]] = arith.addf {{.*}} : f32
// CHECK-NEXT:      %[[H:[a-z0-9_]+]] = arith.truncf %[[Y]] : f32 to f16
// CHECK-NEXT:      linalg.yield %[[H]]
func.func @rescales_to_halves(%sums: tensor<?x64xi32>, %s: tensor<?xf32>,
    %ws: tensor<1xf32>, %bias: tensor<64xf32>) -> tensor<?x64xf16> {
  %y = bitnet.dequantize %sums, %s, %ws bias %bias : tensor<64xf32>
      : tensor<?x64xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}

// Weights of functions become bytes, too.
// CHECK-LABEL: func @multiplies(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<?x4xi8>, %[[W:[a-z0-9_]+]]: tensor<2x4xi8>
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[X]], %[[W]] : tensor<?x4xi8>, tensor<2x4xi8>)
// CHECK:           arith.extsi
// CHECK:           arith.extsi
// CHECK:           arith.muli {{.*}} : i32
// CHECK:           arith.addi {{.*}} : i32
func.func @multiplies(%x: tensor<?x4xi8>, %w: tensor<2x4x!bitnet.trit>) -> tensor<?x2xi32> {
  %y = bitnet.matmul %x, %w : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-LABEL: func @holds_weights_as_bytes(
// CHECK:         arith.constant dense_resource<rows> : tensor<2x4xi8>
// CHECK-NOT:     bitnet.constant
func.func @holds_weights_as_bytes(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<rows> : tensor<2x4x!bitnet.trit>
  %y = bitnet.matmul %x, %w : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// The resource below holds -1, 0, 1, 0 in row 0 and zeros in row 1.
// CHECK-LABEL: func @unpacks_weights(
// CHECK:         arith.constant dense_resource<panel_unpacked> : tensor<2x4xi8>
func.func @unpacks_weights(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
  %w = bitnet.constant dense_resource<panel>
      : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 4, bits = 2>>
  %y = bitnet.matmul %x, %w : tensor<?x4xi8>,
      tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 4, bits = 2>> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-LABEL: func @spells_out_a_layer(
// CHECK-NOT:     bitnet.
// CHECK:         math.roundeven
// CHECK:         arith.muli
// CHECK:         arith.sitofp
// CHECK-NOT:     bitnet.
// SOME-LABEL:  func @spells_out_a_layer(
// SOME:          bitnet.linear
func.func @spells_out_a_layer(%x: tensor<?x4xf32>, %w: tensor<2x4x!bitnet.trit>,
                              %scale: tensor<1xf32>) -> tensor<?x2xf32> {
  %y = bitnet.linear %x, %w, %scale {quantizer = #token}
      : tensor<?x4xf32>, tensor<2x4x!bitnet.trit>, tensor<1xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: func @rounds_quotients(
// CHECK:           %[[Y:[a-z0-9_]+]] = arith.divf %{{.*}} : f32
// CHECK-NEXT:      arith.truncf %[[Y]] : f32 to f16
func.func @rounds_quotients(%sums: tensor<?x64xi32>, %s: tensor<?xf32>, %ws: tensor<1xf32>) -> tensor<?x64xf16> {
  %y = bitnet.dequantize %sums, %s, %ws inverse : tensor<?x64xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}

// Sums of groups are exact; what they are scaled to is added in their order.
// CHECK-LABEL: func @adds_groups(
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK:           arith.muli
// CHECK:           arith.addi
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
// CHECK:           %[[RATIO:[a-z0-9_]+]] = arith.divf
// CHECK:           %[[F:[a-z0-9_]+]] = arith.sitofp
// CHECK:           %[[Y:[a-z0-9_]+]] = arith.mulf %[[F]], %[[RATIO]]
// CHECK:           arith.addf %{{.*}}, %[[Y]]
// CHECK:         linalg.generic
// CHECK:           arith.addf
func.func @adds_groups(%x: tensor<?x4xf32>, %w: tensor<2x4x!bitnet.trit>,
                       %scale: tensor<2x2xf32>, %bias: tensor<2xf32>) -> tensor<?x2xf32> {
  %y = bitnet.linear %x, %w, %scale bias %bias : tensor<2xf32> {quantizer = #token}
      : tensor<?x4xf32>, tensor<2x4x!bitnet.trit>, tensor<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The mean is summed in f64 and rounded once.
// CHECK-LABEL: func @ternarizes(
// CHECK:         arith.extf {{.*}} : f32 to f64
// CHECK:         %[[MEAN:[a-z0-9_]+]] = arith.truncf {{.*}} : f64 to f32
// CHECK:         %[[GAMMA:[a-z0-9_]+]] = arith.select {{.*}}, %[[MEAN]]
// CHECK:         arith.divf %{{.*}}, %[[GAMMA]]
// CHECK:         math.roundeven
// CHECK:         tensor.from_elements %[[GAMMA]]
func.func @ternarizes(%w: tensor<2x4xf32>) -> (tensor<2x4x!bitnet.trit>, tensor<1xf32>) {
  %q, %gamma = bitnet.ternarize %w floor 1.0e-5
      : tensor<2x4xf32> -> tensor<2x4x!bitnet.trit>, tensor<1xf32>
  return %q, %gamma : tensor<2x4x!bitnet.trit>, tensor<1xf32>
}

// CHECK-LABEL: func @binarizes(
// CHECK:         %[[ALPHA:[a-z0-9_]+]] = arith.truncf
// CHECK:         arith.cmpf ogt, %{{.*}}, %[[ALPHA]]
// CHECK:         math.absf
func.func @binarizes(%w: tensor<2x4xf32>) -> (tensor<2x4x!bitnet.bit>, tensor<1xf32>) {
  %q, %beta = bitnet.binarize %w
      : tensor<2x4xf32> -> tensor<2x4x!bitnet.bit>, tensor<1xf32>
  return %q, %beta : tensor<2x4x!bitnet.bit>, tensor<1xf32>
}

// SOME-LABEL: func @keeps_ops_that_are_not_named(
// SOME:         bitnet.quantize
// SOME-NOT:     bitnet.dequantize
// SOME:         linalg.generic
func.func @keeps_ops_that_are_not_named(%x: tensor<?x4xf32>, %sums: tensor<?x4xi32>,
    %ws: tensor<1xf32>) -> (tensor<?x4xi8>, tensor<?x4xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token} : tensor<?x4xf32> -> tensor<?x4xi8>, tensor<?xf32>
  %y = bitnet.dequantize %sums, %s, %ws : tensor<?x4xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x4xf32>
  return %q, %y : tensor<?x4xi8>, tensor<?x4xf32>
}

// Four bytes of alignment, then 16 bytes: one vector of 4 lanes x 4 columns.
// CHECK:       panel_unpacked: "0x40000000FF00010000000000"
{-# dialect_resources: { builtin: {
  rows: "0x01000000FF000100000000FF",
  panel: "0x0400000054555655555555555555555555555555"
} } #-}
