// RUN: bitnet-opt %s --bitnet-convert-kernels-to-spirv | FileCheck %s
//
// What Vulkan says of it.
// RUN: bitnet-opt %s \
// RUN:     --pass-pipeline="builtin.module(bitnet-convert-kernels-to-spirv,spirv.module(spirv-lower-abi-attrs,spirv-update-vce))" \
// RUN:   | sed -n '/spirv.module/,/^  }$/p' | mlir-translate --no-implicit-module --serialize-spirv -o %t.spv
// RUN: %if spirv-val %{ spirv-val --target-env vulkan1.2 %t.spv %}
//
// REQUIRES: mlir-translate

gpu.module @kernels {
  // Each parameter takes 64 bits, whatever it is.
  // CHECK-LABEL:   spirv.func @takes(
  // CHECK:           spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 8] : i64
  // CHECK:           spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 8] : i64
  // CHECK:           %[[F:.*]] = spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 8] : i64
  // CHECK-NEXT:      %[[BITS:.*]] = spirv.SConvert %[[F]] : i64 to i32
  // CHECK-NEXT:      spirv.Bitcast %[[BITS]] : i32 to f32
  // CHECK:           %[[B:.*]] = spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 8] : i64
  // CHECK:           spirv.INotEqual %[[B]]
  gpu.func @takes(%a: i64, %i: index, %f: f32, %b: i1, %d: f64, %h: f16) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %zero = arith.constant 0.0 : f32
    %x = arith.select %b, %f, %zero : f32
    bitnet.device_store %x, %a[%i] : f32
    bitnet.device_store %d, %a[%i] : f64
    bitnet.device_store %h, %a[%i] : f16
    gpu.return
  }

  // Some at once are aligned as one, unless it is said that they are not.
  // CHECK-LABEL:   spirv.func @loads_vectors(
  // CHECK:           spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 4] : vector<4xi8>
  // CHECK:           spirv.Load "PhysicalStorageBuffer" %{{.*}} ["Aligned", 1] : vector<4xi8>
  gpu.func @loads_vectors(%a: i64, %i: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %x = bitnet.device_load %a[%i] : vector<4xi8>
    %y = bitnet.device_load %a[%i] {alignment = 1 : i64} : vector<4xi8>
    %s = arith.addi %x, %y : vector<4xi8>
    bitnet.device_store %s, %a[%i] : vector<4xi8>
    gpu.return
  }

  // Four products: a code is unsigned, a value signed.
  // CHECK-LABEL:   spirv.func @multiplies(
  // CHECK-COUNT-4:   spirv.ShiftRightArithmetic
  // CHECK-NOT:       spirv.ShiftRightArithmetic
  gpu.func @multiplies(%a: i64, %b: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c = bitnet.device_load %a[%i] : i32
    %v = bitnet.device_load %b[%i] : i32
    %s = bitnet.dot4 %c, %v, %c : i32
    bitnet.device_store %s, %b[%i] : i32
    gpu.return
  }

  // Nothing is contracted, but what the program fused is computed exactly, in
  // f64, and rounded once.
  // CHECK-LABEL:   spirv.func @rounds(
  // CHECK:           %[[M:.*]] = spirv.FMul %{{.*}} {no_contraction} : f32
  // CHECK-NEXT:      spirv.FAdd %[[M]], %{{.*}} {no_contraction} : f32
  // CHECK:           spirv.FMul %{{.*}} {no_contraction} : f64
  // CHECK-NOT:       spirv.GL.Fma
  // CHECK:           spirv.FOrdNotEqual
  // CHECK:           spirv.FConvert %{{.*}} : f64 to f32
  gpu.func @rounds(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.mulf %x, %x : f32
    %z = arith.addf %y, %x : f32
    %f = math.fma %z, %y, %x : f32
    bitnet.device_store %f, %a[%i] : f32
    gpu.return
  }

  // CHECK-LABEL:   spirv.func @shares(
  // CHECK:           spirv.mlir.addressof @__workgroup_mem__{{.*}} Workgroup>
  // CHECK:           spirv.ControlBarrier <Workgroup>, <Workgroup>
  gpu.func @shares(%a: i64) workgroup(%m : memref<64xf32, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c63 = arith.constant 63 : index
    %x = bitnet.device_load %a[%i] : f32
    memref.store %x, %m[%i] : memref<64xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %j = arith.subi %c63, %i : index
    %y = memref.load %m[%j] : memref<64xf32, #gpu.address_space<workgroup>>
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }

  // As each of them says.
  // CHECK-DAG: spirv.ExecutionMode @takes "SignedZeroInfNanPreserve", 32
  // CHECK-DAG: spirv.ExecutionMode @shares "SignedZeroInfNanPreserve", 32
}
