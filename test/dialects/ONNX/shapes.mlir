// What shape functions infer, seen in the refusal of a wrong type.
// RUN: bitnet-opt %s --split-input-file --verify-diagnostics

// Declared types may know more or less than what is inferred.
func.func @accepts_more_and_less(%x: tensor<?x4xf32>) -> (tensor<2x4xf32>, tensor<?x?xf32>) {
  %more = onnx.Relu %x : (tensor<?x4xf32>) -> tensor<2x4xf32>
  %less = onnx.Relu %x : (tensor<?x4xf32>) -> tensor<?x?xf32>
  return %more, %less : tensor<2x4xf32>, tensor<?x?xf32>
}

// -----

func.func @broadcast(%a: tensor<?x1x4xf32>, %b: tensor<3x1xf32>) {
  // expected-error @below {{must be 'tensor<?x3x4xf32>'}}
  %c = onnx.Add %a, %b : (tensor<?x1x4xf32>, tensor<3x1xf32>) -> tensor<f32>
  return
}

// -----

func.func @power_has_the_type_of_its_base(%a: tensor<4xf32>, %b: tensor<i64>) {
  // expected-error @below {{must be 'tensor<4xf32>'}}
  %c = onnx.Pow %a, %b : (tensor<4xf32>, tensor<i64>) -> tensor<f32>
  return
}

// -----

