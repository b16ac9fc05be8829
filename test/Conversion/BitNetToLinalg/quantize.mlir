// RUN: bitnet-opt %s --convert-bitnet-to-linalg | FileCheck %s

#token = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>
#shifted = #bitnet.quantizer<shifted, token, limit = 128.0 : f32, floor = 1.0e-5 : f32, low = 0, high = 127, reciprocal = true>
#mean = #bitnet.quantizer<absmean, tensor, limit = 2.6 : f32, floor = 1.0e-5 : f32, low = -8, high = 7, reciprocal = false>

// CHECK-LABEL: func @quantizes_tokens(
// CHECK:         math.absf
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
// CHECK:           arith.cmpf ogt
// CHECK:         arith.divf
// CHECK:         arith.mulf
// CHECK:         linalg.generic
// CHECK:           arith.mulf
// CHECK:           math.roundeven
// CHECK:           arith.cmpf ogt
// CHECK:           arith.cmpf olt
// CHECK:           arith.fptosi {{.*}} : f32 to i8
func.func @quantizes_tokens(%x: tensor<?x16xf32>) -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token} : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// Rows are added in lane order: padded to whole blocks, added block by block,
// then lane by lane as a tree.
// CHECK-LABEL: func @quantizes_a_tensor_by_its_mean(
// CHECK:         tensor.pad %{{.*}} low[0, 0] high[0, 12]
// CHECK:         tensor.expand_shape {{.*}} output_shape [%{{.*}}, 2, 16]
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]
// CHECK:         tensor.extract_slice %{{.*}}[0, 0] [%{{.*}}, 8] [1, 1]
// CHECK:         tensor.extract_slice %{{.*}}[0, 8] [%{{.*}}, 8] [1, 1]
// CHECK:         tensor.collapse_shape
func.func @quantizes_a_tensor_by_its_mean(%x: tensor<?x20xf32>) -> (tensor<?x20xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #mean} : tensor<?x20xf32> -> tensor<?x20xi8>, tensor<?xf32>
  return %q, %s : tensor<?x20xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @shifts_to_the_minimum(
// CHECK:         math.absf
// CHECK:         arith.constant 0x7F800000 : f32
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
// CHECK:           arith.cmpf olt
// CHECK:         arith.subf
// CHECK:         math.roundeven
func.func @shifts_to_the_minimum(%x: tensor<?x16xf32>) -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #shifted} : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @normalizes_then_quantizes(
// CHECK:         math.sqrt
// CHECK:         math.roundeven
func.func @normalizes_then_quantizes(%x: tensor<?x?xf32>, %gain: tensor<?xf32>)
    -> (tensor<?x?xi8>, tensor<?xf32>) {
  %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.0e-5 {quantizer = #token}
      : tensor<?x?xf32>, tensor<?xf32> -> tensor<?x?xi8>, tensor<?xf32>
  return %q, %s : tensor<?x?xi8>, tensor<?xf32>
}

// Each step is rounded to the quantizer's type.
// CHECK-LABEL: func @quantizes_in_bf16(
// CHECK:         arith.extf {{.*}} : bf16 to f32
// CHECK:         math.absf
// CHECK:         arith.divf
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT:    arith.extf
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT:    arith.extf
// CHECK:         arith.mulf
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT:    arith.extf
// CHECK-NEXT:    math.roundeven
func.func @quantizes_in_bf16(%x: tensor<?x16xbf16>) -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : bf16, floor = 1.0e-5 : bf16, low = -128, high = 127, reciprocal = true>}
      : tensor<?x16xbf16> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}

// CHECK-LABEL: func @quantizes_halves_in_f32(
// CHECK:         arith.extf {{.*}} : f16 to f32
// CHECK:         arith.extf {{.*}} : f16 to f32
// CHECK-NOT:     arith.truncf
func.func @quantizes_halves_in_f32(%x: tensor<?x16xf16>) -> (tensor<?x16xi8>, tensor<?xf32>) {
  %q, %s = bitnet.quantize %x {quantizer = #token} : tensor<?x16xf16> -> tensor<?x16xi8>, tensor<?xf32>
  return %q, %s : tensor<?x16xi8>, tensor<?xf32>
}
