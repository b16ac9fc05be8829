// RUN: bitnet-opt %s --split-input-file --verify-diagnostics

func.func @wrong_shape(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{result #0 must be 'tensor<2x3xf32>', not 'tensor<2x4xf32>'}}
  %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @results(%x: tensor<2x4xf32>, %n: tensor<2xi64>) -> tensor<2x4xf32> {
  // expected-error @below {{has 1 results, must have 2}}
  %y = onnx.Split %x, %n {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @axis(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{axis 2 lies outside of rank 2}}
  %y = onnx.Softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @axis_twice(%x: tensor<3xf32>) -> tensor<1x3x1xf32> {
  %axes = onnx.Constant {value = dense<[0, -3]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{axis -3 is given twice}}
  %y = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<2xi64>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// -----

func.func @broadcast(%a: tensor<2x3xf32>, %b: tensor<4xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{cannot broadcast size 3 and size 4 of dimension 1}}
  %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// -----

func.func @types(%a: tensor<3xf32>, %b: tensor<3xi64>) -> tensor<3xf32> {
  // expected-error @below {{wants operands of one type, found 'f32' and 'i64'}}
  %c = onnx.Add %a, %b : (tensor<3xf32>, tensor<3xi64>) -> tensor<3xf32>
  return %c : tensor<3xf32>
}

// -----

func.func @no_operands() -> tensor<3xf32> {
  // expected-error @below {{has no operands}}
  %c = onnx.Max : () -> tensor<3xf32>
  return %c : tensor<3xf32>
}

// -----

func.func @bound_type(%x: tensor<3xf32>, %low: tensor<i64>) -> tensor<3xf32> {
  // expected-error @below {{wants bounds of type 'f32', found 'i64'}}
  %y = onnx.Clip %x, %low {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<3xf32>, tensor<i64>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @bound_shape(%x: tensor<3xf32>, %low: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{wants scalar bounds, found 'tensor<3xf32>'}}
  %y = onnx.Clip %x, %low {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @mod_of_floats(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @below {{wants fmod = 1 for floats, found 0}}
  %c = onnx.Mod %a, %a : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %c : tensor<3xf32>
}

// -----

func.func @direction(%x: tensor<3xui8>) -> tensor<3xui8> {
  // expected-error @below {{wants direction LEFT or RIGHT, found 'UP'}}
  %y = onnx.BitShift %x, %x {direction = "UP"} : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return %y : tensor<3xui8>
}

// -----

func.func @contraction(%a: tensor<2x16xf32>, %b: tensor<15x8xf32>) -> tensor<2x8xf32> {
  // expected-error @below {{contracts 16 columns with 15 rows}}
  %y = onnx.MatMul %a, %b : (tensor<2x16xf32>, tensor<15x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

func.func @product_with_scalar(%a: tensor<2x16xf32>, %b: tensor<f32>) -> tensor<2xf32> {
  // expected-error @below {{wants operands of rank 1 or more, found a scalar}}
  %y = onnx.MatMul %a, %b : (tensor<2x16xf32>, tensor<f32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @gemm_rank(%a: tensor<2x2x16xf32>, %b: tensor<16x8xf32>) -> tensor<2x8xf32> {
  // expected-error @below {{wants matrices, found 'tensor<2x2x16xf32>' and 'tensor<16x8xf32>'}}
  %y = onnx.Gemm %a, %b : (tensor<2x2x16xf32>, tensor<16x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

func.func @gemm_addend(%a: tensor<1x16xf32>, %b: tensor<16x8xf32>, %c: tensor<4x8xf32>) -> tensor<1x8xf32> {
  // expected-error @below {{addend 'tensor<4x8xf32>' is larger than the product}}
  %y = onnx.Gemm %a, %b, %c : (tensor<1x16xf32>, tensor<16x8xf32>, tensor<4x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// -----

func.func @parameter(%x: tensor<2x1xf32>, %s: tensor<4xf32>) -> tensor<2x1xf32> {
  // expected-error @below {{scale 'tensor<4xf32>' is larger than 'tensor<2x1xf32>'}}
  %y = onnx.RMSNormalization %x, %s : (tensor<2x1xf32>, tensor<4xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

func.func @stash_type(%x: tensor<2x4xf32>, %s: tensor<4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{stash_type must be a float type, found 7}}
  %y, %mean = onnx.LayerNormalization %x, %s {stash_type = 7 : i64}
      : (tensor<2x4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<2x1xf32>)
  return %y : tensor<2x4xf32>
}

// -----

func.func @approximate(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{wants approximate = none or tanh, found 'fast'}}
  %y = onnx.Gelu %x {approximate = "fast"} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @fill_value(%s: tensor<2xi64>) -> tensor<?x?xi64> {
  // expected-error @below {{wants a value of one element, found 2}}
  %y = onnx.ConstantOfShape %s {value = dense<[1, 2]> : tensor<2xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  return %y : tensor<?x?xi64>
}

// -----

func.func @negative_size() -> tensor<2x?xf32> {
  %s = onnx.Constant {value = dense<[2, -3]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{wants sizes of 0 and more, found -3}}
  %y = onnx.ConstantOfShape %s : (tensor<2xi64>) -> tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}

// -----

func.func @range_of_vector(%a: tensor<2xi64>, %d: tensor<i64>) -> tensor<?xi64> {
  // expected-error @below {{wants scalars of one type, found 'tensor<2xi64>'}}
  %y = onnx.Range %a, %d, %d : (tensor<2xi64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

func.func @range_that_stands(%a: tensor<i64>) -> tensor<?xi64> {
  %d = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  // expected-error @below {{wants a delta that is not zero}}
  %y = onnx.Range %a, %a, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

func.func @cast_to_string(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @below {{unsupported element type number 8}}
  %y = onnx.Cast %x {to = 8 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @reshape_keeps_nothing(%x: tensor<4xf32>) -> tensor<4x?xf32> {
  %s = onnx.Constant {value = dense<[4, 0]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{keeps dimension 1 of an operand of rank 1}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

func.func @reshape_to_negative(%x: tensor<4xf32>) -> tensor<4x?xf32> {
  %s = onnx.Constant {value = dense<[4, -2]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{wants sizes of -1 and more, found -2}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

func.func @reshape_two_free(%x: tensor<4xf32>) -> tensor<?x?xf32> {
  %s = onnx.Constant {value = dense<-1> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{wants one size of -1, found two}}
  %y = onnx.Reshape %x, %s : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

func.func @reshape_loses(%x: tensor<4x3xf32>) -> tensor<5x?xf32> {
  %s = onnx.Constant {value = dense<[5, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{cannot reshape 12 elements to a multiple of 5}}
  %y = onnx.Reshape %x, %s : (tensor<4x3xf32>, tensor<2xi64>) -> tensor<5x?xf32>
  return %y : tensor<5x?xf32>
}

// -----

func.func @squeeze_of_two(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @below {{cannot drop dimension 0 of size 2}}
  %y = onnx.Squeeze %x, %axes : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @permutation(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @below {{wants a permutation of 2 dimensions, found 2 numbers that are none}}
  %y = onnx.Transpose %x {perm = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

func.func @concat(%a: tensor<2x3xf32>, %b: tensor<3x3xf32>) -> tensor<2x6xf32> {
  // expected-error @below {{cannot put 'tensor<3x3xf32>' after 'tensor<2x3xf32>'}}
  %y = onnx.Concat %a, %b {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

func.func @top_k(%x: tensor<4xf32>) -> tensor<5xf32> {
  %k = onnx.Constant {value = dense<5> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @below {{cannot take 5 of 4 elements}}
  %y, %at = onnx.TopK %x, %k : (tensor<4xf32>, tensor<1xi64>) -> (tensor<5xf32>, tensor<5xi64>)
  return %y : tensor<5xf32>
}

// -----

func.func @split(%x: tensor<4xf32>) -> tensor<2xf32> {
  %s = onnx.Constant {value = dense<[2, 3]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{cannot cut 4 into parts of 5 together}}
  %y, %z = onnx.Split %x, %s : (tensor<4xf32>, tensor<2xi64>) -> (tensor<2xf32>, tensor<3xf32>)
  return %y : tensor<2xf32>
}

// -----

func.func @slice_counts(%x: tensor<4x4xf32>, %n: tensor<2xi64>) -> tensor<?x4xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @below {{wants starts, ends and steps for 1 axes, found 2, 2 and 1}}
  %y = onnx.Slice %x, %n, %n, %axes {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<4x4xf32>, tensor<2xi64>, tensor<2xi64>, tensor<1xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

func.func @slice_step(%x: tensor<4xf32>, %n: tensor<1xi64>) -> tensor<?xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @below {{wants steps that are not 0, found 0}}
  %y = onnx.Slice %x, %n, %n, %zero, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @repeats(%x: tensor<4x4xf32>, %n: tensor<1xi64>) -> tensor<?x?xf32> {
  // expected-error @below {{wants 2 repeats, found 1}}
  %y = onnx.Tile %x, %n : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

func.func @indices_rank(%x: tensor<4x4xf32>, %i: tensor<4xi64>) -> tensor<4xf32> {
  // expected-error @below {{wants indices of rank 2, found 1}}
  %y = onnx.GatherElements %x, %i : (tensor<4x4xf32>, tensor<4xi64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @batch_dims(%x: tensor<4x4xf32>, %i: tensor<4x1xi64>) -> tensor<4xf32> {
  // expected-error @below {{batch_dims 2 is out of range}}
  %y = onnx.GatherND %x, %i {batch_dims = 2 : i64} : (tensor<4x4xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @tuples(%x: tensor<4x4xf32>, %i: tensor<4x3xi64>) -> tensor<4xf32> {
  // expected-error @below {{wants index tuples of 1 to 2 numbers, found 3}}
  %y = onnx.GatherND %x, %i : (tensor<4x4xf32>, tensor<4x3xi64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @scalar_indices(%x: tensor<4xf32>, %i: tensor<i64>) -> tensor<4xf32> {
  // expected-error @below {{wants indices of rank 1 or more, found a scalar}}
  %y = onnx.GatherND %x, %i : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @triangle(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{wants a tensor of rank 2 or more, found 'tensor<4xf32>'}}
  %y = onnx.Trilu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @reduction(%x: tensor<4xf32>, %i: tensor<1x1xi64>, %u: tensor<1xf32>) -> tensor<4xf32> {
  // expected-error @below {{unsupported reduction 'mean'}}
  %y = onnx.ScatterND %x, %i, %u {reduction = "mean"}
      : (tensor<4xf32>, tensor<1x1xi64>, tensor<1xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @updates(%x: tensor<4xf32>, %i: tensor<1x1xi64>, %u: tensor<1xf64>) -> tensor<4xf32> {
  // expected-error @below {{wants updates of type 'f32', found 'f64'}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<4xf32>, tensor<1x1xi64>, tensor<1xf64>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @scatter_mode(%c: tensor<1x8x4xf32>, %u: tensor<1x2x4xf32>) -> tensor<1x8x4xf32> {
  // expected-error @below {{wants mode linear or circular, found 'ring'}}
  %y = onnx.TensorScatter %c, %u {mode = "ring"} : (tensor<1x8x4xf32>, tensor<1x2x4xf32>) -> tensor<1x8x4xf32>
  return %y : tensor<1x8x4xf32>
}

// -----

func.func @scatter_axis(%c: tensor<8x4xf32>, %u: tensor<2x4xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{wants an axis after the batch, found 0}}
  %y = onnx.TensorScatter %c, %u : (tensor<8x4xf32>, tensor<2x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

func.func @scatter_rank(%c: tensor<1x8x4xf32>, %u: tensor<2x4xf32>) -> tensor<1x8x4xf32> {
  // expected-error @below {{wants an update of rank 3, found 2}}
  %y = onnx.TensorScatter %c, %u : (tensor<1x8x4xf32>, tensor<2x4xf32>) -> tensor<1x8x4xf32>
  return %y : tensor<1x8x4xf32>
}

// -----

func.func @scale_per_index(%x: tensor<4x8xi8>, %s: tensor<4xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{wants a scale for each of 8 indices of axis 1, found 'tensor<4xf32>'}}
  %y = onnx.DequantizeLinear %x, %s : (tensor<4x8xi8>, tensor<4xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @scale_per_block(%x: tensor<4x8xi8>, %s: tensor<4x3xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{wants one scale per block of 4 along axis 1, found 'tensor<4x3xf32>'}}
  %y = onnx.DequantizeLinear %x, %s {block_size = 4 : i64} : (tensor<4x8xi8>, tensor<4x3xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @block_rank(%x: tensor<4x8xi8>, %s: tensor<2xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{wants one scale per block, found 'tensor<2xf32>'}}
  %y = onnx.DequantizeLinear %x, %s {block_size = 4 : i64} : (tensor<4x8xi8>, tensor<2xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @block_size(%x: tensor<4xi8>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @below {{wants block_size >= 0, found -1}}
  %y = onnx.DequantizeLinear %x, %s {block_size = -1 : i64} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @zero_point_type(%x: tensor<4xi8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<4xf32> {
  // expected-error @below {{wants a zero point of type 'i8', found 'ui8'}}
  %y = onnx.DequantizeLinear %x, %s, %z : (tensor<4xi8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @zero_point_shape(%x: tensor<2x4xi8>, %s: tensor<4xf32>, %z: tensor<2xi8>) -> tensor<2x4xf32> {
  // expected-error @below {{wants a zero point of the scale's shape, found 'tensor<2xi8>'}}
  %y = onnx.DequantizeLinear %x, %s, %z : (tensor<2x4xi8>, tensor<4xf32>, tensor<2xi8>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @output_dtype(%x: tensor<4xi8>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @below {{unsupported output_dtype 99}}
  %y = onnx.DequantizeLinear %x, %s {output_dtype = 99 : i64} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @result_count(%x: tensor<2x3xf32>, %scale: tensor<3xf32>) {
  // expected-error @below {{has 4 results, must have 3}}
  %y:4 = onnx.LayerNormalization %x, %scale
      : (tensor<2x3xf32>, tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>)
  return
}

// -----

func.func @where_types(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xi64>) {
  // expected-error @below {{wants operands of one type, found 'f32' and 'i64'}}
  %z = onnx.Where %c, %x, %y : (tensor<2xi1>, tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_types(%a: tensor<2x16xf32>, %b: tensor<16x8xf64>) {
  // expected-error @below {{wants operands of one type, found 'f32' and 'f64'}}
  %y = onnx.MatMul %a, %b : (tensor<2x16xf32>, tensor<16x8xf64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @gemm_types(%a: tensor<2x16xf32>, %b: tensor<16x8xf64>) {
  // expected-error @below {{wants operands of one type, found 'f32' and 'f64'}}
  %y = onnx.Gemm %a, %b : (tensor<2x16xf32>, tensor<16x8xf64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @constant() {
  // expected-error @below {{wants a tensor value, found 'vector<2xi64>'}}
  %y = onnx.Constant {value = dense<1> : vector<2xi64>} : () -> tensor<2xi64>
  return
}

// -----

func.func @concat_nothing() {
  // expected-error @below {{has no operands}}
  %y = onnx.Concat {axis = 0 : i64} : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_rank(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{cannot put 'tensor<3xf32>' after 'tensor<2x3xf32>'}}
  %y = onnx.Concat %a, %b {axis = 0 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @scatter_scalar(%x: tensor<8xf32>, %i: tensor<i64>, %u: tensor<f32>) {
  // expected-error @below {{wants indices of rank 1 or more, found a scalar}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<8xf32>, tensor<i64>, tensor<f32>) -> tensor<8xf32>
  return
}

// -----

func.func @scatter_tuples(%x: tensor<8xf32>, %i: tensor<4x2xi64>, %u: tensor<4xf32>) {
  // expected-error @below {{wants index tuples of 1 to 1 numbers, found 2}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<8xf32>, tensor<4x2xi64>, tensor<4xf32>) -> tensor<8xf32>
  return
}
