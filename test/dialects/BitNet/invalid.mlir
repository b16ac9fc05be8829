// RUN: bitnet-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{codes must lie in -128..127, not -129..127}}
#q = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -129, high = 127, reciprocal = true>

// -----

// expected-error @below {{limit and floor must both be f32, f16 or bf16}}
#q = #bitnet.quantizer<absmax, token, limit = 127.0 : f64, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>

// -----

// expected-error @below {{lanes must be a power of two up to 64, not 3}}
#p = #bitnet.packed<lanes = 3, bits = 2>

// -----

// expected-error @below {{bits must be 1, 1.6 or 2, not 4}}
#p = #bitnet.packed<lanes = 8, bits = 4>

// -----

// expected-error @below {{bits must be 1, 1.6 or 2, not 1.5}}
#p = #bitnet.packed<lanes = 8, bits = 1.5>

// -----

// expected-error @below {{packed weights have 2 dimensions, not 1}}
func.func private @rank(tensor<4x!bitnet.trit, #bitnet.packed<lanes = 8, bits = 2>>)

// -----

// expected-error @below {{packed weights are trits or bits, not 'f32'}}
func.func private @element(tensor<4x4xf32, #bitnet.packed<lanes = 8, bits = 2>>)

// -----

// expected-error @below {{a trit takes 1.6 or 2 bits, not 1}}
func.func private @trit(tensor<4x4x!bitnet.trit, #bitnet.packed<lanes = 8, bits = 1>>)

// -----

// expected-error @below {{a bit takes 1 bit, not 1.6}}
func.func private @bit(tensor<4x4x!bitnet.bit, #bitnet.packed<lanes = 8, bits = 1.6>>)

// -----

func.func @contraction(%x: tensor<8x2560xi8>, %w: tensor<6912x2048x!bitnet.trit>) {
  // expected-error @below {{contracts 2560 activations with 2048 weights}}
  bitnet.matmul %x, %w : tensor<8x2560xi8>, tensor<6912x2048x!bitnet.trit> -> tensor<8x6912xi32>
  return
}

// -----

func.func @result(%x: tensor<8x16xi8>, %w: tensor<4x16x!bitnet.trit>) {
  // expected-error @below {{result must be 8x4}}
  bitnet.matmul %x, %w : tensor<8x16xi8>, tensor<4x16x!bitnet.trit> -> tensor<8x5xi32>
  return
}

// -----

func.func @overflow(%x: tensor<1x16777216xi8>, %w: tensor<1x16777216x!bitnet.trit>) {
  // expected-error @below {{contraction of 16777216 elements can overflow i32; the limit is 16777215}}
  bitnet.matmul %x, %w : tensor<1x16777216xi8>, tensor<1x16777216x!bitnet.trit> -> tensor<1x1xi32>
  return
}

// -----

func.func @uneven_groups(%x: tensor<8x4xf32>, %w: tensor<2x4x!bitnet.trit>, %scale: tensor<3x2xf32>) {
  // expected-error @below {{cannot have scales for 3 groups of 4 inputs}}
  bitnet.linear %x, %w, %scale {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<8x4xf32>, tensor<2x4x!bitnet.trit>, tensor<3x2xf32> -> tensor<8x2xf32>
  return
}

// -----

func.func @inverse_groups(%x: tensor<8x4xf32>, %w: tensor<2x4x!bitnet.trit>, %scale: tensor<2x2xf32>) {
  // expected-error @below {{cannot divide by the scales of groups}}
  bitnet.linear %x, %w, %scale inverse {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<8x4xf32>, tensor<2x4x!bitnet.trit>, tensor<2x2xf32> -> tensor<8x2xf32>
  return
}

// -----

func.func @groups_of_halves(%x: tensor<8x4xf16>, %w: tensor<2x4x!bitnet.trit>, %scale: tensor<2x2xf32>) {
  // expected-error @below {{adds groups in f32, not in 'f16'}}
  bitnet.linear %x, %w, %scale {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<8x4xf16>, tensor<2x4x!bitnet.trit>, tensor<2x2xf32> -> tensor<8x2xf16>
  return
}

// -----

func.func @weight_scale(%x: tensor<8x4xi32>, %s: tensor<8xf32>, %w: tensor<3xf32>) {
  // expected-error @below {{weight scale must have 1 or 4 elements, not 3}}
  bitnet.dequantize %x, %s, %w : tensor<8x4xi32>, tensor<8xf32>, tensor<3xf32> -> tensor<8x4xf32>
  return
}

// -----

func.func @row_scales(%x: tensor<8x4xi32>, %s: tensor<7xf32>, %w: tensor<1xf32>) {
  // expected-error @below {{needs one activation scale for each row}}
  bitnet.dequantize %x, %s, %w : tensor<8x4xi32>, tensor<7xf32>, tensor<1xf32> -> tensor<8x4xf32>
  return
}

// -----

func.func @dequantize_shape(%x: tensor<8x4xi32>, %s: tensor<8xf32>, %w: tensor<1xf32>) {
  // expected-error @below {{result must have the shape of the input}}
  bitnet.dequantize %x, %s, %w : tensor<8x4xi32>, tensor<8xf32>, tensor<1xf32> -> tensor<8x5xf32>
  return
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>
func.func @codes(%x: tensor<8x4xf32>) {
  // expected-error @below {{codes must have the shape of the input}}
  bitnet.quantize %x {quantizer = #q} : tensor<8x4xf32> -> tensor<8x5xi8>, tensor<8xf32>
  return
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>
func.func @scales(%x: tensor<8x4xf32>) {
  // expected-error @below {{must give one scale for each row}}
  bitnet.quantize %x {quantizer = #q} : tensor<8x4xf32> -> tensor<8x4xi8>, tensor<4xf32>
  return
}

// -----

func.func @ternarize(%w: tensor<8x4xf32>) {
  // expected-error @below {{codes must have the shape of the weights}}
  bitnet.ternarize %w floor 1.0e-5 : tensor<8x4xf32> -> tensor<4x8x!bitnet.trit>, tensor<1xf32>
  return
}

// -----

func.func @gain(%x: tensor<?x256xf32>, %gain: tensor<255xf32>) {
  // expected-error @below {{scales rows of 256 elements by a vector of 255}}
  bitnet.rms_norm %x, %gain epsilon 1.0e-5 : tensor<?x256xf32>, tensor<255xf32> -> tensor<?x256xf32>
  return
}

// -----

func.func @odd(%x: tensor<1x4x3x63xf32>, %cos: tensor<1x3x31xf32>) {
  // expected-error @below {{rotates pairs, so the last dimension must be even}}
  bitnet.rope %x, %cos, %cos : tensor<1x4x3x63xf32>, tensor<1x3x31xf32>, tensor<1x3x31xf32> -> tensor<1x4x3x63xf32>
  return
}

// -----

func.func @angles(%x: tensor<1x4x3x64xf32>, %cos: tensor<1x3x64xf32>) {
  // expected-error @below {{needs 32 angles for each position, not 64}}
  bitnet.rope %x, %cos, %cos : tensor<1x4x3x64xf32>, tensor<1x3x64xf32>, tensor<1x3x64xf32> -> tensor<1x4x3x64xf32>
  return
}

// -----

func.func @positions(%x: tensor<1x4x3x64xf32>, %cos: tensor<1x5x32xf32>) {
  // expected-error @below {{needs angles for each of its positions}}
  bitnet.rope %x, %cos, %cos : tensor<1x4x3x64xf32>, tensor<1x5x32xf32>, tensor<1x5x32xf32> -> tensor<1x4x3x64xf32>
  return
}

// -----

func.func @heads(%q: tensor<1x?x3x64xf32>, %k: tensor<1x2x3x64xf32>) {
  // expected-error @below {{needs static numbers of heads and channels}}
  bitnet.attention %q, %k, %k scale 0.125 : tensor<1x?x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x?x3x64xf32>
  return
}

// -----

func.func @groups(%q: tensor<1x5x3x64xf32>, %k: tensor<1x2x3x64xf32>) {
  // expected-error @below {{cannot group 5 heads over 2 key and 2 value heads}}
  bitnet.attention %q, %k, %k scale 0.125 : tensor<1x5x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x5x3x64xf32>
  return
}

// -----

func.func @channels(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x3x32xf32>) {
  // expected-error @below {{compares queries of 64 channels with keys of 32}}
  bitnet.attention %q, %k, %k scale 0.125 : tensor<1x4x3x64xf32>, tensor<1x2x3x32xf32>, tensor<1x2x3x32xf32> -> tensor<1x4x3x64xf32>
  return
}

// -----

func.func @lengths(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x3x64xf32>, %v: tensor<1x2x4x64xf32>) {
  // expected-error @below {{keys and values must agree in batch and length}}
  bitnet.attention %q, %k, %v scale 0.125 : tensor<1x4x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x4x64xf32> -> tensor<1x4x3x64xf32>
  return
}

// -----

func.func @query_shape(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x3x64xf32>) {
  // expected-error @below {{result must have the shape of the query}}
  bitnet.attention %q, %k, %k scale 0.125 : tensor<1x4x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x4x4x64xf32>
  return
}

// -----

func.func @mask(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x5x64xf32>, %m: tensor<1x1x3x4xi1>) {
  // expected-error @below {{mask must cover each query and key}}
  bitnet.attention %q, %k, %k mask %m : tensor<1x1x3x4xi1> scale 0.125 : tensor<1x4x3x64xf32>, tensor<1x2x5x64xf32>, tensor<1x2x5x64xf32> -> tensor<1x4x3x64xf32>
  return
}

// -----

func.func @append(%p: tensor<1x2x5x64xf32>, %n: tensor<1x2x1x64xf32>) {
  // expected-error @below {{appends 1 to 5 positions, which is not 7}}
  bitnet.kv_append %p, %n : tensor<1x2x5x64xf32>, tensor<1x2x1x64xf32> -> tensor<1x2x7x64xf32>
  return
}

// -----

func.func @append_f32_to_f16(%p: tensor<1x2x5x64xf16>, %n: tensor<1x2x1x64xf32>) {
  // expected-error @below {{failed to verify that all of {past, update, result} have same element type}}
  bitnet.kv_append %p, %n : tensor<1x2x5x64xf16>, tensor<1x2x1x64xf32> -> tensor<1x2x6x64xf16>
  return
}

// -----

func.func @append_heads(%p: tensor<1x2x5x64xf32>, %n: tensor<1x3x1x64xf32>) {
  // expected-error @below {{past, update and result differ in dimension 1}}
  bitnet.kv_append %p, %n : tensor<1x2x5x64xf32>, tensor<1x3x1x64xf32> -> tensor<1x2x6x64xf32>
  return
}

// -----

func.func @block(%x: tensor<1x256xf32>) {
  // expected-error @below {{block must be a power of two, not 96}}
  bitnet.hadamard %x block 96 : tensor<1x256xf32> -> tensor<1x256xf32>
  return
}

// -----

func.func @divides(%x: tensor<1x96xf32>) {
  // expected-error @below {{block of 64 must divide the row}}
  bitnet.hadamard %x block 64 : tensor<1x96xf32> -> tensor<1x96xf32>
  return
}

// -----

func.func @tile_vectors(%w: tensor<4x63x64xi8>, %x: tensor<1x256xi8>, %s: tensor<1xi32>, %i: index) {
  // expected-error @below {{contracts 256 activations with panels of 63 vectors}}
  bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-generic" : tensor<4x63x64xi8>, tensor<1x256xi8>, tensor<1xi32> -> vector<1x64xi32>
  return
}

// -----

func.func @tile_columns(%w: tensor<4x64x64xi8>, %x: tensor<1x256xi8>, %s: tensor<1xi32>, %i: index) {
  // expected-error @below {{gives 4, 5 or 8 columns for each of 16 lanes, not 32 in all}}
  bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-generic" : tensor<4x64x64xi8>, tensor<1x256xi8>, tensor<1xi32> -> vector<1x32xi32>
  return
}

// -----

func.func @tile_dynamic(%w: tensor<4x64x64xi8>, %x: tensor<1x?xi8>, %s: tensor<1xi32>, %i: index) {
  // expected-error @below {{needs static panels and rows}}
  bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-generic" : tensor<4x64x64xi8>, tensor<1x?xi8>, tensor<1xi32> -> vector<1x64xi32>
  return
}

// -----

#q = #bitnet.quantizer<absmax, token, limit = 127.0 : bf16, floor = 1.0e-5 : bf16, low = -128, high = 127, reciprocal = true>
func.func @arithmetic(%x: tensor<8x4xf32>) {
  // expected-error @below {{quantizes 'f32' by arithmetic in 'bf16'}}
  bitnet.quantize %x {quantizer = #q} : tensor<8x4xf32> -> tensor<8x4xi8>, tensor<8xf32>
  return
}

// -----

func.func @head_bits(%x: tensor<8x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>) {
  // expected-error @below {{has codes of 2 bits, not 8 or 4}}
  bitnet.scaled_matmul %x, %codes, %scales bits 2 : tensor<8x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @head_codes(%x: tensor<8x32xf32>, %codes: tensor<2x2x8x16xi8>, %scales: tensor<2x1x4xf32>) {
  // expected-error @below {{wants codes of shape panels x blocks x 4 x 16}}
  bitnet.scaled_matmul %x, %codes, %scales bits 8 : tensor<8x32xf32>, tensor<2x2x8x16xi8>, tensor<2x1x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @head_scales(%x: tensor<8x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<1x1x4xf32>) {
  // expected-error @below {{wants scales of shape 2 x groups x 4}}
  bitnet.scaled_matmul %x, %codes, %scales bits 8 : tensor<8x32xf32>, tensor<2x2x4x16xi8>, tensor<1x1x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @head_scaled_groups(%x: tensor<8x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x3x4xf32>) {
  // expected-error @below {{cannot have scales for 3 groups of 2 blocks}}
  bitnet.scaled_matmul %x, %codes, %scales bits 8 : tensor<8x32xf32>, tensor<2x2x4x16xi8>, tensor<2x3x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @head_inputs(%x: tensor<8x48xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>) {
  // expected-error @below {{contracts 48 activations with 32 codes}}
  bitnet.scaled_matmul %x, %codes, %scales bits 8 : tensor<8x48xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<8x8xf32>
  return
}

// -----

func.func @head_panels(%x: tensor<8x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>) {
  // expected-error @below {{gives rows of 2 panels of 4, not of 9}}
  bitnet.scaled_matmul %x, %codes, %scales bits 8 : tensor<8x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<8x9xf32>
  return
}

// -----

func.func @device_load_of_a_matrix(%address: i64, %i: index) {
  // expected-error @below {{result #0 must be signless integer or floating-point or vector of signless integer or floating-point values of ranks 1}}
  %x = bitnet.device_load %address[%i] : vector<4x4xf32>
  return
}

// -----

func.func @device_store_of_an_index(%address: i64, %i: index) {
  // expected-error @below {{operand #0 must be signless integer or floating-point or vector of signless integer or floating-point values of ranks 1}}
  bitnet.device_store %i, %address[%i] : index
  return
}

// -----

func.func @dot4_of_words(%x: i64) {
  // expected-error @below {{operand #0 must be 32-bit signless integer, but got 'i64'}}
  %y = "bitnet.dot4"(%x, %x, %x) : (i64, i64, i64) -> i64
  return
}
