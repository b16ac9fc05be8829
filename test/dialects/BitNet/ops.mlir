// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

#q = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>

// CHECK-LABEL: func @constant
// CHECK:         bitnet.constant dense_resource<q_proj> : tensor<256x256x!bitnet.trit>
func.func @constant() -> tensor<256x256x!bitnet.trit> {
  %w = bitnet.constant dense_resource<q_proj> : tensor<256x256x!bitnet.trit>
  return %w : tensor<256x256x!bitnet.trit>
}

// CHECK-LABEL: func @packed
// CHECK-SAME:    tensor<2560x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
// CHECK-SAME:    tensor<64x64x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 1.6>>
// CHECK-SAME:    tensor<64x64x!bitnet.bit, #bitnet.packed<lanes = 16, bits = 1>>
func.func @packed(%w: tensor<2560x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>, %t: tensor<64x64x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 1.6>>, %b: tensor<64x64x!bitnet.bit, #bitnet.packed<lanes = 16, bits = 1>>) {
  return
}

// CHECK-LABEL: func @linear
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %{{.*}} {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>} : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
// CHECK:         bitnet.linear {{.*}} bias %{{.*}} : tensor<704xf32>
func.func @linear(%x: tensor<?x256xf32>, %w: tensor<704x256x!bitnet.trit>, %scale: tensor<1xf32>, %b: tensor<704xf32>) -> (tensor<?x704xf32>, tensor<?x704xf32>) {
  %y = bitnet.linear %x, %w, %scale
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
  %z = bitnet.linear %x, %w, %scale bias %b : tensor<704xf32> {quantizer = #q}
      : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
  return %y, %z : tensor<?x704xf32>, tensor<?x704xf32>
}

// CHECK-LABEL: func @scales
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %{{.*}} inverse {
// CHECK:         bitnet.linear {{.*}} : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<2x704xf32> -> tensor<?x704xf32>
// CHECK:         bitnet.dequantize %{{.*}}, %{{.*}}, %{{.*}} inverse bias %{{.*}} : tensor<704xf32>
func.func @scales(%x: tensor<?x256xf32>, %w: tensor<704x256x!bitnet.trit>, %scale: tensor<1xf32>,
                  %groups: tensor<2x704xf32>, %sums: tensor<?x704xi32>, %s: tensor<?xf32>, %b: tensor<704xf32>) {
  %y = bitnet.linear %x, %w, %scale inverse {quantizer = #q}
      : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
  %z = bitnet.linear %x, %w, %groups {quantizer = #bitnet.quantizer<shifted, token, limit = 128.0 : f32, floor = 1.0e-5 : f32, low = 0, high = 127, reciprocal = true>}
      : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<2x704xf32> -> tensor<?x704xf32>
  %d = bitnet.dequantize %sums, %s, %scale inverse bias %b : tensor<704xf32>
      : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
  return
}

// CHECK-LABEL: func @weights
// CHECK:         bitnet.ternarize %{{.*}} floor 9.99999974E-6 : tensor<704x256xf32> -> tensor<704x256x!bitnet.trit>, tensor<1xf32>
// CHECK:         bitnet.binarize %{{.*}} : tensor<704x256xf32> -> tensor<704x256x!bitnet.bit>, tensor<1xf32>
func.func @weights(%w: tensor<704x256xf32>) {
  %q, %gamma = bitnet.ternarize %w floor 1.0e-5
      : tensor<704x256xf32> -> tensor<704x256x!bitnet.trit>, tensor<1xf32>
  %b, %beta = bitnet.binarize %w
      : tensor<704x256xf32> -> tensor<704x256x!bitnet.bit>, tensor<1xf32>
  return
}

// CHECK-LABEL: func @halves
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %{{.*}} {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : bf16, floor = 1.001360e-05 : bf16, low = -128, high = 127, reciprocal = true>} : tensor<?x256xbf16>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xbf16>
func.func @halves(%x: tensor<?x256xbf16>, %w: tensor<704x256x!bitnet.trit>, %scale: tensor<1xf32>) {
  %y = bitnet.linear %x, %w, %scale
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : bf16, floor = 1.0e-5 : bf16, low = -128, high = 127, reciprocal = true>}
      : tensor<?x256xbf16>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xbf16>
  return
}

// CHECK-LABEL: func @steps
// CHECK:         bitnet.quantize %{{.*}} {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>} : tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} : tensor<8x2560xi8>, tensor<6912x2560x!bitnet.trit> -> tensor<8x6912xi32>
// CHECK:         bitnet.matmul %{{.*}}, %{{.*}} tiles ["4x64x4-generic", "1x64x4-generic"] :
// CHECK:         bitnet.dequantize %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
// CHECK:         bitnet.dequantize %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} : tensor<704xf32> : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
func.func @steps(%x: tensor<?x256xf32>, %codes: tensor<8x2560xi8>, %w: tensor<6912x2560x!bitnet.trit>,
                 %sums: tensor<?x704xi32>, %ws: tensor<1xf32>, %bias: tensor<704xf32>) {
  %q, %s = bitnet.quantize %x
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32,
         floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
  %y = bitnet.matmul %codes, %w
      : tensor<8x2560xi8>, tensor<6912x2560x!bitnet.trit> -> tensor<8x6912xi32>
  %z = bitnet.matmul %codes, %w tiles ["4x64x4-generic", "1x64x4-generic"]
      : tensor<8x2560xi8>, tensor<6912x2560x!bitnet.trit> -> tensor<8x6912xi32>
  %d = bitnet.dequantize %sums, %s, %ws
      : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
  %b = bitnet.dequantize %sums, %s, %ws bias %bias : tensor<704xf32>
      : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
  return
}

// CHECK-LABEL: func @norms
// CHECK:         bitnet.rms_norm %{{.*}}, %{{.*}} epsilon 9.99999974E-6 : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xf32>
// CHECK:         bitnet.layer_norm %{{.*}}, %{{.*}}, %{{.*}} epsilon 9.99999974E-6 : tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32> -> tensor<?x128xf32>
// CHECK:         bitnet.norm_quantize %{{.*}}, %{{.*}} epsilon 9.99999974E-6 {quantizer = #bitnet.quantizer<absmax, {{.*}}>} : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xi8>, tensor<?xf32>
// CHECK:         bitnet.hadamard %{{.*}} block 128 : tensor<?x256xf32> -> tensor<?x256xf32>
func.func @norms(%x: tensor<?x256xf32>, %gain: tensor<256xf32>, %row: tensor<?x128xf32>, %bias: tensor<128xf32>) {
  %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
      : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xf32>
  %z = bitnet.layer_norm %row, %bias, %bias epsilon 1.0e-5
      : tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32> -> tensor<?x128xf32>
  %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.0e-5
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32,
         floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xi8>, tensor<?xf32>
  %h = bitnet.hadamard %x block 128 : tensor<?x256xf32> -> tensor<?x256xf32>
  return
}

// CHECK-LABEL: func @narrow_caches
// CHECK:         bitnet.kv_append %{{.*}}, %{{.*}} : tensor<?x2x?x64xf16>, tensor<?x2x?x64xf16> -> tensor<?x2x?x64xf16>
// CHECK:         bitnet.attention {{.*}} : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf16>, tensor<?x2x?x64xbf16> -> tensor<?x4x?x64xf32>
func.func @narrow_caches(%q: tensor<?x4x?x64xf32>, %k: tensor<?x2x?x64xf16>, %v: tensor<?x2x?x64xbf16>) -> tensor<?x4x?x64xf32> {
  %next = bitnet.kv_append %k, %k : tensor<?x2x?x64xf16>, tensor<?x2x?x64xf16> -> tensor<?x2x?x64xf16>
  %y = bitnet.attention %q, %next, %v scale 0.125
      : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf16>, tensor<?x2x?x64xbf16> -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// CHECK-LABEL: func @attention
// CHECK:         bitnet.rope %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4x?x64xf32>
// CHECK:         bitnet.rope %{{.*}}, %{{.*}}, %{{.*}} interleaved :
// CHECK:         bitnet.kv_append %{{.*}}, %{{.*}} : tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x2x?x64xf32>
// CHECK:         bitnet.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} : tensor<?x1x?x?xi1> scale 1.250000e-01 :
// CHECK:         bitnet.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.250000e-01 :
func.func @attention(%q: tensor<?x4x?x64xf32>, %k: tensor<?x2x?x64xf32>, %cos: tensor<?x?x32xf32>, %mask: tensor<?x1x?x?xi1>) -> tensor<?x4x?x64xf32> {
  %r = bitnet.rope %q, %cos, %cos : tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32> -> tensor<?x4x?x64xf32>
  %i = bitnet.rope %r, %cos, %cos interleaved : tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32> -> tensor<?x4x?x64xf32>
  %next = bitnet.kv_append %k, %k : tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x2x?x64xf32>
  %y = bitnet.attention %i, %next, %next mask %mask : tensor<?x1x?x?xi1> scale 0.125
      : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x4x?x64xf32>
  %z = bitnet.attention %y, %next, %next scale 0.125
      : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x4x?x64xf32>
  return %z : tensor<?x4x?x64xf32>
}

// CHECK-LABEL: func @tile
// CHECK:         bitnet.tile_dot %{{.*}}[%{{.*}}], %{{.*}}[%{{.*}}], %{{.*}} tile "6x64x4-avx512vnni" : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32> -> vector<6x64xi32>
func.func @tile(%w: tensor<40x640x64xi8>, %x: tensor<?x2560xi8>, %sums: tensor<?xi32>, %i: index) -> vector<6x64xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %sums tile "6x64x4-avx512vnni"
      : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32> -> vector<6x64xi32>
  return %v : vector<6x64xi32>
}

// CHECK-LABEL: func @head
// CHECK:         bitnet.scaled_matmul %{{.*}}, %{{.*}}, %{{.*}} bits 4 : tensor<?x64xf32>, tensor<2x2x4x16xi8>, tensor<2x2x4xbf16> -> tensor<?x7xf32>
// CHECK:         bitnet.scaled_matmul %{{.*}}, %{{.*}}, %{{.*}} bits 8 : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32>
func.func @head(%x: tensor<?x64xf32>, %z: tensor<?x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x2x4xbf16>, %one: tensor<2x1x4xf32>) -> (tensor<?x7xf32>, tensor<?x8xf32>) {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 4
      : tensor<?x64xf32>, tensor<2x2x4x16xi8>, tensor<2x2x4xbf16>
      -> tensor<?x7xf32>
  %u = bitnet.scaled_matmul %z, %codes, %one bits 8
      : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32>
  return %y, %u : tensor<?x7xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: func @block
// CHECK:         bitnet.tile_block %{{.*}}[%{{.*}}], %{{.*}}[%{{.*}}], %{{.*}} into %{{.*}} tile "128x64x64-amx" : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32>, memref<128x64xi32>
func.func @block(%w: tensor<40x640x64xi8>, %x: tensor<?x2560xi8>, %sums: tensor<?xi32>, %i: index, %y: memref<128x64xi32>) {
  bitnet.tile_block %w[%i], %x[%i], %sums into %y tile "128x64x64-amx"
      : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32>, memref<128x64xi32>
  return
}
