// RUN: bitnet-opt %s --bitnet-separate-weights=smallest=4 | FileCheck %s
// RUN: bitnet-opt %s --bitnet-separate-weights="smallest=4 file=model.weights" | FileCheck %s --check-prefix=FILE
// RUN: bitnet-opt %s --bitnet-separate-weights | FileCheck %s --check-prefix=SMALL
// RUN: bitnet-opt %s --bitnet-separate-weights=device=true | FileCheck %s --check-prefix=DEVICE

// The example of the documentation, and a second constant at the next multiple
// of 64; what is written to, and what is small, stays.
// CHECK:      bitnet.weights = [{offset = 0 : i64, value = dense_resource<w> : tensor<4xi8>}, {offset = 64 : i64, value = dense_resource<v> : tensor<8xi8>}]
// CHECK:      llvm.mlir.global external constant @bitnet_weights() {{.*}}alignment = 64 : i64{{.*}} : !llvm.array<72 x i8>
// CHECK-NOT:  @w(
// CHECK:      llvm.mlir.global private @written(dense_resource<w> : tensor<4xi8>)
// CHECK:      llvm.mlir.global private constant @small(
// CHECK-LABEL: llvm.func @address()
// CHECK:         %[[BASE:.*]] = llvm.mlir.addressof @bitnet_weights : !llvm.ptr
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i64) : i64
// CHECK:         %[[W:.*]] = llvm.getelementptr %[[BASE]][%[[ZERO]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK:         llvm.return %[[W]]
// CHECK-LABEL: llvm.func @second()
// CHECK:         llvm.mlir.constant(64 : i64) : i64

// The size, 72, and the hash come before the name.
// FILE:       llvm.mlir.global external @bitnet_weights_base() {{.*}}: !llvm.ptr
// FILE:       llvm.mlir.global external constant @bitnet_weights_file("H\00\00\00\00\00\00\00{{.*}}model.weights\00") {{.*}}alignment = 8
// FILE-LABEL: llvm.func @address()
// FILE:         %[[AT:.*]] = llvm.mlir.addressof @bitnet_weights_base : !llvm.ptr
// FILE:         %[[BASE:.*]] = llvm.load %[[AT]] invariant : !llvm.ptr -> !llvm.ptr
// FILE:         llvm.getelementptr %[[BASE]]

// Small ones, too; addresses are those of the device.
// DEVICE:       llvm.mlir.global external constant @bitnet_weights() {{.*}}alignment = 64 : i64{{.*}} : !llvm.array<130 x i8>
// DEVICE:       llvm.mlir.global external @bitnet_device_weights_base() {{.*}}: !llvm.ptr
// DEVICE:       llvm.mlir.global external constant @bitnet_device_weights_size(130 : i64)
// DEVICE:       llvm.mlir.global external constant @bitnet_device_weights() {{.*}}: !llvm.ptr {
// DEVICE-NEXT:    %[[BLOCK:.*]] = llvm.mlir.addressof @bitnet_weights : !llvm.ptr
// DEVICE-NEXT:    llvm.return %[[BLOCK]]
// DEVICE-NOT:   @small(
// DEVICE-LABEL: llvm.func @address()
// DEVICE:         %[[AT:.*]] = llvm.mlir.addressof @bitnet_device_weights_base : !llvm.ptr
// DEVICE:         %[[BASE:.*]] = llvm.load %[[AT]] invariant : !llvm.ptr -> !llvm.ptr
// DEVICE:         llvm.getelementptr %[[BASE]]

// SMALL-NOT:  bitnet_weights
// SMALL:      llvm.mlir.addressof @w : !llvm.ptr

llvm.mlir.global private constant @w(dense_resource<w> : tensor<4xi8>) {alignment = 64 : i64} : !llvm.array<4 x i8>
llvm.mlir.global private constant @v(dense_resource<v> : tensor<8xi8>) {alignment = 64 : i64} : !llvm.array<8 x i8>
llvm.mlir.global private @written(dense_resource<w> : tensor<4xi8>) : !llvm.array<4 x i8>
llvm.mlir.global private constant @small(dense_resource<s> : tensor<2xi8>) : !llvm.array<2 x i8>
llvm.func @address() -> !llvm.ptr {
  %0 = llvm.mlir.addressof @w : !llvm.ptr
  llvm.return %0 : !llvm.ptr
}
llvm.func @second() -> !llvm.ptr {
  %0 = llvm.mlir.addressof @v : !llvm.ptr
  llvm.return %0 : !llvm.ptr
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x0100000001020304",
      v: "0x010000000102030405060708",
      s: "0x010000000102"
    }
  }
#-}
