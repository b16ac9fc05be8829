// RUN: bitnet-opt %s --split-input-file --bitnet-emit-entry-point | FileCheck %s

// CHECK:       llvm.mlir.global external constant @bitnet_signature(
// CHECK-SAME:    "bitnet 1\0Amodel\09model\0Ainput\09x\09f32\09-\09batch\094\0Aoutput\09y\09f32\09-\09batch\0A\00")
// CHECK-LABEL: llvm.func @bitnet_main(
// CHECK-SAME:    %[[RESULTS:.*]]: !llvm.ptr, %[[ARGUMENTS:.*]]: !llvm.ptr)
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[ARGUMENTS]][0]
// CHECK:         %[[ADDRESS:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.load %[[ADDRESS]] : !llvm.ptr -> !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
// CHECK:         call @bitnet_model
// CHECK:         llvm.store %{{.*}}, %[[RESULTS]] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
// CHECK:       func.func private @bitnet_model(
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>
func.func @main(%x: memref<?x4xf32> {onnx.name = "x", onnx.dims = ["batch", ""]})
    -> (memref<?xf32> {onnx.name = "y", onnx.dims = ["batch"]}) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  %y = memref.alloc(%n) : memref<?xf32>
  return %y : memref<?xf32>
}

// -----

// Roles, unnamed things, every kind of number, and names that need escapes.
// CHECK:       @bitnet_signature("bitnet 1\0Amodel\09tiny%25\0Acontext\09512\0A
// CHECK-SAME:    input\09ids\09i64\09ids\09batch\09past + sequence\0A
// CHECK-SAME:    input\09a%09b\09bool\09-\09?\0A
// CHECK-SAME:    input\09input2\09u8\09-\0A
// CHECK-SAME:    input\09input3\09u8\09-\094\0A
// CHECK-SAME:    output\09kv\09bf16\09present:1\092\0A
// CHECK-SAME:    output\09output1\09f64\09-\0A\00")
module attributes {bitnet.model.context = 512 : i64, bitnet.model.name = "tiny%"} {
  func.func @main(
      %0: memref<?x?xi64> {onnx.name = "ids", bitnet.role = "ids",
                           onnx.dims = ["batch", "past + sequence"]},
      %1: memref<?xi1> {onnx.name = "a\09b", onnx.dims = [""]},
      %2: memref<ui8>, %3: memref<4xi8> {onnx.type = tensor<4xui8>})
      -> (memref<2xbf16> {onnx.name = "kv", bitnet.role = "present:1"},
          memref<f64>) {
    %kv = memref.alloc() : memref<2xbf16>
    %y = memref.alloc() : memref<f64>
    return %kv, %y : memref<2xbf16>, memref<f64>
  }
}

// -----

// A cache that is updated in place is an output, too, and its length comes last.
// CHECK:       @bitnet_signature("bitnet 1\0Amodel\09model\0A
// CHECK-SAME:    input\09past\09f32\09cache\091\092\09past\094\0A
// CHECK-SAME:    output\09present\09f32\09present:0\091\092\09past + 1\094\0A
// CHECK-SAME:    output\09y\09f32\09-\0A\00")
// CHECK:       llvm.func @bitnet_main(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %[[ARGUMENTS:.*]]: !llvm.ptr)
// CHECK:         %[[SLOT:.*]] = llvm.getelementptr %[[ARGUMENTS]][1]
// CHECK:         %[[ADDRESS:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.load %[[ADDRESS]] : !llvm.ptr -> i64
func.func @main(
    %past: memref<1x2x?x4xf32> {bitnet.present = {onnx.dims = ["", "", "past + 1", ""], onnx.name = "present", output = 0 : i64},
                                bitnet.role = "cache", onnx.dims = ["", "", "past", ""], onnx.name = "past"},
    %length: index {bitnet.role = "length"}) -> (memref<f32> {onnx.name = "y"}) {
  %y = memref.alloc() : memref<f32>
  return %y : memref<f32>
}

// -----

// How many logits are wanted stands before the length of the caches.
// CHECK:       @bitnet_signature("bitnet 1\0Amodel\09model\0Acounts-logits\0A
// CHECK-SAME:    input\09x\09f32\09-\094\0A
// CHECK-SAME:    output\09y\09f32\09logits\0A\00")
// CHECK:       llvm.func @bitnet_main(
// CHECK:         llvm.getelementptr %{{.*}}[1]
// CHECK:         llvm.getelementptr %{{.*}}[2]
func.func @main(
    %x: memref<4xf32> {onnx.name = "x"}, %count: index {bitnet.role = "logit-count"},
    %length: index {bitnet.role = "length"}) -> (memref<f32> {bitnet.role = "logits", onnx.name = "y"}) {
  %y = memref.alloc() : memref<f32>
  return %y : memref<f32>
}

// -----

// CHECK-LABEL: func.func @leaves_other_modules_alone(
// CHECK-NOT:   bitnet_
func.func @leaves_other_modules_alone() {
  return
}
