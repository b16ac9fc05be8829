// A program for several devices: one row for each, in their order.
// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm="kind=cuda chip=sm_80" --bitnet-convert-kernels-to-llvm="kind=hip chip=gfx942" --bitnet-embed-kernels=format=ptx | FileCheck %s

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @kernel_0(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %i = gpu.thread_id x
      %x = bitnet.device_load %a[%i] : f32
      %y = arith.negf %x : f32
      bitnet.device_store %y, %a[%i] : f32
      gpu.return
    }
  }
  func.func @main(%a: i64, %n: index) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@kernel_0 blocks in (%n, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
    return
  }
}

// CHECK-NOT: gpu.module
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_kind_1("hip\00")
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_chip_1("gfx942\00")
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_bytes_1("\7FELF
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_kind("cuda\00")
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_chip("sm_80\00")
// CHECK-DAG: llvm.mlir.global internal constant @bitnet_device_bytes("{{.*}}.version 7.1{{.*}}.target sm_80{{.*}}.visible .entry kernel_0({{.*}}neg.f32{{.*}}\00")
// CHECK-DAG: llvm.mlir.global external constant @bitnet_device_codes() {{.*}}!llvm.array<3 x struct
// CHECK-DAG: llvm.mlir.addressof @bitnet_cuda_driver
// CHECK-DAG: llvm.mlir.addressof @bitnet_hip_driver
// CHECK-DAG: llvm.call @bitnet_launch
// CHECK-NOT: gpu.module
