// RUN: bitnet-opt %s --convert-onnx-to-bitnet --split-input-file --verify-diagnostics

func.func @weights(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<8x1xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{has weights that are not constant bytes}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>,
       K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @scales(%a: tensor<4x32xf32>, %scales: tensor<8x1xf32>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  // expected-error @below {{has scales that are not constant 'f32'}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>,
       K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @zero_points(%a: tensor<4x32xf32>, %zero: tensor<8xui8>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  %scales = onnx.Constant {value = dense<0.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  // expected-error @below {{has zero points that are not constant codes}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales, %zero
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>,
       K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>, tensor<8xui8>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @blocks(%a: tensor<4x32xf32>, %places: tensor<32xi32>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  %scales = onnx.Constant {value = dense<0.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  // expected-error @below {{has no constant block for each input}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales, %places
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>,
       K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>, tensor<32xi32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @block_out_of_range(%a: tensor<4x32xf32>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  %scales = onnx.Constant {value = dense<0.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  %places = onnx.Constant {value = dense<1> : tensor<32xi32>} : () -> tensor<32xi32>
  // expected-error @below {{puts an input into block 1 of 1}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales, %places
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>,
       K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>, tensor<32xi32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
