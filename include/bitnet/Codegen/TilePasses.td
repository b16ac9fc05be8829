// Passes that choose, cut and write register tiles.
#ifndef BITNET_CODEGEN_TILEPASSES_TD
#define BITNET_CODEGEN_TILEPASSES_TD

include "mlir/Pass/PassBase.td"

def SelectEncoding : Pass<"bitnet-select-encoding", "mlir::func::FuncOp"> {
  let summary = "choose how the weights of each matmul are packed";
  let description = [{
    Decides, and writes `bitnet.encoding` on each matmul whose weights are
    constant; `bitnet-pack-weights` does it. The encoding is that of the best
    row of the tile table (`Tiles.def`) that the target's features allow. Where
    the function's weights don't fit into the caches of the target's CPU
    (`CpuFamilies.def`), trits take 1.6 instead of 2 bits if reading fewer bytes
    saves more time than decoding takes. Weights that are all -1 or +1 take one
    bit. `tile` names a row instead; `tile=naive` leaves weights as they are.
    What `tuning` says of weights of a size, measured on this very `cpu`, goes
    before all costs (`Tuning.h`).

    Before:
    ```mlir
    func.func @selects(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
      %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.trit>
      %y = bitnet.matmul %x, %w
          : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
      return %y : tensor<?x2xi32>
    }
    ```
    After:
    ```mlir
    %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 16, bits = 2>}
        : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect"];
  let options = [
    Option<"features", "features", "std::string", "",
           "features of the target's CPU, as LLVM names them: +avx2,+avx512vnni">,
    Option<"cpu", "cpu", "std::string", "",
           "the target's CPU, as LLVM names it: its costs">,
    Option<"tile", "tile", "std::string", "",
           "row of the tile table to use for every matmul">,
    Option<"tuning", "tuning", "std::string", "",
           "file of measured choices, which go before those by cost">];
}

def SelectTile : Pass<"bitnet-select-tile", "mlir::func::FuncOp"> {
  let summary = "choose the rows of the tile table that compute each matmul";
  let description = [{
    Writes `tiles` on each matmul with packed weights: the last rows of
    `Tiles.def` that fit the weights' encoding and the target's features, the
    largest first. Also how many rows of activations stay in the cache of the
    target's CPU while all weights pass, and how far ahead weights are
    prefetched (`CpuFamilies.def`); how many rows of activations meet a panel of
    a rounded head at once, how many columns of f32 weights a row does, how
    attention is cut into tasks, and how many lanes of its sums registers hold.
    `tuning` goes before that, as in `bitnet-select-encoding`.

    Before:
    ```mlir
    func.func @selects(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
      %w = bitnet.constant dense_resource<w>
          : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      %y = bitnet.matmul %x, %w
          : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
          -> tensor<?x2xi32>
      return %y : tensor<?x2xi32>
    }
    ```
    After:
    ```mlir
    %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"] {bitnet.rows_in_cache = 52428 : i64}
        : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
        -> tensor<?x2xi32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect"];
  let options = [
    Option<"features", "features", "std::string", "",
           "features of the target's CPU, as LLVM names them: +avx2,+avx512vnni">,
    Option<"cpu", "cpu", "std::string", "",
           "the target's CPU, as LLVM names it: its costs">,
    Option<"tile", "tile", "std::string", "",
           "row of the tile table to use for every matmul">,
    Option<"tuning", "tuning", "std::string", "",
           "file of measured choices, which go before those by cost">];
}

def TileContraction : Pass<"bitnet-tile-contraction", "mlir::func::FuncOp"> {
  let summary = "cut matmuls and their consumers into register tiles";
  let description = [{
    A matmul on packed weights becomes a parallel loop over panels of columns.
    In it, each of the matmul's tiles has a loop over blocks of rows, for those
    that the ones before it have left over: a panel is read from memory once.
    There stands one `bitnet.tile_dot`, whose vector feeds the elementwise
    consumer directly: sums in int32 never see memory. (A tile that registers do
    not hold is a `bitnet.tile_block`, of which the consumer reads a row at a
    time.) Columns that do not fill a panel are a loop of their own, so that
    every tile has a static shape. Where activations don't fit into a core's
    cache, rows are cut into chunks, as equal as can be, that meet all panels one
    after the other.

    Before:
    ```mlir
    func.func @tiles(%x: tensor<?x4xi8>) -> tensor<?x64xi32> {
      %w = bitnet.constant dense_resource<w>
          : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      %y = bitnet.matmul %x, %w tiles ["4x64x4-generic", "1x64x4-generic"]
          : tensor<?x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
          -> tensor<?x64xi32>
      return %y : tensor<?x64xi32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%chunk, %panel) = (0, 0) to (%rows, 1) step (%rows, 1) shared_outs(%o = %e) ... {
      %p = scf.for %row = %c0 to %blocks step %c4 ... {
        %v = bitnet.tile_dot %bytes[%panel], %x[%row], %sums tile "4x64x4-generic"
            : tensor<1x1x64xi8>, tensor<?x4xi8>, tensor<?xi32> -> vector<4x64xi32>
        ...
      }
      %q = scf.for %row = %blocks to %rows step %c1 iter_args(%r = %p) ... {
        %v = bitnet.tile_dot %bytes[%panel], %x[%row], %sums tile "1x64x4-generic"
            : tensor<1x1x64xi8>, tensor<?x4xi8>, tensor<?xi32> -> vector<1x64xi32>
        ...
      }
    }
    ```
  }];
  let dependentDialects = [
    "::bitnet::BitNetDialect", "mlir::affine::AffineDialect",
    "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
    "mlir::gpu::GPUDialect", "mlir::linalg::LinalgDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect",
    "mlir::vector::VectorDialect"];
}

def EmitTiles : Pass<"bitnet-emit-tiles", "mlir::func::FuncOp"> {
  let summary = "write the k loop of each tile in its instruction set";
  let description = [{
    Each `bitnet.tile_dot` on memrefs becomes a loop over the vectors of its
    panel, with the accumulators in registers; a `bitnet.tile_block` is written
    as its emitter likes. The loop is shared code; what an
    instruction set adds is a `TileEmitter` (`TileEmitter.h`): how one vector of
    weights meets the activations, and how accumulators become sums. Sums that
    are kept narrow for many steps have an inner loop; where vectors have no
    fixed length (SVE) the emitter writes the whole loop.

    Before:
    ```mlir
    func.func @emits(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<1x64xi32> {
      %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-avx512vnni"
          : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<1x64xi32>
      return %v : vector<1x64xi32>
    }
    ```
    After:
    ```mlir
    %r:16 = scf.for %k = %c0 to %c64 step %c4 iter_args(...) {
      %v = vector.load %w[%i, %k, %c0] : memref<4x64x64xi8>, vector<64xi8>
      llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(...)
      ...
    }
    ```
  }];
  let dependentDialects = [
    "::bitnet::BitNetDialect", "mlir::arith::ArithDialect",
    "mlir::gpu::GPUDialect", "mlir::LLVM::LLVMDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::vector::VectorDialect"];
}

#endif // BITNET_CODEGEN_TILEPASSES_TD
