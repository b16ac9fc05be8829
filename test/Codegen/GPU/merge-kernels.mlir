// RUN: bitnet-opt %s --bitnet-merge-kernels | FileCheck %s
// RUN: bitnet-opt %s --bitnet-merge-kernels --symbol-dce | FileCheck %s --check-prefix=ONCE

// CHECK:       gpu.module @kernels {
// CHECK:         gpu.func @kernel_0(%{{.*}}: i64) kernel
// CHECK:           arith.negf
// CHECK:         gpu.func @kernel_1(%{{.*}}: i64) kernel
// CHECK:           arith.addf
// CHECK:         gpu.func @kernel_2(%{{.*}}: i64) kernel attributes {known_block_size = array<i32: 32, 1, 1>}
// CHECK-NOT:     gpu.func
// CHECK-NOT:   gpu.module
// CHECK-LABEL: func @layers(
// CHECK:         gpu.launch_func @kernels::@kernel_0 blocks in (%{{.*}}, %{{.*}}, %{{.*}}) threads in (%{{.*}}, %{{.*}}, %{{.*}}) args(%[[A:.*]] : i64)
// CHECK-NEXT:    gpu.launch_func @kernels::@kernel_0 {{.*}} args(%[[B:.*]] : i64)
// CHECK-NEXT:    gpu.launch_func @kernels::@kernel_1
// CHECK-NEXT:    gpu.launch_func @kernels::@kernel_2
// CHECK-NEXT:    gpu.launch_func @kernels::@kernel_0
// ONCE-COUNT-3: gpu.func
module attributes {gpu.container_module} {
gpu.module @first {
  gpu.func @k(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}
gpu.module @second {
  gpu.func @k(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}
// Another op, and another number of threads, are other code.
gpu.module @other {
  gpu.func @k(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.addf %x, %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}
gpu.module @narrow {
  gpu.func @k(%a: i64) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}
func.func @layers(%a: i64, %b: i64) {
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  gpu.launch_func @first::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
  gpu.launch_func @second::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%b : i64)
  gpu.launch_func @other::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%b : i64)
  gpu.launch_func @narrow::@k blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%b : i64)
  gpu.launch_func @first::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%b : i64)
  return
}
}
