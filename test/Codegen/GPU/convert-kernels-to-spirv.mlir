// RUN: bitnet-opt %s --bitnet-convert-kernels-to-spirv | FileCheck %s
//
// What Vulkan says of it.
// RUN: bitnet-opt %s \
// RUN:     --pass-pipeline="builtin.module(bitnet-convert-kernels-to-spirv,spirv.module(spirv-lower-abi-attrs,spirv-update-vce))" \
// RUN:   | sed -n '/spirv.module/,/^  }$/p' | mlir-translate --no-implicit-module --serialize-spirv -o %t.spv
// RUN: %if spirv-val %{ spirv-val --target-env vulkan1.2 %t.spv %}
//
// REQUIRES: mlir-translate

// The address of the parameters is two words of push constants; all that lies
// in memory is reached by an address.
// CHECK:       spirv.module @{{.*}} PhysicalStorageBuffer64 GLSL450
// CHECK-DAG:     spirv.GlobalVariable @__push_constant_var__ : !spirv.ptr<!spirv.struct<(!spirv.array<2 x i32, stride=4> [0])>, PushConstant>
// CHECK-LABEL:   spirv.func @negates() "None"
// CHECK:           %[[LOW:.*]] = spirv.Load "PushConstant"
// CHECK:           %[[HIGH:.*]] = spirv.Load "PushConstant"
// CHECK:           %[[PARAMETERS:.*]] = spirv.BitwiseOr
// CHECK:           %[[PLACE:.*]] = spirv.IAdd %[[PARAMETERS]]
// CHECK-NEXT:      %[[POINTER:.*]] = spirv.ConvertUToPtr %[[PLACE]] : i64 to !spirv.ptr<i64, PhysicalStorageBuffer>
// CHECK-NEXT:      %[[A:.*]] = spirv.Load "PhysicalStorageBuffer" %[[POINTER]] ["Aligned", 8] : i64
// CHECK:           %[[AT:.*]] = spirv.IAdd %[[A]]
// CHECK-NEXT:      %[[P:.*]] = spirv.ConvertUToPtr %[[AT]] : i64 to !spirv.ptr<f32, PhysicalStorageBuffer>
// CHECK-NEXT:      %[[X:.*]] = spirv.Load "PhysicalStorageBuffer" %[[P]] ["Aligned", 4] : f32
// CHECK-NEXT:      %[[Y:.*]] = spirv.FNegate %[[X]]
// CHECK:           spirv.Store "PhysicalStorageBuffer" %{{.*}}, %[[Y]] ["Aligned", 4] : f32
gpu.module @kernels {
  gpu.func @negates(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}

// Zeros keep their signs, and NaN is NaN.
// CHECK:       spirv.ExecutionMode @negates "SignedZeroInfNanPreserve", 32
