// Element types of 1-bit and ternary weights.
#ifndef BITNET_TYPES_TD
#define BITNET_TYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "dialects/BitNet/BitNetDialect.td"

class BitNet_Type<string name, string typeMnemonic>
    : TypeDef<BitNet_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def BitNet_TritType : BitNet_Type<"Trit", "trit"> {
  let summary = "ternary weight value";
  let description = [{
    A weight of BitNet b1.58: -1, 0 or +1. It exists in tensors only; the
    number of bits it takes is a matter of the tensor's encoding.

    Example:
    ```mlir
    tensor<6912x2560x!bitnet.trit>
    ```
  }];
}

def BitNet_BitType : BitNet_Type<"Bit", "bit"> {
  let summary = "binary weight value";
  let description = [{
    A weight of BitNet b1: -1 or +1. It exists in tensors only.

    Example:
    ```mlir
    tensor<6912x2560x!bitnet.bit>
    ```
  }];
}

def BitNet_Weight : AnyTypeOf<[BitNet_TritType, BitNet_BitType],
                              "ternary or binary weight value">;
def BitNet_WeightTensor : 2DTensorOf<[BitNet_Weight]>;

#endif // BITNET_TYPES_TD
