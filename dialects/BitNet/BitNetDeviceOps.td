// Memory of a device, by address: what kernels work on.
#ifndef BITNET_DEVICE_OPS_TD
#define BITNET_DEVICE_OPS_TD

include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/BitNet/BitNetDialect.td"

class BitNet_DeviceOp<string mnemonic, list<Trait> traits = []>
    : Op<BitNet_Dialect, mnemonic, traits>;

/// What one access moves.
def BitNet_DeviceElement
    : AnyTypeOf<[AnySignlessInteger, AnyFloat,
                 VectorOfRankAndType<[1], [AnySignlessInteger, AnyFloat]>]>;

def BitNet_KernelParametersOp : BitNet_DeviceOp<"kernel_parameters", [Pure]> {
  let summary = "give the address of a kernel's parameters";
  let description = [{
    A Vulkan kernel has no arguments: they are in memory, 64 bits each, and
    this is where.

    Example:
    ```mlir
    %p = bitnet.kernel_parameters : i64
    ```
  }];
  let results = (outs I64:$address);
  let assemblyFormat = "attr-dict `:` type($address)";
}

def BitNet_DeviceLoadOp : BitNet_DeviceOp<"device_load",
    [MemoryEffects<[MemRead]>]> {
  let summary = "read an element of the device's memory";
  let description = [{
    Reads a scalar, or some that follow each other, of an array of scalars that
    begins at `address`: from number `index` on. `alignment`, in bytes, is that
    of all of them together unless it says less. A kernel gets addresses instead
    of memrefs, so that it may read buffers of any size and needs no table of
    them.

    Example:
    ```mlir
    %x = bitnet.device_load %address[%i] : f32
    ```
  }];
  let arguments = (ins I64:$address, Index:$index,
                       OptionalAttr<I64Attr>:$alignment);
  let results = (outs BitNet_DeviceElement:$result);
  let assemblyFormat = "$address `[` $index `]` attr-dict `:` type($result)";
}

def BitNet_DeviceStoreOp : BitNet_DeviceOp<"device_store",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "write an element of the device's memory";
  let description = [{
    Writes scalars from number `index` on of the array that begins at
    `address`.

    Example:
    ```mlir
    bitnet.device_store %x, %address[%i] : f32
    ```
  }];
  let arguments = (ins BitNet_DeviceElement:$value, I64:$address, Index:$index);
  let assemblyFormat =
    "$value `,` $address `[` $index `]` attr-dict `:` type($value)";
}

def BitNet_Dot4Op : BitNet_DeviceOp<"dot4", [Pure]> {
  let summary = "add the products of four bytes with four bytes";
  let description = [{
    `init + sum_j codes[j] * values[j]`, where `codes` are four unsigned bytes
    below 128 and `values` four signed ones, in 32 bits each, the first byte in
    the lowest bits. The sum wraps. Devices have an instruction for it.

    Example:
    ```mlir
    %s = bitnet.dot4 %codes, %values, %init : i32
    ```
  }];
  let arguments = (ins I32:$codes, I32:$values, I32:$init);
  let results = (outs I32:$result);
  let assemblyFormat =
    "$codes `,` $values `,` $init attr-dict `:` type($result)";
}

#endif // BITNET_DEVICE_OPS_TD
