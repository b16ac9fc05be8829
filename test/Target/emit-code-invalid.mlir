// LLVM writes assembly for this target, but no objects.
// RUN: bitnet-compile %s --target=nvptx64-nvidia-cuda --cpu=sm_70 --emit=asm -o - | FileCheck %s --check-prefix=ASM
// RUN: not bitnet-compile %s --target=nvptx64-nvidia-cuda --cpu=sm_70 --emit=obj -o %t.o 2>&1 | FileCheck %s
// RUN: not ls %t.o

// ASM: .target sm_70
// CHECK: emit-code-invalid.mlir: error: target 'nvptx64-nvidia-cuda' has no object files
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
