// RUN: bitnet-opt %s --split-input-file --bitnet-decompose-linear | FileCheck %s
// RUN: bitnet-opt %s --split-input-file --bitnet-decompose-linear --cse | FileCheck %s --check-prefix=CSE

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// CHECK-LABEL: func @linear(
// CHECK-SAME:    %[[X:.*]]: tensor<?x256xf32>, %[[SCALE:.*]]: tensor<1xf32>
// CHECK:         %[[W:.*]] = bitnet.constant
// CHECK:         %[[Q:.*]], %[[S:.*]] = bitnet.quantize %[[X]]
// CHECK-SAME:      tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
// CHECK:         %[[SUMS:.*]] = bitnet.matmul %[[Q]], %[[W]]
// CHECK:         %[[Y:.*]] = bitnet.dequantize %[[SUMS]], %[[S]], %[[SCALE]] :
// CHECK:         return %[[Y]]
// CHECK-NOT:     bitnet.linear
func.func @linear(%x: tensor<?x256xf32>, %scale: tensor<1xf32>) -> tensor<?x704xf32> {
  %w = bitnet.constant dense_resource<w> : tensor<704x256x!bitnet.trit>
  %y = bitnet.linear %x, %w, %scale
      {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
  return %y : tensor<?x704xf32>
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// CHECK-LABEL: func @keeps_bias(
// CHECK-SAME:    %[[BIAS:[^ ]*]]: tensor<2xf32>)
// CHECK:         bitnet.matmul {{.*}} {bitnet.form = "A1/W1"}
// CHECK:         bitnet.dequantize {{.*}} bias %[[BIAS]] : tensor<2xf32>
func.func @keeps_bias(%x: tensor<1x4xf32>, %w: tensor<2x4x!bitnet.trit>, %scale: tensor<2xf32>, %bias: tensor<2xf32>) -> tensor<1x2xf32> {
  %y = bitnet.linear %x, %w, %scale bias %bias : tensor<2xf32> {bitnet.form = "A1/W1", quantizer = #q}
      : tensor<1x4xf32>, tensor<2x4x!bitnet.trit>, tensor<2xf32> -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// Two layers on one input, as gate and up: one quantizer after CSE.
// CSE-LABEL: func @shares_quantizer(
// CSE:         = bitnet.quantize %
// CSE-NOT:     = bitnet.quantize %
// CSE:         bitnet.matmul
// CSE:         bitnet.matmul
func.func @shares_quantizer(%x: tensor<1x4xf32>, %w: tensor<2x4x!bitnet.trit>, %v: tensor<2x4x!bitnet.trit>, %scale: tensor<1xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>) {
  %y = bitnet.linear %x, %w, %scale {quantizer = #q}
      : tensor<1x4xf32>, tensor<2x4x!bitnet.trit>, tensor<1xf32> -> tensor<1x2xf32>
  %z = bitnet.linear %x, %v, %scale {quantizer = #q}
      : tensor<1x4xf32>, tensor<2x4x!bitnet.trit>, tensor<1xf32> -> tensor<1x2xf32>
  return %y, %z : tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// Each group of inputs is a product with its columns of the weights.
// CHECK-LABEL: func @splits_groups(
// CHECK-SAME:    %[[X:[^ ]*]]: tensor<?x4xf32>, %[[SCALE:[^ ]*]]: tensor<2x2xf32>, %[[BIAS:[^ ]*]]: tensor<2xf32>)
// CHECK-COUNT-2: bitnet.constant dense_resource<{{.*}}> : tensor<2x2x!bitnet.trit>
// CHECK:         %[[Q:.*]], %[[S:.*]] = bitnet.quantize %[[X]]
// CHECK:         tensor.extract_slice %[[Q]][0, 0] [%{{.*}}, 2] [1, 1]
// CHECK:         tensor.extract_slice %[[SCALE]][0, 0] [1, 2] [1, 1] : tensor<2x2xf32> to tensor<2xf32>
// CHECK:         bitnet.dequantize
// CHECK:         tensor.extract_slice %[[Q]][0, 2] [%{{.*}}, 2] [1, 1]
// CHECK:         tensor.extract_slice %[[SCALE]][1, 0] [1, 2] [1, 1] : tensor<2x2xf32> to tensor<2xf32>
// CHECK:         bitnet.dequantize
// CHECK-COUNT-2: arith.addf
// CHECK-NOT:     bitnet.linear
// CHECK-DAG:       {{.*}}: "0x010000000100FF01"
// CHECK-DAG:       {{.*}}: "0x01000000FFFF0001"
func.func @splits_groups(%x: tensor<?x4xf32>, %scale: tensor<2x2xf32>, %bias: tensor<2xf32>) -> tensor<?x2xf32> {
  %w = bitnet.constant dense_resource<rows> : tensor<2x4x!bitnet.trit>
  %y = bitnet.linear %x, %w, %scale bias %bias : tensor<2xf32> {quantizer = #q}
      : tensor<?x4xf32>, tensor<2x4x!bitnet.trit>, tensor<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

{-# dialect_resources: { builtin: { rows: "0x010000000100FFFFFF010001" } } #-}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// Weights that are not at hand cannot be split.
// CHECK-LABEL: func @keeps_groups_of_unknown_weights(
// CHECK:         bitnet.linear
func.func @keeps_groups_of_unknown_weights(%x: tensor<?x4xf32>, %w: tensor<2x4x!bitnet.trit>, %scale: tensor<2x2xf32>) -> tensor<?x2xf32> {
  %y = bitnet.linear %x, %w, %scale {quantizer = #q}
      : tensor<?x4xf32>, tensor<2x4x!bitnet.trit>, tensor<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
