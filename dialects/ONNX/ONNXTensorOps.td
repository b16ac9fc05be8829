// ONNX operators that make, move, index and convert tensors.
#ifndef ONNX_TENSOR_OPS_TD
#define ONNX_TENSOR_OPS_TD

include "dialects/ONNX/ONNXDialect.td"

//===----------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------===//

def ONNX_ConstantOp : ONNX_Op<"Constant", "inferConstant", [ConstantLike]> {
  let summary = "give a tensor known at compile time";
  let description = [{
    Initializers become constants too. A resource holds elements of 2 and 4 bits
    packed, low bits first, as ONNX's raw_data does (ONNX Constant-25).

    Example:
    ```mlir
    %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs ONNX_AnyTensor:$output);
  let hasFolder = 1;
}

def ONNX_ConstantOfShapeOp
    : ONNX_Op<"ConstantOfShape", "inferConstantOfShape"> {
  let summary = "fill a tensor of a given shape with one value";
  let description = [{
    `value` is a tensor of one element; without it the result is filled with the
    f32 zero (ONNX ConstantOfShape-25).

    Example:
    ```mlir
    %y = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>}
        : (tensor<2xi64>) -> tensor<?x?xi64>
    ```
  }];
  let arguments = (ins ONNX_I64Vector:$input, OptionalAttr<ElementsAttr>:$value);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_RangeOp : ONNX_Op<"Range", "inferRange"> {
  let summary = "count from a start to a limit";
  let description = [{
    Gives `start, start + delta, ...` as long as it lies before `limit`; all
    operands are scalars (ONNX Range-11).

    Example:
    ```mlir
    %y = onnx.Range %start, %limit, %delta
        : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$start, ONNX_NumberTensor:$limit,
                       ONNX_NumberTensor:$delta);
  let results = (outs ONNX_NumberTensor:$output);
}

