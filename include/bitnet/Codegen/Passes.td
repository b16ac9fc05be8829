// From bufferized loops to the LLVM dialect.
#ifndef BITNET_CODEGEN_PASSES_TD
#define BITNET_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"
include "bitnet/Codegen/TilePasses.td"
include "bitnet/Codegen/GPUPasses.td"
include "bitnet/Codegen/WeightPasses.td"

def OutlineParallel : Pass<"bitnet-outline-parallel", "mlir::ModuleOp"> {
  let summary = "move the bodies of parallel loops into functions of their own";
  let description = [{
    Each outermost `scf.forall` or `scf.parallel` on buffers becomes a call of a
    new function that runs the iterations [begin, end). Several loop dimensions
    become one count, the last dimension being the fastest, so that threads get
    neighbouring iterations. Constants are repeated in the body instead of
    handed over; weights are handed over, so that layers can share code. The call is marked `bitnet.parallel`; as it stands it runs all
    iterations, `bitnet-lower-parallel-calls` splits it over the threads. Its third
    operand is about the number of operations that all iterations take together
    (`LoopWork.h`), by which the thread pool sees what is too small to be split.

    Loops inside parallel loops, and loops of one iteration, become plain code.
    `scf.parallel` with a reduction is left alone: its order would depend on
    the number of threads.

    Before:
    ```mlir
    func.func @fills(%out: memref<?xf32>, %x: f32, %n: index) {
      scf.forall (%i) in (%n) {
        memref.store %x, %out[%i] : memref<?xf32>
      }
      return
    }
    ```
    After:
    ```mlir
    func.func @fills(%out: memref<?xf32>, %x: f32, %n: index) {
      %c0 = arith.constant 0 : index
      call @fills_parallel_0(%c0, %n, %n, %x, %out) {bitnet.parallel} : (index, index, index, f32, memref<?xf32>) -> ()
      return
    }
    func.func private @fills_parallel_0(%begin: index, %end: index, %work: index, %x: f32, %out: memref<?xf32>) {
      %c1 = arith.constant 1 : index
      scf.for %i = %begin to %end step %c1 {
        memref.store %x, %out[%i] : memref<?xf32>
      }
      return
    }
    ```
  }];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::func::FuncDialect", "mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numOutlined", "outlined", "parallel loops outlined">];
}

def MergeParallelBodies
    : Pass<"bitnet-merge-parallel-bodies", "mlir::ModuleOp"> {
  let summary = "give outlined loops with the same code one function";
  let description = [{
    The layers of a model have the same loops on other weights. Of functions that
    are called by `bitnet.parallel` calls and differ in nothing but their
    locations, the first remains: there is less to compile, and the code of a
    layer is still in the instruction cache when the next one needs it.

    A function with a `cf.assert` is left alone, as its message names the node
    that it belongs to.

    Before:
    ```mlir
    func.func @runs_two_layers(%x: memref<?xf32>, %a: memref<4xf32>, %b: memref<4xf32>, %n: index) {
      %c0 = arith.constant 0 : index
      call @first(%c0, %n, %n, %x, %a) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
      call @second(%c0, %n, %n, %x, %b) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
      return
    }
    ```
    After, if the code of `@second` is that of `@first`:
    ```mlir
    call @first(%c0, %n, %n, %x, %a) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
    call @first(%c0, %n, %n, %x, %b) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
    ```
  }];
  let statistics = [
    Statistic<"numMerged", "merged", "functions merged into an earlier one">];
}

