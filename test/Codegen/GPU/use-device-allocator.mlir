// RUN: bitnet-opt %s --bitnet-use-device-allocator --split-input-file | FileCheck %s

// CHECK-DAG:   llvm.func @bitnet_device_alloc(i64) -> !llvm.ptr
// CHECK-DAG:   llvm.func @bitnet_device_free(!llvm.ptr)
// CHECK-LABEL: llvm.func @buffer(
// CHECK:         llvm.call @bitnet_device_alloc
// CHECK:         llvm.call @bitnet_device_free
llvm.func @_mlir_memref_to_llvm_alloc(i64) -> !llvm.ptr
llvm.func @_mlir_memref_to_llvm_free(!llvm.ptr)
llvm.func @buffer(%bytes: i64) {
  %p = llvm.call @_mlir_memref_to_llvm_alloc(%bytes) : (i64) -> !llvm.ptr
  llvm.call @_mlir_memref_to_llvm_free(%p) : (!llvm.ptr) -> ()
  llvm.return
}

// -----

// No buffers: nothing is declared, and host memory stays what it is.
// CHECK-NOT:   bitnet_device
// CHECK:       llvm.func @malloc(i64) -> !llvm.ptr
llvm.func @malloc(i64) -> !llvm.ptr
