// RUN: bitnet-opt %s --bitnet-fuse-norm-quantize | FileCheck %s

#q = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>

// CHECK-LABEL: func @fuses(
// CHECK-SAME:    %[[X:.*]]: tensor<8x2560xf32>, %[[GAIN:.*]]: tensor<2560xf32>
// CHECK-NEXT:    bitnet.norm_quantize %[[X]], %[[GAIN]]
// CHECK-NOT:     bitnet.rms_norm
func.func @fuses(%x: tensor<8x2560xf32>, %gain: tensor<2560xf32>) -> (tensor<8x2560xi8>, tensor<8xf32>) {
  %n = bitnet.rms_norm %x, %gain epsilon 1.000000e-05
      : tensor<8x2560xf32>, tensor<2560xf32> -> tensor<8x2560xf32>
  %q, %s = bitnet.quantize %n
      {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<8x2560xf32> -> tensor<8x2560xi8>, tensor<8xf32>
  return %q, %s : tensor<8x2560xi8>, tensor<8xf32>
}

// The norm also feeds the residual: fusing would compute it twice.
// CHECK-LABEL: func @keeps_shared_norm(
// CHECK:         %[[NORM:.*]] = bitnet.rms_norm
// CHECK:         bitnet.quantize %[[NORM]]
func.func @keeps_shared_norm(%x: tensor<8x2560xf32>, %gain: tensor<2560xf32>) -> (tensor<8x2560xi8>, tensor<8xf32>, tensor<8x2560xf32>) {
  %n = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<8x2560xf32>, tensor<2560xf32> -> tensor<8x2560xf32>
  %q, %s = bitnet.quantize %n {quantizer = #q}
      : tensor<8x2560xf32> -> tensor<8x2560xi8>, tensor<8xf32>
  return %q, %s, %n : tensor<8x2560xi8>, tensor<8xf32>, tensor<8x2560xf32>
}

// CHECK-LABEL: func @keeps_quantizer_of_other_input(
// CHECK:         bitnet.quantize
func.func @keeps_quantizer_of_other_input(%x: tensor<8x2560xf32>) -> (tensor<8x2560xi8>, tensor<8xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #q}
      : tensor<8x2560xf32> -> tensor<8x2560xi8>, tensor<8xf32>
  return %q, %s : tensor<8x2560xi8>, tensor<8xf32>
}
