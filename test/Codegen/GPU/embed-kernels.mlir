// RUN: bitnet-opt %s --bitnet-embed-kernels --split-input-file | FileCheck %s
// RUN: bitnet-opt %s --bitnet-embed-kernels --split-input-file | FileCheck %s --check-prefix=TABLES

// A table of kernels in the order of their first launches, and one of codes;
// the last row of each is zero. Words, alignment and sizes are as
// bitnet/Runtime/Device.h has them.
// CHECK-DAG:   llvm.mlir.global internal constant @bitnet_name_kernel_1("kernel_1\00")
// CHECK-DAG:   llvm.mlir.global internal constant @bitnet_name_kernel_0("kernel_0\00")
// CHECK-DAG:   llvm.mlir.global internal constant @bitnet_device_kind("vulkan\00")
// CHECK-DAG:   llvm.mlir.global internal constant @bitnet_device_chip("\00")
// The first word of SPIR-V.
// CHECK-DAG:   llvm.mlir.global internal constant @bitnet_device_bytes("\03\02#\07{{.*}}alignment = 8
// CHECK-DAG:   llvm.mlir.global external constant @bitnet_vulkan_driver()
//
// TABLES:      llvm.mlir.global internal constant @bitnet_kernels() {{.*}} : !llvm.array<3 x struct<(ptr, i32, i32)>> {
// TABLES:        %[[ZERO:.*]] = llvm.mlir.zero
// TABLES:        %[[NAME:.*]] = llvm.mlir.addressof @bitnet_name_kernel_1
// TABLES-NEXT:    %[[A:.*]] = llvm.insertvalue %[[NAME]], %[[ZERO]][0, 0]
// TABLES:        %[[THREADS:.*]] = llvm.mlir.constant(64 : i32)
// TABLES-NEXT:    %[[B:.*]] = llvm.insertvalue %[[THREADS]], %[[A]][0, 1]
// TABLES:        %[[WORDS:.*]] = llvm.mlir.constant(5 : i32)
// TABLES-NEXT:    llvm.insertvalue %[[WORDS]], %[[B]][0, 2]
// TABLES:        llvm.mlir.addressof @bitnet_name_kernel_0
// TABLES:      llvm.mlir.global external constant @bitnet_device_codes() {{.*}} : !llvm.array<2 x struct<(ptr, ptr, ptr, i64, ptr, ptr, ptr)>>
// CHECK-NOT:   spirv.module
// CHECK-NOT:   gpu.module
//
// Arguments are words: numbers of fewer bits are filled up with zeros.
// CHECK-LABEL: func @host(
// CHECK-SAME:    %[[A:.*]]: i64, %[[N:.*]]: index, %[[F:.*]]: f32, %[[B:.*]]: i1, %[[D:.*]]: f64)
// CHECK:         %[[ROOM:.*]] = llvm.alloca %{{.*}} x i64
// CHECK:         %[[AT:.*]] = llvm.getelementptr %[[WORDS:.*]][0]
// CHECK-NEXT:    llvm.store %[[A]], %[[AT]] : i64
// CHECK:         %[[SIZE:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK-NEXT:    llvm.store %[[SIZE]], %{{.*}} : i64
// CHECK:         %[[BITS:.*]] = arith.bitcast %[[F]] : f32 to i32
// CHECK-NEXT:    %[[WIDE:.*]] = arith.extui %[[BITS]] : i32 to i64
// CHECK-NEXT:    llvm.store %[[WIDE]], %{{.*}} : i64
// CHECK:         %[[BOOL:.*]] = arith.extui %[[B]] : i1 to i64
// CHECK-NEXT:    llvm.store %[[BOOL]], %{{.*}} : i64
// CHECK:         %[[DOUBLE:.*]] = arith.bitcast %[[D]] : f64 to i64
// CHECK-NEXT:    llvm.store %[[DOUBLE]], %{{.*}} : i64
// CHECK:         %[[NUMBER:.*]] = llvm.mlir.constant(0 : i64)
// CHECK:         %[[X:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK:         llvm.call @bitnet_launch(%[[NUMBER]], %[[X]], %{{.*}}, %{{.*}}, %[[WORDS]]) : (i64, i64, i64, i64, !llvm.ptr) -> ()
// CHECK:         %[[NUMBER:.*]] = llvm.mlir.constant(1 : i64)
// CHECK:         llvm.call @bitnet_launch(%[[NUMBER]],
// CHECK-NOT:     gpu.launch_func
module attributes {gpu.container_module} {
  spirv.module @__spv__kernels PhysicalStorageBuffer64 GLSL450 requires #spirv.vce<v1.3, [Shader, Int64, PhysicalStorageBufferAddresses], [SPV_KHR_physical_storage_buffer]> {
    spirv.func @kernel_0() "None" {
      spirv.Return
    }
    spirv.func @kernel_1() "None" {
      spirv.Return
    }
    spirv.EntryPoint "GLCompute" @kernel_0
    spirv.EntryPoint "GLCompute" @kernel_1
    spirv.ExecutionMode @kernel_0 "LocalSize", 64, 1, 1
    spirv.ExecutionMode @kernel_1 "LocalSize", 64, 1, 1
  }
  gpu.module @kernels {
    gpu.func @kernel_0(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
    gpu.func @kernel_1(%a: i64, %i: index, %f: f32, %b: i1, %d: f64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      gpu.return
    }
  }
  func.func @host(%a: i64, %n: index, %f: f32, %b: i1, %d: f64) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@kernel_1 blocks in (%n, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64, %n : index, %f : f32, %b : i1, %d : f64)
    gpu.launch_func @kernels::@kernel_0 blocks in (%n, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
    return
  }
}

// -----

// No kernels, no tables.
// CHECK-LABEL: func @no_kernels(
// CHECK-NOT:   bitnet_device_codes
func.func @no_kernels() {
  return
}
