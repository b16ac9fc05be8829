// RUN: bitnet-opt %s --bitnet-narrow-caches=type=f16 --split-input-file --verify-diagnostics
// RUN: not bitnet-opt %s --bitnet-narrow-caches=type=f8 2>&1 | FileCheck %s
// CHECK: error: caches can be kept in f32, f16 or bf16, not in 'f8'

// expected-error @below {{no cache can be kept in 'f16': no input is appended to, attended to and nothing else}}
module {
  func.func @main(%x: tensor<1x2x3x64xf32>, %past: tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32> {
    %0 = bitnet.kv_append %past, %x
        : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
    return %0 : tensor<1x2x?x64xf32>
  }
}
