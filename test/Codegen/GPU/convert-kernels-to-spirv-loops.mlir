// A loop without iterations gives what it began with, which MLIR's conversion does not say.
// RUN: bitnet-opt %s --bitnet-convert-kernels-to-spirv | FileCheck %s

// CHECK-LABEL: spirv.func @sums(
// CHECK:         spirv.mlir.loop
// CHECK:         %[[SUM:.*]] = spirv.Load "Function" %{{.*}} : f32
// CHECK:         %[[RUNS:.*]] = spirv.SGreaterThan
// CHECK:         %[[KEPT:.*]] = spirv.Select %[[RUNS]], %[[SUM]], %{{.*}} : i1, f32
// CHECK:         spirv.Store "PhysicalStorageBuffer" %{{.*}}, %[[KEPT]]
gpu.module @kernels {
  gpu.func @sums(%x: i64, %n: index, %y: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %init = arith.constant 3.0 : f32
    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %init) -> (f32) {
      %v = bitnet.device_load %x[%i] : f32
      %t = arith.addf %s, %v : f32
      scf.yield %t : f32
    }
    bitnet.device_store %sum, %y[%c0] : f32
    gpu.return
  }
}
