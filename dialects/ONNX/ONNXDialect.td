// The `onnx` dialect: base classes, element types and the shape interface.
#ifndef ONNX_DIALECT_TD
#define ONNX_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::bitnet::onnx";
  let summary = "the ONNX operators of a Transformer, one op per operator";
  let description = [{
    An op is named as the ONNX operator, takes its inputs in the order of the
    operator's schema and its attributes under their ONNX names, and means what
    opset 25 (or the newest version up to 27) says. So the importer needs no
    table: a node becomes the op of its name.

    Tensors are ranked. A dynamic dimension may have a name, kept in the
    attribute `onnx.dims` of the op that makes the value (or of the function's
    argument); two dimensions of the same name have the same size.

    Every op can recompute its result types from its operands, see
    `ShapeInference`, and its declared types must agree with them.
  }];
  let hasConstantMaterializer = 1;
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

defvar ONNX_Floats = [F16, BF16, F32, F64];
defvar ONNX_SignedInts = [I8, I16, I32, I64];
defvar ONNX_UnsignedInts = [UI8, UI16, UI32, UI64];
defvar ONNX_Ints = !listconcat(ONNX_SignedInts, ONNX_UnsignedInts);
defvar ONNX_SubBytes = [I<2>, UI<2>, I<4>, UI<4>];

def ONNX_FloatTensor : RankedTensorOf<ONNX_Floats>;
def ONNX_IntTensor : RankedTensorOf<ONNX_Ints>;
def ONNX_BoolTensor : RankedTensorOf<[I1]>;
def ONNX_NumberTensor : RankedTensorOf<!listconcat(ONNX_Floats, ONNX_Ints)>;
def ONNX_OrderedTensor
    : RankedTensorOf<!listconcat(ONNX_Floats, ONNX_Ints, [I1])>;
def ONNX_SignedTensor
    : RankedTensorOf<!listconcat(ONNX_Floats, ONNX_SignedInts)>;
def ONNX_CodeTensor
    : RankedTensorOf<!listconcat([I8, UI8, I16, UI16, I32], ONNX_SubBytes)>;
def ONNX_ByteTensor : RankedTensorOf<[I8, UI8]>;
def ONNX_I32Tensor : RankedTensorOf<[I32]>;
def ONNX_AnyTensor : RankedTensorOf<
    !listconcat(ONNX_Floats, ONNX_Ints, ONNX_SubBytes, [I1])>;

// Signed, as ONNX's own (upstream's I64Attr reads as unsigned).
def ONNX_IntAttr
    : TypedSignlessIntegerAttrBase<I64, "int64_t",
                                   "64-bit signless integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}

// Axes and shapes are 1-D int64 (repeats, starts, ... also int32).
def ONNX_I64Vector : RankedTensorOf<[I64], [HasAnyRankOfPred<[1]>], "1D tensor">;
def ONNX_IndexVector
    : RankedTensorOf<[I32, I64], [HasAnyRankOfPred<[1]>], "1D tensor">;
def ONNX_IndexTensor : RankedTensorOf<[I32, I64]>;

//===----------------------------------------------------------------------===//
// Shape inference
//===----------------------------------------------------------------------===//

def ONNX_ShapeInference : OpInterface<"ShapeInference"> {
  let cppNamespace = "::bitnet::onnx";
  let description = [{
    Recomputes result types from operand types, attributes and constant
    operands, as needed after a dynamic dimension has been fixed. The verifier
    of every op compares them with the declared types.
  }];
  let methods = [InterfaceMethod<
    [{
      Appends one type per result. A dimension that depends on data is dynamic;
      a null type stands for a result of unknown rank. Emits an error and fails
      when the operands don't fit together.
    }],
    "::llvm::LogicalResult", "inferResultTypes",
    (ins "::llvm::SmallVectorImpl<::mlir::RankedTensorType> &":$types)
  >];
  let verify = [{ return ::bitnet::onnx::verifyResultTypes($_op); }];
}

// Each element of the result is made from one of each operand, all of which are
// broadcast to the result's shape. Lowered by `emit` in Elementwise.cpp.
def ONNX_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::bitnet::onnx";
}

// `shape` is a function of ONNXShapes.h with the signature
// LogicalResult(ThisOp or Operation *, SmallVectorImpl<RankedTensorType> &).
class ONNX_Op<string name, string shape, list<Trait> traits = []>
    : Op<ONNX_Dialect, name, !listconcat(traits, [
        Pure, DeclareOpInterfaceMethods<ONNX_ShapeInference>])> {
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferResultTypes(
        ::llvm::SmallVectorImpl<::mlir::RankedTensorType> &types) {
      return }] # shape # [{(*this, types);
    }
  }];
}

#endif // ONNX_DIALECT_TD