func.func @reduce_keeps(%x: tensor<?x3x4xf32>) {
  %axes = onnx.Constant {value = dense<[0, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{must be 'tensor<1x3x1xf32>'}}
  %y = onnx.ReduceSum %x, %axes : (tensor<?x3x4xf32>, tensor<2xi64>) -> tensor<f32>
  return
}

// -----

func.func @reduce_drops_all(%x: tensor<?x3x4xf32>) {
  // expected-error @below {{must be 'tensor<f32>'}}
  %y = onnx.ReduceSum %x {keepdims = 0 : i64} : (tensor<?x3x4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @reduce_along_unknown_axes(%x: tensor<2x3x4xf32>, %axes: tensor<1xi64>) {
  // expected-error @below {{must be 'tensor<?x?xf32>'}}
  %y = onnx.ReduceSum %x, %axes {keepdims = 0 : i64} : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @products_of_batches(%a: tensor<?x1x5x16xf32>, %b: tensor<7x16x8xf32>) {
  // expected-error @below {{must be 'tensor<?x7x5x8xf32>'}}
  %y = onnx.MatMul %a, %b : (tensor<?x1x5x16xf32>, tensor<7x16x8xf32>) -> tensor<f32>
  return
}

// -----

func.func @product_of_vectors(%a: tensor<16xf32>) {
  // expected-error @below {{must be 'tensor<f32>'}}
  %y = onnx.MatMul %a, %a : (tensor<16xf32>, tensor<16xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @follows_shape_arithmetic(%x: tensor<2x?x256xf32>) {
  %shape = onnx.Shape %x : (tensor<2x?x256xf32>) -> tensor<3xi64>
  %i = onnx.Constant {value = dense<[0, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %ends = onnx.Gather %shape, %i : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
  %n = onnx.Constant {value = dense<4> : tensor<i64>} : () -> tensor<i64>
  %parts = onnx.Div %ends, %n : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %zero = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %last = onnx.Slice %parts, %zero, %two {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %free = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %all = onnx.Concat %free, %last, %two {axis = 0 : i64}
      : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  // expected-error @below {{must be 'tensor<?x64x2xf32>'}}
  %y = onnx.Reshape %x, %all : (tensor<2x?x256xf32>, tensor<3xi64>) -> tensor<f32>
  return
}

// -----

func.func @reshape_keeps_and_infers(%x: tensor<2x6x4xf32>) {
  %s = onnx.Constant {value = dense<[0, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{must be 'tensor<2x24xf32>'}}
  %y = onnx.Reshape %x, %s : (tensor<2x6x4xf32>, tensor<2xi64>) -> tensor<f32>
  return
}

// -----

func.func @flatten(%x: tensor<2x3x?xf32>) {
  // expected-error @below {{must be 'tensor<6x?xf32>'}}
  %y = onnx.Flatten %x {axis = -1 : i64} : (tensor<2x3x?xf32>) -> tensor<f32>
  return
}

// -----

func.func @squeeze_of_all_ones(%x: tensor<1x3x1xf32>) {
  // expected-error @below {{must be 'tensor<3xf32>'}}
  %y = onnx.Squeeze %x : (tensor<1x3x1xf32>) -> tensor<f32>
  return
}

// -----

func.func @unsqueeze(%x: tensor<?x3xf32>) {
  %axes = onnx.Constant {value = dense<[-1, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @below {{must be 'tensor<?x1x3x1xf32>'}}
  %y = onnx.Unsqueeze %x, %axes : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<f32>
  return
}

// -----

func.func @expand(%x: tensor<?x1xf32>) {
  %s = onnx.Constant {value = dense<[2, 1, 5]> : tensor<3xi64>} : () -> tensor<3xi64>
  // expected-error @below {{must be 'tensor<2x?x5xf32>'}}
  %y = onnx.Expand %x, %s : (tensor<?x1xf32>, tensor<3xi64>) -> tensor<f32>
  return
}

// -----

func.func @transpose_reverses(%x: tensor<2x3x?xf32>) {
  // expected-error @below {{must be 'tensor<?x3x2xf32>'}}
  %y = onnx.Transpose %x : (tensor<2x3x?xf32>) -> tensor<f32>
  return
}

// -----

func.func @concat(%a: tensor<?x3xf32>, %b: tensor<2x?xf32>) {
  // expected-error @below {{must be 'tensor<2x?xf32>'}}
  %y = onnx.Concat %a, %b {axis = 1 : i64} : (tensor<?x3xf32>, tensor<2x?xf32>) -> tensor<f32>
  return
}

// -----

func.func @split_into_unequal_parts(%x: tensor<7xf32>) {
  // expected-error @below {{result #1 must be 'tensor<3xf32>'}}
  %a, %b = onnx.Split %x {num_outputs = 2 : i64} : (tensor<7xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @slice_backwards(%x: tensor<10xf32>) {
  %start = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = onnx.Constant {value = dense<-9223372036854775808> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %step = onnx.Constant {value = dense<-3> : tensor<1xi64>} : () -> tensor<1xi64>
  // expected-error @below {{must be 'tensor<4xf32>'}}
  %y = onnx.Slice %x, %start, %end, %axis, %step {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<10xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<f32>
  return
}

// -----

func.func @gather(%x: tensor<2x3x4xf32>, %i: tensor<?x5xi64>) {
  // expected-error @below {{must be 'tensor<2x?x5x4xf32>'}}
  %y = onnx.Gather %x, %i {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<?x5xi64>) -> tensor<f32>
  return
}

// -----

func.func @gather_nd(%x: tensor<2x3x4xf32>, %i: tensor<2x?x1xi64>) {
  // expected-error @below {{must be 'tensor<2x?x4xf32>'}}
  %y = onnx.GatherND %x, %i {batch_dims = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x?x1xi64>) -> tensor<f32>
  return
}

// -----

func.func @range() {
  %start = onnx.Constant {value = dense<10> : tensor<i64>} : () -> tensor<i64>
  %limit = onnx.Constant {value = dense<3> : tensor<i64>} : () -> tensor<i64>
  %delta = onnx.Constant {value = dense<-2> : tensor<i64>} : () -> tensor<i64>
  // expected-error @below {{must be 'tensor<4xi64>'}}
  %y = onnx.Range %start, %limit, %delta : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<i64>
  return
}

// -----

func.func @statistics(%x: tensor<?x3x4xf16>, %s: tensor<4xf16>) {
  // expected-error @below {{result #1 must be 'tensor<?x1x1xf32>'}}
  %y, %mean = onnx.LayerNormalization %x, %s {axis = 1 : i64}
      : (tensor<?x3x4xf16>, tensor<4xf16>) -> (tensor<?x3x4xf16>, tensor<f16>)
  return
}

// -----

func.func @codes_without_a_zero_point(%x: tensor<?xf32>, %s: tensor<f32>) {
  // expected-error @below {{must be 'tensor<?xui8>'}}
  %y = onnx.QuantizeLinear %x, %s : (tensor<?xf32>, tensor<f32>) -> tensor<?xi8>
  return
}

// -----

func.func @attention_of_rank_3(%q: tensor<2x3x32xf32>, %k: tensor<2x5x16xf32>, %v: tensor<2x5x24xf32>,
                               %past: tensor<2x2x7x8xf32>, %values: tensor<2x2x7x12xf32>) {
  // expected-error @below {{result #1 must be 'tensor<2x2x12x8xf32>'}}
  %y, %present = onnx.Attention %q, %k, %v, %past, %values
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>, q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<2x3x32xf32>, tensor<2x5x16xf32>, tensor<2x5x24xf32>, tensor<2x2x7x8xf32>, tensor<2x2x7x12xf32>)
      -> (tensor<2x3x48xf32>, tensor<f32>)
  return
}
