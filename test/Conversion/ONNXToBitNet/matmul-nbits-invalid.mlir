// RUN: bitnet-opt %s --convert-onnx-to-bitnet --split-input-file --verify-diagnostics

func.func @weights(%a: tensor<4x32xf32>, %b: tensor<8x1x8xui8>, %scales: tensor<8x1xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{has weights that are not constant bytes}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @scales(%a: tensor<4x32xf32>, %scales: tensor<8x1xf32>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  // expected-error @below {{has scales that are not constant 'f32'}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @zero_points(%a: tensor<4x32xf32>, %zero: tensor<8xui8>) -> tensor<4x8xf32> {
  %b = onnx.Constant {value = dense<85> : tensor<8x1x8xui8>} : () -> tensor<8x1x8xui8>
  %scales = onnx.Constant {value = dense<0.5> : tensor<8x1xf32>} : () -> tensor<8x1xf32>
  // expected-error @below {{has zero points that are not constant bytes}}
  %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales, %zero
      {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64}
      : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>, tensor<8xui8>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
