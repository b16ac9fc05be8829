// How activations are quantized, and how weights lie in memory.
#ifndef BITNET_ATTRS_TD
#define BITNET_ATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"
include "dialects/BitNet/BitNetDialect.td"

def BitNet_Scheme : I32EnumAttr<"Scheme", "what the largest code stands for", [
    I32EnumAttrCase<"Absmax", 0, "absmax">,
    I32EnumAttrCase<"Absmean", 1, "absmean">,
    I32EnumAttrCase<"Shifted", 2, "shifted">,
  ]> {
  let cppNamespace = "::bitnet";
  let genSpecializedAttr = 0;
}

def BitNet_Granularity : I32EnumAttr<"Granularity", "what shares one scale", [
    I32EnumAttrCase<"Token", 0, "token">,
    I32EnumAttrCase<"Tensor", 1, "tensor">,
  ]> {
  let cppNamespace = "::bitnet";
  let genSpecializedAttr = 0;
}

def BitNet_QuantizerAttr : AttrDef<BitNet_Dialect, "Quantizer"> {
  let mnemonic = "quantizer";
  let summary = "activation quantizer";
  let description = [{
    How activations become int8 codes (BitNet b1.58, equations 1-3):

        m = max(|x|) over a token (or the tensor), at least `floor`
        s = limit / m, or limit * (1 / m) where `reciprocal`
        q = clamp(round_half_even(x * s), low, high)

    `absmean` takes the mean of |x| for m. `shifted` takes the codes of
    x - min(x), with m that of x (BitNet b1, equation 6). PyTorch's `127.0 / m` is exported as
    a reciprocal and a product, which rounds twice: `reciprocal` keeps that.

    `limit` and `floor` have the type that the arithmetic is done in, f32, f16
    or bf16: m, 1 / m, s and x * s are rounded to it, one after the other.

    Example:
    ```mlir
    #bitnet.quantizer<absmax, token, limit = 127.0 : f32, floor = 1.0e-5 : f32,
                      low = -128, high = 127, reciprocal = true>
    ```
  }];
  let parameters = (ins
    EnumParameter<BitNet_Scheme>:$scheme,
    EnumParameter<BitNet_Granularity>:$granularity,
    "::mlir::FloatAttr":$limit,
    "::mlir::FloatAttr":$floor,
    "int64_t":$low,
    "int64_t":$high,
    "bool":$reciprocal);
  let extraClassDeclaration = [{
    /// The type that each step of the arithmetic is rounded to.
    ::mlir::FloatType getArithmeticType() const;
    /// Its constants in f32, which has all their values.
    float getLimitAsFloat() const {
      return static_cast<float>(getLimit().getValueAsDouble());
    }
    float getFloorAsFloat() const {
      return static_cast<float>(getFloor().getValueAsDouble());
    }
  }];
  let assemblyFormat = [{
    `<` $scheme `,` $granularity `,` `limit` `=` $limit `,` `floor` `=` $floor
    `,` `low` `=` $low `,` `high` `=` $high `,` `reciprocal` `=` $reciprocal `>`
  }];
  let genVerifyDecl = 1;
}

def BitNet_PackedAttr : AttrDef<BitNet_Dialect, "Packed", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "packed";
  let summary = "packed layout of a weight tensor";
  let description = [{
    The order of weights in memory, as a tensor encoding. `lanes` x `fields`
    rows form a panel; a panel's vectors of `lanes` x 4 bytes follow each other
    along the contraction; the `fields` codes of a byte belong to rows that
    lie `lanes` apart: 4 codes of 2 bits, 5 of 1.6 bits, 8 of 1 bit. Trits take
    1.6 or 2 bits, bits take 1. `PackedLayout.h` states it as a function.

    Example:
    ```mlir
    tensor<2560x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
    tensor<2560x2560x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 1.6>>
    tensor<2560x2560x!bitnet.bit, #bitnet.packed<lanes = 16, bits = 1>>
    ```
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$fields);
  let assemblyFormat = [{
    `<` `lanes` `=` $lanes `,` `bits` `=` custom<Bits>($fields) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same for whoever knows nothing of MLIR.
    ::bitnet::PanelLayout getLayout() const;
    /// Bits that a weight takes.
    double getBits() const { return 8.0 / static_cast<double>(getFields()); }
    /// Type of the bytes of a packed [n, k] tensor: panels x vectors x bytes.
    ::mlir::RankedTensorType getBytesType(::mlir::RankedTensorType weights) const;
  }];
}

#endif // BITNET_ATTRS_TD