def LowerParallelCalls : Pass<"bitnet-lower-parallel-calls", "mlir::ModuleOp"> {
  let summary = "hand the iterations of outlined loops to the thread pool";
  let description = [{
    A call marked `bitnet.parallel` becomes a call of the runtime's
    `bitnet_parallel_for`, which calls a small function for each share of the
    iterations, one for all calls of a loop body. What the loop body reads goes through a structure on the stack.

    Before:
    ```mlir
    llvm.func @runs(%n: i64, %work: i64, %x: !llvm.ptr) {
      %begin = llvm.mlir.constant(0 : i64) : i64
      llvm.call @body(%begin, %n, %work, %x) {bitnet.parallel} : (i64, i64, i64, !llvm.ptr) -> ()
      llvm.return
    }
    llvm.func @body(i64, i64, i64, !llvm.ptr)
    ```
    After:
    ```mlir
    %context = llvm.alloca %c1 x !llvm.struct<(ptr)> : (i64) -> !llvm.ptr
    llvm.store ...
    %thread = llvm.mlir.addressof @body_share : !llvm.ptr
    llvm.call @bitnet_parallel_for(%thread, %context, %n, %work) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def PlaceBuffers : Pass<"bitnet-place-buffers", "mlir::func::FuncOp"> {
  let summary = "move stack buffers out of loops and align heap buffers";
  let description = [{
    A `memref.alloca` of static size in a loop would take new stack in each
    iteration: it moves to the head of its function. Heap buffers are aligned
    to 64 bytes, a cache line and the longest vector.

    Before:
    ```mlir
    func.func @hoists(%n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.for %i = %c0 to %n step %c1 {
        %b = memref.alloca() : memref<16xf32>
        "test.use"(%b) : (memref<16xf32>) -> ()
      }
      return
    }
    ```
    After:
    ```mlir
    func.func @hoists(%n: index) {
      %b = memref.alloca() : memref<16xf32>
      ...
    }
    ```
  }];
}

def LowerCopies : Pass<"bitnet-lower-copies", "mlir::func::FuncOp"> {
  let summary = "turn copies of strided buffers into loops";
  let description = [{
    A `memref.copy` between contiguous buffers is a memcpy and is left for the
    conversion to LLVM. Any other would need MLIR's C runner library: it becomes
    a loop over the outer dimensions, around a copy of the longest contiguous
    part.

    Before:
    ```mlir
    func.func @copies(%from: memref<4x8xf32>, %to: memref<4x8xf32, strided<[16, 1]>>) {
      memref.copy %from, %to : memref<4x8xf32> to memref<4x8xf32, strided<[16, 1]>>
      return
    }
    ```
    After:
    ```mlir
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %j = %c0 to %c8 step %c1 {
        %x = memref.load %from[%i, %j] : memref<4x8xf32>
        memref.store %x, %to[%i, %j] : memref<4x8xf32, strided<[16, 1]>>
      }
    }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect"];
}

def LowerExpandShapes
    : Pass<"bitnet-lower-expand-shapes", "mlir::func::FuncOp"> {
  let summary = "turn expanded shapes into plain views of the same memory";
  let description = [{
    MLIR's own `expand-strided-metadata` computes the sizes of an expanded group
    of dimensions, and can do so if one of them is dynamic. Rows are
    [batch, sequence] in a Transformer: two. This pass takes the sizes that the
    op names.

    Before:
    ```mlir
    func.func @splits_rows(%x: memref<?x64xf32>, %b: index, %s: index) -> memref<?x?x64xf32> {
      %y = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %s, 64]
          : memref<?x64xf32> into memref<?x?x64xf32>
      return %y : memref<?x?x64xf32>
    }
    ```
    After:
    ```mlir
    %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %x : ...
    %stride = affine.apply affine_map<()[s0] -> (s0 * 64)>()[%s]
    %y = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %s, 64], strides: [%stride, 64, 1]
        : memref<f32> to memref<?x?x64xf32>
    ```
  }];
  let dependentDialects = ["mlir::affine::AffineDialect",
                           "mlir::memref::MemRefDialect"];
}

def LowerChecks : Pass<"bitnet-lower-checks", "mlir::ModuleOp"> {
  let summary = "turn assertions into calls of the runtime's error handler";
  let description = [{
    A failed `cf.assert` calls `bitnet_fail`, which ends the program, or the
    library call, with the message. The name of the ONNX node, where the
    assertion has one as its location, goes in front.

    Before:
    ```mlir
    func.func @checks(%ok: i1) {
      cf.assert %ok, "input sizes differ"
      return
    }
    ```
    After:
    ```mlir
    func.func @checks(%ok: i1) {
      cf.cond_br %ok weights([2000, 1]), ^bb1, ^bb2
    ^bb1:
      return
    ^bb2:
      %message = llvm.mlir.addressof @check_message_0 : !llvm.ptr
      llvm.call @bitnet_fail(%message) : (!llvm.ptr) -> ()
      llvm.unreachable
    }
    ```
  }];
  let dependentDialects = [
    "mlir::cf::ControlFlowDialect", "mlir::LLVM::LLVMDialect"];
}

def CheckAllocations : Pass<"bitnet-check-allocations", "mlir::ModuleOp"> {
  let summary = "end the run when memory runs out";
  let description = [{
    Calls of `aligned_alloc` go through a function that calls `bitnet_fail` when
    there is no memory, instead of writing to address zero.

    Before:
    ```mlir
    llvm.func @aligned_alloc(i64, i64) -> !llvm.ptr
    llvm.func @allocates(%size: i64) -> !llvm.ptr {
      %alignment = llvm.mlir.constant(64 : i64) : i64
      %memory = llvm.call @aligned_alloc(%alignment, %size) : (i64, i64) -> !llvm.ptr
      llvm.return %memory : !llvm.ptr
    }
    ```
    After:
    ```mlir
    %memory = llvm.call @checked_alloc(%alignment, %size) : (i64, i64) -> !llvm.ptr
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def ExpandMath : Pass<"bitnet-expand-math"> {
  let summary = "write elementary functions as polynomials";
  let description = [{
    Replaces functions of the C library, which are scalar and round differently
    on each system, by arithmetic that vectorizes and gives the same bits
    everywhere: every multiply-add is an explicit `math.fma`, and no operation
    may be reordered. f16 and bf16 are computed in f32 and rounded once.
    Results at infinities, NaN, zeros and denormals are those of C.

    Largest errors against f64 over every 17th float, in units in the last place
    (`test/Codegen/test_expand_math.py` checks them):

    | op             | domain       | error            |
    |----------------|--------------|------------------|
    | `exp`, `exp2`  | all          | 0.90 ulp         |
    | `expm1`        | all          | 1.50 ulp         |
    | `tanh`         | all          | 1.82 ulp         |
    | `erf`          | all          | 1.00 ulp         |
    | `log`          | all          | 0.86 ulp         |
    | `log1p`        | all          | 1.45 ulp         |
    | `rsqrt`        | all          | 1.50 ulp         |
    | `sin`, `cos`   | |x| <= 1e6   | 7.5e-8 absolute  |
    | `powf`         | all          | 0.51 ulp         |

    `sqrt`, `absf`, `floor`, `ceil`, `roundeven`, `fma` are instructions and
    stay. Without an fma instruction (x86-64 before Haswell) `fma` is a call
    of the C library: right, and slow.

    Before:
    ```mlir
    func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
      %y = math.rsqrt %x : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
    After:
    ```mlir
    func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
      %one = arith.constant dense<1.0> : vector<8xf32>
      %root = math.sqrt %x : vector<8xf32>
      %y = arith.divf %one, %root : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect",
    "mlir::vector::VectorDialect"];
}

def WidenHalves : Pass<"bitnet-widen-halves"> {
  let summary = "compute f16 and bf16 in f32 and round each result";
  let description = [{
    Few CPUs add or multiply halves. Each op on them becomes one in f32, whose
    result is rounded to the half at once: the bits of a CPU that can, since 24
    bits are more than twice those of a half. The rounding stays a pair of
    `truncf` and `extf` without fast-math flags, which nothing may fold away.
    f64 becomes a half by way of f32, as everywhere.

    Before:
    ```mlir
    func.func @adds(%x: vector<8xbf16>, %y: vector<8xbf16>) -> vector<8xbf16> {
      %z = arith.addf %x, %y : vector<8xbf16>
      return %z : vector<8xbf16>
    }
    ```
    After:
    ```mlir
    %a = arith.extf %x : vector<8xbf16> to vector<8xf32>
    %b = arith.extf %y : vector<8xbf16> to vector<8xf32>
    %c = arith.addf %a, %b : vector<8xf32>
    %z = arith.truncf %c : vector<8xf32> to vector<8xbf16>
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

def EmitEntryPoint : Pass<"bitnet-emit-entry-point", "mlir::ModuleOp"> {
  let summary = "describe the model and give it a C entry point";
  let description = [{
    Makes the two symbols that the runtime knows: `bitnet_signature`, the text
    that names inputs and outputs with their types, roles and dimensions, and
    `bitnet_main(results, arguments)`, which takes one pointer to a memref
    descriptor for each input and writes the descriptors of the outputs.
    Everything else becomes private, and `main` is renamed: to LLVM a function
    of that name runs once.

    A module without a `main` is left alone.

    Before:
    ```mlir
    func.func @main(%x: memref<?x4xf32> {onnx.name = "x", onnx.dims = ["batch", ""]})
        -> (memref<?xf32> {onnx.name = "y", onnx.dims = ["batch"]}) {
      ...
    }
    ```
    After:
    ```mlir
    llvm.mlir.global external constant @bitnet_signature(
        "bitnet 1\0Amodel\09model\0Ainput\09x\09f32\09-\09batch\094\0A...")
    llvm.func @bitnet_main(%results: !llvm.ptr, %arguments: !llvm.ptr) {
      ...
    }
    func.func private @bitnet_model(%x: memref<?x4xf32>) -> memref<?xf32> {
      ...
    }
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def VectorizeMatmul : Pass<"bitnet-vectorize-matmul", "mlir::func::FuncOp"> {
  let summary = "compute float matmuls in parallel panels of vectors";
  let description = [{
    A contraction of f32 tensors whose columns n and terms k are static becomes
    an `scf.forall` over panels of columns and blocks of rows, with a register
    block of accumulators inside. Any named or generic linalg op with one n and
    one k will do, batches and transposed operands included, if k is the last
    dimension of the left operand and n that of the result. The right operand
    may be f16 or bf16; it is widened where it is read.

    Each element has its own order of terms, whatever the block, the number of
    rows or threads, so that a row's bits depend on the row alone:
    - right operand [n, k]: fma in lane order (16 lanes along k, then a tree);
    - right operand [k, n]: one fma after the other, k ascending.

    A panel's weights stay in the first-level cache while all rows pass: weights
    are read from memory once.

    Before:
    ```mlir
    func.func @multiplies(%x: tensor<1x32xf32>, %w: tensor<4x32xf32>) -> tensor<1x4xf32> {
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<1x4xf32>
      %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4xf32>) -> tensor<1x4xf32>
      %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %w : tensor<1x32xf32>, tensor<4x32xf32>) outs(%zeros : tensor<1x4xf32>) -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%panel, %block) in (1, 1) shared_outs(%out = %empty) -> (tensor<1x4xf32>) {
      ...
      %s0 = math.fma %x0, %w0, %zeros : vector<16xf32>
      ...
      %v = arith.addf %low, %high : vector<4xf32>
      %part = vector.transfer_write %v, %slice[%c0, %c0] {in_bounds = [true]} : vector<4xf32>, tensor<1x4xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %part into %out[%row, %column] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<1x4xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"rows", "rows", "int64_t", "4",
           "rows of a register block; results don't depend on it">];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect",
    "mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"numVectorized", "vectorized", "matmuls vectorized">];
}

#endif // BITNET_CODEGEN_PASSES_TD
