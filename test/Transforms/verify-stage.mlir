// RUN: bitnet-opt %s --split-input-file --verify-diagnostics --bitnet-verify-stage=stage=raise
// RUN: not bitnet-opt %s --split-input-file --bitnet-verify-stage=stage=lift 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown stage 'lift'

func.func @remains(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'onnx.Relu' op remains after raise}}
  %y = onnx.Relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @is_raised(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
