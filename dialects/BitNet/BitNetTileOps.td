// Register tiles of a matmul on packed weights: what codegen works on.
#ifndef BITNET_TILE_OPS_TD
#define BITNET_TILE_OPS_TD

include "dialects/BitNet/BitNetOps.td"

/// A tile of a matmul, on tensors before bufferization and on memrefs after.
class BitNet_TileOp<string mnemonic> : BitNet_Op<mnemonic, [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  dag commonArguments = (ins
    AnyTypeOf<[3DTensorOf<[I8]>, MemRefRankOf<[I8], [3]>]>:$weights,
    Index:$panel,
    AnyTypeOf<[2DTensorOf<[I8]>, MemRefRankOf<[I8], [2]>]>:$activations,
    Index:$row,
    AnyTypeOf<[1DTensorOf<[I32]>, MemRefRankOf<[I32], [1]>]>:$sums);
  let hasVerifier = 1;
}

def BitNet_TileDotOp : BitNet_TileOp<"tile_dot"> {
  let summary = "multiply some rows of activations by one panel of weights";
  let description = [{
    Computes one tile of a `bitnet.matmul` into a vector:

        v[i, j] = sum_k x[row + i, k] * w[panel * rows + j, k]

    The tile is a vector, not a tensor, so that its accumulators live in
    registers only and what consumes them is vector code. `sums[m]` is the sum
    of row m of x: kernels multiply by codes w + 1 and take it off again.
    `tile` names the row of the tile table whose emitter writes the loop;
    `prefetch` is how many bytes ahead of a load weights are asked for.

    Example:
    ```mlir
    %v = bitnet.tile_dot %w[%panel], %x[%row], %sums tile "6x64x4-avx512vnni"
        : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32>
        -> vector<6x64xi32>
    ```
  }];
  let arguments = !con(commonArguments, (ins
    StrAttr:$tile, DefaultValuedAttr<I64Attr, "0">:$prefetch));
  let results = (outs VectorOfRankAndType<[2], [I32]>:$result);
  let assemblyFormat = [{
    $weights `[` $panel `]` `,` $activations `[` $row `]` `,` $sums
    `tile` $tile attr-dict
    `:` type($weights) `,` type($activations) `,` type($sums)
    `->` type($result)
  }];
}

def BitNet_TileBlockOp : BitNet_TileOp<"tile_block"> {
  let summary = "multiply many rows of activations by one panel of weights";
  let description = [{
    Computes what `bitnet.tile_dot` does for more rows than registers hold, into
    memory. It pays where unpacked weights are stored before they are read, as
    for instructions on whole matrices: once for all rows of the block. `block`
    is a buffer from the start, so that no tensor of sums exists.

    Example:
    ```mlir
    bitnet.tile_block %w[%panel], %x[%row], %sums into %block tile "128x64x64-amx"
        : tensor<40x640x64xi8>, tensor<?x2560xi8>, tensor<?xi32>, memref<128x64xi32>
    ```
  }];
  let arguments = !con(commonArguments, (ins
    MemRefRankOf<[I32], [2]>:$block,
    StrAttr:$tile));
  let assemblyFormat = [{
    $weights `[` $panel `]` `,` $activations `[` $row `]` `,` $sums
    `into` $block `tile` $tile attr-dict
    `:` type($weights) `,` type($activations) `,` type($sums) `,` type($block)
  }];
}

#endif // BITNET_TILE_OPS_TD
