// RUN: bitnet-opt %s --bitnet-check-allocations | FileCheck %s

// CHECK:       llvm.mlir.global internal constant @out_of_memory("out of memory\00")
// CHECK-LABEL: llvm.func internal @checked_alloc(
// CHECK-SAME:    -> (!llvm.ptr {llvm.noalias})
// CHECK:         %[[MEMORY:.*]] = llvm.call @aligned_alloc(
// CHECK:         llvm.call @bitnet_fail(
// CHECK-NEXT:    llvm.unreachable
// CHECK:         llvm.return %[[MEMORY]]
// CHECK-LABEL: llvm.func @allocates(
// CHECK:         llvm.call @checked_alloc(
llvm.func @aligned_alloc(i64, i64) -> !llvm.ptr
llvm.func @allocates(%size: i64) -> !llvm.ptr {
  %alignment = llvm.mlir.constant(64 : i64) : i64
  %memory = llvm.call @aligned_alloc(%alignment, %size) : (i64, i64) -> !llvm.ptr
  llvm.return %memory : !llvm.ptr
}
