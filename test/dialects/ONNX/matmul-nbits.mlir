// RUN: bitnet-opt %s --split-input-file --verify-diagnostics

func.func @example(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<8x1xf32>) -> tensor<4x8xf32> {
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>)
      -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @empty(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<8x1xf32>) {
  // expected-error @below {{wants sizes above 0}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>,
       K = 32 : i64, N = 0 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @bytes(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<8x1xf32>) {
  // expected-error @below {{has codes of 8 bits, supported are 2 and 4}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>,
       K = 32 : i64, N = 8 : i64, bits = 8 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @codes(%a: tensor<4x32xf32>, %b: tensor<8x1x4xui8>, %scales: tensor<8x1xf32>) {
  // expected-error @below {{wants 64 bytes of codes, found}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
      : (tensor<4x32xf32>, tensor<8x1x4xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scales(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<4x1xf32>) {
  // expected-error @below {{wants 8 scales, found}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return
}
