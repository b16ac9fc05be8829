// RUN: bitnet-opt %s --split-input-file --bitnet-emit-entry-point --verify-diagnostics

// expected-error @below {{input #0 of the model has type 'memref<4xf32, strided<[2]>>', wanted a contiguous buffer of numbers}}
func.func @main(%x: memref<4xf32, strided<[2]>>) {
  return
}

// -----

// expected-error @below {{output #0 of the model has type 'f32', wanted a contiguous buffer of numbers}}
func.func @main() -> f32 {
  %x = arith.constant 1.0 : f32
  return %x : f32
}

// -----

// expected-error @below {{function 'main' has no body}}
func.func private @main(%x: memref<f32>)
