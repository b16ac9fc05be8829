// RUN: bitnet-opt %s --bitnet-separate-weights="smallest=4 file=model.weights" | FileCheck %s

// What the module of another CPU has put into the block stays where it is; a
// constant of the same bytes is found there, another one comes behind.
// CHECK:       bitnet.weights = [{offset = 0 : i64, value = dense_resource<first> : tensor<8xi8>}, {offset = 64 : i64, value = dense_resource<new> : tensor<4xi8>}]
// CHECK:       @bitnet_weights_file("D\00\00\00\00\00\00\00
// CHECK-LABEL: llvm.func @known()
// CHECK:         llvm.mlir.constant(0 : i64) : i64
// CHECK-LABEL: llvm.func @new()
// CHECK:         llvm.mlir.constant(64 : i64) : i64
// CHECK-LABEL: llvm.func @twice()
// CHECK:         llvm.mlir.constant(64 : i64) : i64
module attributes {bitnet.weights = [{offset = 0 : i64, value = dense_resource<first> : tensor<8xi8>}]} {
  llvm.mlir.global private constant @v(dense_resource<same> : tensor<8xi8>) {alignment = 64 : i64} : !llvm.array<8 x i8>
  llvm.mlir.global private constant @w(dense_resource<new> : tensor<4xi8>) {alignment = 64 : i64} : !llvm.array<4 x i8>
  llvm.mlir.global private constant @x(dense_resource<again> : tensor<4xi8>) {alignment = 64 : i64} : !llvm.array<4 x i8>
  llvm.func @known() -> !llvm.ptr {
    %0 = llvm.mlir.addressof @v : !llvm.ptr
    llvm.return %0 : !llvm.ptr
  }
  llvm.func @new() -> !llvm.ptr {
    %0 = llvm.mlir.addressof @w : !llvm.ptr
    llvm.return %0 : !llvm.ptr
  }
  llvm.func @twice() -> !llvm.ptr {
    %0 = llvm.mlir.addressof @x : !llvm.ptr
    llvm.return %0 : !llvm.ptr
  }
}

{-#
  dialect_resources: {
    builtin: {
      first: "0x010000000102030405060708",
      same: "0x010000000102030405060708",
      new: "0x0100000001020304",
      again: "0x0100000001020304"
    }
  }
#-}
