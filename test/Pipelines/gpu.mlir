// The stages for a GPU, alone and as bitnet-compile runs them.
//
// RUN: bitnet-opt %s --bitnet-optimize=features=+gpu --bitnet-lower-to-gpu | FileCheck %s --check-prefix=LOOPS
// RUN: bitnet-opt %s --bitnet-optimize="features=+gpu tile=1x64x4-gpu" --bitnet-lower-to-gpu=tile=1x64x4-gpu \
// RUN:   | FileCheck %s --check-prefix=FORCED
// RUN: bitnet-opt %s --bitnet-optimize=features=+gpu --bitnet-lower-to-gpu \
// RUN:   | bitnet-opt --bitnet-gpu-to-llvm="device separate-weights" | FileCheck %s --check-prefix=LLVM
// RUN: bitnet-compile %s --target=vulkan --emit=loops -o - | FileCheck %s --check-prefix=LOOPS
// RUN: bitnet-compile %s --target=vulkan --tile=1x64x4-gpu --emit=loops -o - | FileCheck %s --check-prefix=FORCED
// RUN: bitnet-compile %s --target=vulkan --emit=llvm -o - | FileCheck %s --check-prefix=LLVM

// A block of threads for each row, then one for each tile: 16 rows of 64
// columns, rows that are left over one by one.
// LOOPS-NOT: tensor<
// LOOPS:     scf.forall (%{{.*}}) in (%{{.*}}) {
// LOOPS:     } {mapping = [#gpu.block<linear_dim_0>]}
// LOOPS:     scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (%{{.*}}, 1) step (16, 1) {
// LOOPS:       gpu.thread_id x
// LOOPS:       bitnet.dot4
// LOOPS:     } {mapping = [#gpu.block<linear_dim_1>, #gpu.block<linear_dim_0>]}
// LOOPS:     scf.forall (%{{.*}}, %{{.*}}) = (%{{.*}}, 0) to (%{{.*}}, 1) step (1, 1) {

// FORCED:     bitnet.dot4
// FORCED-NOT: step (16, 1)

// Memory is the device's; nothing of the kernels is left but their bytes.
// LLVM:     llvm.func @bitnet_device_alloc(i64) -> !llvm.ptr
// LLVM:     @bitnet_device_bytes("\03\02#\07
// LLVM:     llvm.mlir.global external constant @bitnet_device_codes
// LLVM:     llvm.func @bitnet_main
// LLVM:       llvm.call @bitnet_launch
// LLVM-NOT: gpu.
// LLVM-NOT: spirv.
func.func @main(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["m", ""]})
    -> (tensor<?x64xf32> {onnx.name = "y", onnx.dims = ["m", ""]}) {
  %w = bitnet.constant dense_resource<w> : tensor<64x8x!bitnet.trit>
  %scale = arith.constant dense<0.5> : tensor<1xf32>
  %y = bitnet.linear %x, %w, %scale
      {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x8xf32>, tensor<64x8x!bitnet.trit>, tensor<1xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x0100000000ff000100010101ff01000001000101ff00ff0101ff00ff0001000000ffff0001ff0001ff00ff000101ff000100ff0001010001ffff0000ffff0100ff01ffffff01ffff000101ff01ff01ff000100ff0101ff0001ffffffff010001ffff0000ff010101ff00010001ffffffff01ff0000ff000000ffff0001ff01ff010101ffffffff0001ffff00ffff0001000101ffff00ff010101010100ffffffff0101ff0000ff00ffff0000ff0100ff000000010001000100ff00010100000001ff00ff01ffff0101ff01010100000101010100010001ffff00ff01000000010000ff0001ffffff01ff00ffffff0100ffff0001ffff01ffff0100ff010000000100000101ff0001ff010000ff00ff00ff0100ffffff000100010000ffff01ff000100ff0101ff010001ff010100000001ff0001010001ff0001ff01ffff01ff0000ff0000000000ff000101ffff01010101000100ffff0100ffff00010001000100000100ffff0100ffff00ff00010101ffff00010100000100ffff00000100000000ff0100000100ff0000ff000101ff01ff01ff01010000ff0100000001ffff0101010101000001ff01000100ffffff01ff010100ff00010000010001000100ffffff0100010100010001ff01000100ffffffff0000000000010001ff00ff0000ff00010101010000ff0100ffff00000000010100ffffff01000000ffff0001ffffff"
    }
  }
#-}
