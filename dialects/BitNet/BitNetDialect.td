// The `bitnet` dialect: what a 1-bit Transformer is made of.
#ifndef BITNET_DIALECT_TD
#define BITNET_DIALECT_TD

include "mlir/IR/OpBase.td"

def BitNet_Dialect : Dialect {
  let name = "bitnet";
  let cppNamespace = "::bitnet";
  let summary = "layers with 1-bit and ternary weights, and the blocks around them";
  let description = [{
    A BitNet layer multiplies int8 activations by weights in {-1, 0, +1}
    (b1.58) or {-1, +1} (b1). The dialect says such a layer on three levels:

    1. `bitnet.linear`: the whole layer, f32 to f32, as raise finds it.
    2. `bitnet.quantize`, `bitnet.matmul`, `bitnet.dequantize`: its three steps.
       Everything between the two rescales is exact integer arithmetic.
    3. `bitnet.tile_dot`: one register tile of a matmul on packed weights.

    Weights have the element type `!bitnet.trit` or `!bitnet.bit`. How they lie
    in bytes is the tensor's encoding, `#bitnet.packed`.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // BITNET_DIALECT_TD