def ONNX_ShapeOp : ONNX_Op<"Shape", "inferShapeOp"> {
  let summary = "give the sizes of a tensor";
  let description = [{
    Gives the sizes of dimensions `start` to `end` (exclusive), which may be
    negative and are clamped (ONNX Shape-25).

    Example:
    ```mlir
    %s = onnx.Shape %x {start = 0 : i64, end = 2 : i64}
        : (tensor<?x?x256xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$start,
                       OptionalAttr<ONNX_IntAttr>:$end);
  let results = (outs ONNX_I64Vector:$shape);
}

def ONNX_SizeOp : ONNX_Op<"Size", "inferSize"> {
  let summary = "count the elements of a tensor";
  let description = [{
    Gives the product of all sizes as a scalar (ONNX Size-25).

    Example:
    ```mlir
    %n = onnx.Size %x : (tensor<?x256xf32>) -> tensor<i64>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data);
  let results = (outs RankedTensorOf<[I64], [HasAnyRankOfPred<[0]>]>:$size);
}

//===----------------------------------------------------------------------===//
// The same elements in another shape or type
//===----------------------------------------------------------------------===//

def ONNX_IdentityOp : ONNX_Op<"Identity", "inferSameAsFirst"> {
  let summary = "give a tensor as it is";
  let description = [{
    The result is the operand (ONNX Identity-25).

    Example:
    ```mlir
    %y = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input);
  let results = (outs ONNX_AnyTensor:$output);
  let hasFolder = 1;
}

def ONNX_CastOp : ONNX_Op<"Cast", "inferCast", [ONNX_Elementwise]> {
  let summary = "convert elements to another type";
  let description = [{
    `to` is the number of the element type in ONNX's TensorProto. Floats are
    truncated towards zero when converted to integers; non-zero becomes true;
    integers keep their low bits (ONNX Cast-25).

    Example:
    ```mlir
    %y = onnx.Cast %x {to = 1 : i64} : (tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input, ONNX_IntAttr:$to,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$saturate,
                       DefaultValuedAttr<StrAttr, "\"up\"">:$round_mode);
  let results = (outs ONNX_AnyTensor:$output);
  let hasFolder = 1;
}

def ONNX_CastLikeOp : ONNX_Op<"CastLike", "inferCastLike"> {
  let summary = "convert elements to the type of another tensor's";
  let description = [{
    As `onnx.Cast` to the element type of `target` (ONNX CastLike-25).

    Example:
    ```mlir
    %y = onnx.CastLike %x, %like : (tensor<2x3xi64>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input, ONNX_AnyTensor:$target,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$saturate,
                       DefaultValuedAttr<StrAttr, "\"up\"">:$round_mode);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_ReshapeOp : ONNX_Op<"Reshape", "inferReshape"> {
  let summary = "give a tensor another shape";
  let description = [{
    One size of `shape` may be -1: it is computed from the others. A 0 keeps the
    size of the operand's dimension, unless `allowzero` is set (ONNX
    Reshape-25).

    Example:
    ```mlir
    %y = onnx.Reshape %x, %shape {allowzero = 1 : i64}
        : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, ONNX_I64Vector:$shape,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$allowzero);
  let results = (outs ONNX_AnyTensor:$reshaped);
}

def ONNX_FlattenOp : ONNX_Op<"Flatten", "inferFlatten"> {
  let summary = "make a matrix of a tensor";
  let description = [{
    Dimensions before `axis` become the rows, the others the columns (ONNX
    Flatten-25).

    Example:
    ```mlir
    %y = onnx.Flatten %x {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$axis);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_SqueezeOp : ONNX_Op<"Squeeze", "inferSqueeze"> {
  let summary = "drop dimensions of size one";
  let description = [{
    Drops the dimensions `axes`, which must have size 1; without `axes`, all
    dimensions that have it (ONNX Squeeze-25).

    Example:
    ```mlir
    %y = onnx.Squeeze %x, %axes : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, Optional<ONNX_I64Vector>:$axes);
  let results = (outs ONNX_AnyTensor:$squeezed);
}

def ONNX_UnsqueezeOp : ONNX_Op<"Unsqueeze", "inferUnsqueeze"> {
  let summary = "insert dimensions of size one";
  let description = [{
    `axes` are positions in the result (ONNX Unsqueeze-25).

    Example:
    ```mlir
    %y = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, ONNX_I64Vector:$axes);
  let results = (outs ONNX_AnyTensor:$expanded);
}

def ONNX_ExpandOp : ONNX_Op<"Expand", "inferExpand"> {
  let summary = "broadcast a tensor to a shape";
  let description = [{
    The result's shape is the common shape of the operand's and `shape`: a size
    of 1 in `shape` keeps the operand's size (ONNX Expand-13).

    Example:
    ```mlir
    %y = onnx.Expand %x, %shape : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input, ONNX_I64Vector:$shape);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_TransposeOp : ONNX_Op<"Transpose", "inferTranspose"> {
  let summary = "permute dimensions";
  let description = [{
    Dimension i of the result is dimension `perm[i]` of the operand; without
    `perm` the order is reversed (ONNX Transpose-25).

    Example:
    ```mlir
    %y = onnx.Transpose %x {perm = array<i64: 0, 2, 1>}
        : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data,
                       OptionalAttr<DenseI64ArrayAttr>:$perm);
  let results = (outs ONNX_AnyTensor:$transposed);
}

//===----------------------------------------------------------------------===//
// Parts and wholes
//===----------------------------------------------------------------------===//

def ONNX_ConcatOp : ONNX_Op<"Concat", "inferConcat"> {
  let summary = "put tensors one after the other along an axis";
  let description = [{
    Operands agree in all dimensions but `axis` (ONNX Concat-13).

    Example:
    ```mlir
    %y = onnx.Concat %past, %new {axis = -2 : i64}
        : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
    ```
  }];
  let arguments = (ins Variadic<ONNX_AnyTensor>:$inputs, ONNX_IntAttr:$axis);
  let results = (outs ONNX_AnyTensor:$concat_result);
}

def ONNX_SplitOp : ONNX_Op<"Split", "inferSplit"> {
  let summary = "cut a tensor into parts along an axis";
  let description = [{
    `split` gives the sizes of the parts; without it they are equal, the last
    one perhaps smaller (ONNX Split-18).

    Example:
    ```mlir
    %a, %b = onnx.Split %x, %sizes {axis = -1 : i64}
        : (tensor<2x48xf32>, tensor<2xi64>) -> (tensor<2x32xf32>, tensor<2x16xf32>)
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input, Optional<ONNX_I64Vector>:$split,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$axis,
                       OptionalAttr<ONNX_IntAttr>:$num_outputs);
  let results = (outs Variadic<ONNX_AnyTensor>:$outputs);
}

def ONNX_TopKOp : ONNX_Op<"TopK", "inferTopK"> {
  let summary = "take the first elements along an axis, in order of size";
  let description = [{
    Gives the `k` largest elements along `axis` (the smallest ones if `largest`
    is 0), in descending (ascending) order, and where they were. Of equal
    elements the one of the lower index comes first. Ours are in order also
    where `sorted` is 0 (ONNX TopK-24).

    Example:
    ```mlir
    %values, %indices = onnx.TopK %x, %k {axis = -1 : i64, largest = 1 : i64}
        : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$x, ONNX_I64Vector:$k,
                       DefaultValuedAttr<ONNX_IntAttr, "-1">:$axis,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$largest,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$sorted);
  let results = (outs ONNX_NumberTensor:$values, RankedTensorOf<[I64]>:$indices);
}

def ONNX_SliceOp : ONNX_Op<"Slice", "inferSlice", [AttrSizedOperandSegments]> {
  let summary = "take a range of indices along some axes";
  let description = [{
    As `x[start:end:step]` in NumPy along each of `axes` (by default the first
    ones), negative numbers counting from the end and all clamped to the
    tensor; `steps` are 1 by default (ONNX Slice-13).

    Example:
    ```mlir
    %y = onnx.Slice %x, %starts, %ends, %axes
        {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
        : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>)
        -> tensor<1x?xi64>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, ONNX_IndexVector:$starts,
                       ONNX_IndexVector:$ends, Optional<ONNX_IndexVector>:$axes,
                       Optional<ONNX_IndexVector>:$steps);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_TileOp : ONNX_Op<"Tile", "inferTile"> {
  let summary = "repeat a tensor along its axes";
  let description = [{
    Dimension i of the result is `repeats[i]` copies of the operand's (ONNX
    Tile-13).

    Example:
    ```mlir
    %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input, ONNX_I64Vector:$repeats);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_TriluOp : ONNX_Op<"Trilu", "inferSameAsFirst"> {
  let summary = "keep a triangle of matrices";
  let description = [{
    Keeps elements on and above (`upper`) or below the diagonal `k` of the last
    two dimensions, the others become zero (ONNX Trilu-14).

    Example:
    ```mlir
    %y = onnx.Trilu %x {upper = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$input,
                       Optional<RankedTensorOf<[I64]>>:$k,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$upper);
  let results = (outs ONNX_AnyTensor:$output);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

def ONNX_GatherOp : ONNX_Op<"Gather", "inferGather"> {
  let summary = "take slices by index along an axis";
  let description = [{
    Replaces dimension `axis` of `data` by the dimensions of `indices`. Negative
    indices count from the end; others outside the tensor are an error of the
    program (ONNX Gather-13).

    Example:
    ```mlir
    %y = onnx.Gather %table, %ids
        : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, ONNX_IndexTensor:$indices,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$axis);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_GatherElementsOp : ONNX_Op<"GatherElements", "inferGatherElements"> {
  let summary = "take elements by index along an axis";
  let description = [{
    Each element of the result is that of `data` at the same position but for
    `axis`, where `indices` gives it (ONNX GatherElements-13).

    Example:
    ```mlir
    %y = onnx.GatherElements %x, %indices {axis = 1 : i64}
        : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, ONNX_IndexTensor:$indices,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$axis);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_GatherNDOp : ONNX_Op<"GatherND", "inferGatherND"> {
  let summary = "take slices by index tuples";
  let description = [{
    The last dimension of `indices` holds tuples: positions in the first
    dimensions of `data` after `batch_dims` common ones (ONNX GatherND-13).

    Example:
    ```mlir
    %y = onnx.GatherND %mask, %indices
        : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, RankedTensorOf<[I64]>:$indices,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$batch_dims);
  let results = (outs ONNX_AnyTensor:$output);
}

def ONNX_ScatterNDOp : ONNX_Op<"ScatterND", "inferSameAsFirst"> {
  let summary = "write slices by index tuples";
  let description = [{
    The result is `data` with the slices named by `indices` replaced by
    `updates`, or combined with them by `reduction` ("none", "add", "mul",
    "max", "min") (ONNX ScatterND-18).

    Example:
    ```mlir
    %y = onnx.ScatterND %x, %indices, %updates
        : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$data, RankedTensorOf<[I64]>:$indices,
                       ONNX_AnyTensor:$updates,
                       DefaultValuedAttr<StrAttr, "\"none\"">:$reduction);
  let results = (outs ONNX_AnyTensor:$output);
  let hasVerifier = 1;
}

def ONNX_TensorScatterOp : ONNX_Op<"TensorScatter", "inferSameAsFirst"> {
  let summary = "write new keys or values into a cache";
  let description = [{
    The result is `past_cache` with `update` written along `axis` from the
    position that `write_indices` gives for each batch entry (0 without it).
    `mode` "circular" wraps around at the end (ONNX TensorScatter-24).

    Example:
    ```mlir
    %y = onnx.TensorScatter %cache, %new, %at {axis = 2 : i64}
        : (tensor<1x2x64x32xf32>, tensor<1x2x3x32xf32>, tensor<1xi64>)
        -> tensor<1x2x64x32xf32>
    ```
  }];
  let arguments = (ins ONNX_AnyTensor:$past_cache, ONNX_AnyTensor:$update,
                       Optional<RankedTensorOf<[I64]>>:$write_indices,
                       DefaultValuedAttr<ONNX_IntAttr, "-2">:$axis,
                       DefaultValuedAttr<StrAttr, "\"linear\"">:$mode);
  let results = (outs ONNX_AnyTensor:$present_cache);
  let hasVerifier = 1;
}

#endif // ONNX_TENSOR_OPS_TD
