// Register tiles of a matmul on packed weights: what codegen works on.
#ifndef BITNET_TILE_OPS_TD
#define BITNET_TILE_OPS_TD

include "dialects/BitNet/BitNetOps.td"

def BitNet_TileDotOp : BitNet_Op<"tile_dot", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "multiply some rows of activations by one panel of weights";
  let description = [{
    Computes one tile of a `bitnet.matmul` into a vector:

        v[i, j] = sum_k x[row + i, k] * w[panel * rows + j, k]

    The tile is a vector, not a tensor, so that its accumulators live in
    registers only and what consumes them is vector code. `sums[m]` is the sum
    of row m of x: kernels multiply by codes w + 1 and take it off again.
    `tile` names the row of the tile table whose emitter writes the loop.

    Example:
    ```mlir
    %v = bitnet.tile_dot %w[%panel], %x[%row], %sums tile "6x64x4-avx512vnni"
        : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32>
        -> vector<6x64xi32>
    ```
  }];
  let arguments = (ins
    AnyTypeOf<[3DTensorOf<[I8]>, MemRefRankOf<[I8], [3]>]>:$weights,
    Index:$panel,
    AnyTypeOf<[2DTensorOf<[I8]>, MemRefRankOf<[I8], [2]>]>:$activations,
    Index:$row,
    AnyTypeOf<[1DTensorOf<[I32]>, MemRefRankOf<[I32], [1]>]>:$sums,
    StrAttr:$tile);
  let results = (outs VectorOfRankAndType<[2], [I32]>:$result);
  let assemblyFormat = [{
    $weights `[` $panel `]` `,` $activations `[` $row `]` `,` $sums
    `tile` $tile attr-dict
    `:` type($weights) `,` type($activations) `,` type($sums)
    `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // BITNET_TILE_OPS_TD
