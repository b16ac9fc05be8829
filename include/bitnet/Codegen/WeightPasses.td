// The pass that takes weights out of the code.
#ifndef BITNET_CODEGEN_WEIGHTPASSES_TD
#define BITNET_CODEGEN_WEIGHTPASSES_TD

include "mlir/Pass/PassBase.td"

def SeparateWeights : Pass<"bitnet-separate-weights", "mlir::ModuleOp"> {
  let summary = "take large constants out of the code, to be written as they are";
  let description = [{
    A constant of LLVM IR is copied by each step on its way to an object, and by
    the linker once more; a model's weights are a gigabyte. So constants of at
    least `smallest` bytes become offsets into one block, of which the code
    knows the address only. The module's attribute `bitnet.weights` says what is
    where in the block; whoever writes the program puts the bytes there. What is
    in it before, of the modules of other CPUs in the same program, stays, and
    constants of the same bytes are in the block once.

    The block is `bitnet_weights`, which is a part of the program. With `file`
    it is in a file of that name: the runtime maps it and writes its address to
    `bitnet_weights_base`. `bitnet_weights_file` tells it what to look for: the
    size of the block and a hash of its content, 8 bytes each, and the name.

    With `device`, all constants are taken. The runtime copies the block to the
    device and writes its address there to `bitnet_device_weights_base`;
    `bitnet_device_weights` tells it where the block is and how large.

    Before:
    ```mlir
    llvm.mlir.global private constant @w(dense_resource<w> : tensor<4xi8>) {alignment = 64 : i64} : !llvm.array<4 x i8>
    ...
    llvm.func @address() -> !llvm.ptr {
      %0 = llvm.mlir.addressof @w : !llvm.ptr
      llvm.return %0 : !llvm.ptr
    }
    ```
    After, with `smallest=4`:
    ```mlir
    module attributes {bitnet.weights = [{offset = 0 : i64, value = dense_resource<w> : tensor<4xi8>} ]} {
      llvm.mlir.global external constant @bitnet_weights() {alignment = 64 : i64} : !llvm.array<4 x i8>
      llvm.func @address() -> !llvm.ptr {
        %0 = llvm.mlir.addressof @bitnet_weights : !llvm.ptr
        %1 = llvm.mlir.constant(0 : i64) : i64
        %2 = llvm.getelementptr %0[%1] : (!llvm.ptr, i64) -> !llvm.ptr, i8
        llvm.return %2 : !llvm.ptr
      }
    }
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", "",
           "name of the file that has the weights (default: the program itself)">,
    Option<"smallest", "smallest", "int64_t", "4096",
           "bytes of a constant that is worth it">,
    Option<"device", "device", "bool", "false",
           "take all constants, for a device's memory">];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

#endif // BITNET_CODEGEN_WEIGHTPASSES_TD
