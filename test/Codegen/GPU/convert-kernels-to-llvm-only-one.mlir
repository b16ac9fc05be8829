// A module of one kernel keeps it, for the launches that name it.
// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm="kind=cuda chip=sm_80" | FileCheck %s

// CHECK:      gpu.module @kernels_sm_80
// CHECK:        llvm.func @negates(
// CHECK:      gpu.module @kernels {
// CHECK-NEXT:   gpu.func @negates(
gpu.module @kernels {
  gpu.func @negates(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}
