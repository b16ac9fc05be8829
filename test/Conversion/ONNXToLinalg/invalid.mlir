// RUN: bitnet-opt %s --split-input-file --verify-diagnostics --convert-onnx-to-linalg

func.func @axes_of_slice(%x: tensor<4x4xf32>, %n: tensor<1xi64>) -> tensor<?x?xf32> {
  // expected-error @below {{unsupported onnx.Slice: axes are not constant}}
  %y = onnx.Slice %x, %n, %n, %n {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<4x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// All of them are reported.
func.func @axes(%x: tensor<4x4xf32>, %y: tensor<1x?xf32>, %n: tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?xf32>, tensor<?x?x?xf32>, tensor<4x4xf32>) {
  // expected-error @below {{unsupported onnx.ReduceSum: axes are not constant}}
  %a = onnx.ReduceSum %x, %n : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // expected-error @below {{unsupported onnx.Squeeze: axes are not constant}}
  %b = onnx.Squeeze %y : (tensor<1x?xf32>) -> tensor<?xf32>
  // expected-error @below {{unsupported onnx.Unsqueeze: axes are not constant}}
  %c = onnx.Unsqueeze %x, %n : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
  // expected-error @below {{unsupported onnx.CumSum: the axis is not constant}}
  %d = onnx.CumSum %x, %n : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<4x4xf32>
  return %a, %b, %c, %d : tensor<?x1xf32>, tensor<?xf32>, tensor<?x?x?xf32>, tensor<4x4xf32>
}

// -----

func.func @tuples(%x: tensor<4x4xf32>, %i: tensor<2x?xi64>) -> tensor<2xf32> {
  // expected-error @below {{unsupported onnx.GatherND: the length of index tuples is not known}}
  %y = onnx.GatherND %x, %i : (tensor<4x4xf32>, tensor<2x?xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @updates(%x: tensor<4x4xf32>, %i: tensor<2x1xi64>, %u: tensor<2xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{unsupported onnx.ScatterND: updates have the wrong rank}}
  %y = onnx.ScatterND %x, %i, %u : (tensor<4x4xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

func.func @elided() -> tensor<4xf32> {
  // expected-error @below {{unsupported onnx.Constant: the constant has no data}}
  %w = onnx.Constant {value = dense_resource<__elided__> : tensor<4xf32>} : () -> tensor<4xf32>
  return %w : tensor<4xf32>
}

// -----

func.func @heads(%q: tensor<1x?x3x8xf32>) -> tensor<1x?x3x8xf32> {
  // expected-error @below {{unsupported onnx.Attention: the number or the size of heads is not known}}
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x?x3x8xf32>, tensor<1x?x3x8xf32>, tensor<1x?x3x8xf32>) -> tensor<1x?x3x8xf32>
  return %y : tensor<1x?x3x8xf32>
}

// -----

func.func @mask(%q: tensor<1x2x3x8xf32>, %m: tensor<3x3xi64>) -> tensor<1x2x3x8xf32> {
  // expected-error @below {{unsupported onnx.Attention: the mask is of integers}}
  %y = onnx.Attention %q, %q, %q, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<3x3xi64>) -> tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// -----

func.func @scalar_mask(%q: tensor<1x2x3x8xf32>, %m: tensor<i1>) -> tensor<1x2x3x8xf32> {
  // expected-error @below {{unsupported onnx.Attention: the mask is a scalar}}
  %y = onnx.Attention %q, %q, %q, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<i1>) -> tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// -----

func.func @rotary(%x: tensor<1x3x?xf32>, %c: tensor<1x3x4xf32>) -> tensor<1x3x?xf32> {
  // expected-error @below {{unsupported onnx.RotaryEmbedding: the size of heads is not known}}
  %y = onnx.RotaryEmbedding %x, %c, %c {num_heads = 2 : i64}
      : (tensor<1x3x?xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x?xf32>
  return %y : tensor<1x3x?xf32>
}

// -----

func.func @rotary_heads(%x: tensor<1x3x15xf32>, %c: tensor<1x3x4xf32>) -> tensor<1x3x15xf32> {
  // expected-error @below {{unsupported onnx.RotaryEmbedding: channels do not split into heads}}
  %y = onnx.RotaryEmbedding %x, %c, %c {num_heads = 2 : i64}
      : (tensor<1x3x15xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x15xf32>
  return %y : tensor<1x3x15xf32>
}

// -----

func.func @integer_gemm(%a: tensor<2x2xi32>) -> tensor<2x2xi32> {
  // expected-error @below {{unsupported onnx.Gemm: is of integers}}
  %y = onnx.Gemm %a, %a : (tensor<2x2xi32>, tensor<2x2xi32>) -> tensor<2x2xi32>
  return %y : tensor<2x2xi32>
}

// -----

func.func @integer_vector(%a: tensor<2xi8>, %b: tensor<2x2xi8>) -> tensor<2xi32> {
  // expected-error @below {{unsupported onnx.MatMulInteger: multiplies a vector}}
  %y = onnx.MatMulInteger %a, %b {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<2xi8>, tensor<2x2xi8>) -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// -----

func.func @integer_scale(%x: tensor<4xi32>, %s: tensor<i32>) -> tensor<4xui8> {
  // expected-error @below {{unsupported onnx.QuantizeLinear: the scale is an integer}}
  %y = onnx.QuantizeLinear %x, %s : (tensor<4xi32>, tensor<i32>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @unsigned_range(%x: tensor<ui8>) -> tensor<?xui8> {
  // expected-error @below {{unsupported onnx.Range: counts in unsigned integers}}
  %y = onnx.Range %x, %x, %x : (tensor<ui8>, tensor<ui8>, tensor<ui8>) -> tensor<?xui8>
  return %y : tensor<?xui8>
}

// -----

func.func @short_data() -> tensor<2xf32> {
  // expected-error @below {{unsupported onnx.Constant: the constant's data does not have the size of its type}}
  %y = onnx.Constant {value = dense_resource<one> : tensor<2xf32>} : () -> tensor<2xf32>
  return %y : tensor<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      one: "0x040000000000803F"
    }
  }
#-}

// -----

func.func @sparse_constant() -> tensor<2xi64> {
  // expected-error @below {{unsupported onnx.Constant: the value is not dense}}
  %y = onnx.Constant {value = sparse<0, 1> : tensor<2xi64>} : () -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// -----

func.func @sparse_fill(%shape: tensor<2xi64>) -> tensor<?x?xi64> {
  // expected-error @below {{unsupported onnx.ConstantOfShape: the value is not dense}}
  %y = onnx.ConstantOfShape %shape {value = sparse<0, 1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
  return %y : tensor<?x?xi64>
}

// -----

func.func @sum_range(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %axis = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  // expected-error @below {{unsupported onnx.CumSum: the axis is out of range}}
  %y = onnx.CumSum %x, %axis : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
