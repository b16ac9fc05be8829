// Passes of the optimize stage: tensors in, tensors out.
#ifndef BITNET_TRANSFORMS_PASSES_TD
#define BITNET_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"
include "bitnet/Transforms/HeadPasses.td"

def DecomposeLinear : Pass<"bitnet-decompose-linear", "mlir::func::FuncOp"> {
  let summary = "split each BitLinear layer into quantize, matmul and dequantize";
  let description = [{
    The heart of the project: a layer that was trained with rounded weights and
    activations becomes the integer arithmetic that the training simulated.

        y = dequantize(matmul(quantize(x), w))

    What lies between the two rescales is exact, so every later pass may tile,
    reorder and parallelize it, and a test compares it with `==`. Layers that
    read the same input with the same quantizer share it after CSE. Where groups
    of inputs have scales of their own, each group is a product of its own, and
    what they give is added.

    Before:
    ```mlir
    func.func @linear(%x: tensor<?x256xf32>, %scale: tensor<1xf32>) -> tensor<?x704xf32> {
      %w = bitnet.constant dense_resource<w> : tensor<704x256x!bitnet.trit>
      %y = bitnet.linear %x, %w, %scale
          {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
          : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32> -> tensor<?x704xf32>
      return %y : tensor<?x704xf32>
    }
    ```
    After:
    ```mlir
    %q, %s = bitnet.quantize %x {quantizer = #bitnet.quantizer<...>}
        : tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
    %sums = bitnet.matmul %q, %w
        : tensor<?x256xi8>, tensor<704x256x!bitnet.trit> -> tensor<?x704xi32>
    %y = bitnet.dequantize %sums, %s, %scale
        : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def FuseNormQuantize : Pass<"bitnet-fuse-norm-quantize", "mlir::func::FuncOp"> {
  let summary = "compute an RMSNorm and the quantization after it in one sweep";
  let description = [{
    A quantization needs the largest magnitude of a row, and a normalization
    scales a row by one number, so both can come from a single pass over the
    row instead of two round trips through memory. A norm with another user is
    left alone: it would be computed twice.

    Before:
    ```mlir
    func.func @fuses(%x: tensor<8x2560xf32>, %gain: tensor<2560xf32>) -> (tensor<8x2560xi8>, tensor<8xf32>) {
      %n = bitnet.rms_norm %x, %gain epsilon 1.000000e-05
          : tensor<8x2560xf32>, tensor<2560xf32> -> tensor<8x2560xf32>
      %q, %s = bitnet.quantize %n
          {quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
          : tensor<8x2560xf32> -> tensor<8x2560xi8>, tensor<8xf32>
      return %q, %s : tensor<8x2560xi8>, tensor<8xf32>
    }
    ```
    After:
    ```mlir
    %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.000000e-05 {quantizer = #bitnet.quantizer<...>}
        : tensor<8x2560xf32>, tensor<2560xf32> -> tensor<8x2560xi8>, tensor<8xf32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect"];
  let statistics = [Statistic<"numFused", "fused", "norm/quantize pairs fused">];
}

def PackWeights : Pass<"bitnet-pack-weights", "mlir::func::FuncOp"> {
  let summary = "lay constant weights out in the order their tiles read them";
  let description = [{
    Applies the attribute `bitnet.encoding` that `bitnet-select-encoding` wrote
    on a matmul: the constant's bytes are packed as `PackedLayout.h` says, and
    its type says so. One constant with two encodings becomes two constants.
    Trits that get one bit each, for none of them is 0, become bits.

    Before:
    ```mlir
    func.func @packs(%x: tensor<?x4xi8>) -> tensor<?x2xi32> {
      %w = bitnet.constant dense_resource<w> : tensor<2x4x!bitnet.trit>
      %y = bitnet.matmul %x, %w {bitnet.encoding = #bitnet.packed<lanes = 8, bits = 2>}
          : tensor<?x4xi8>, tensor<2x4x!bitnet.trit> -> tensor<?x2xi32>
      return %y : tensor<?x2xi32>
    }
    ```
    After:
    ```mlir
    %w = bitnet.constant dense_resource<w_packed>
        : tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 8, bits = 2>>
    %y = bitnet.matmul %x, %w
        : tensor<?x4xi8>, tensor<2x4x!bitnet.trit, #bitnet.packed<lanes = 8, bits = 2>>
        -> tensor<?x2xi32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect"];
}

def FuseElementwise : Pass<"bitnet-fuse-elementwise", "mlir::func::FuncOp"> {
  let summary = "merge chains of elementwise ops, on rows rather than batches";
  let description = [{
    Elementwise ops join the one that reads them, if nothing else does, so that
    a matmul's rescale, activation and residual become one consumer that codegen
    fuses into its tile. A reshape between a row op and an elementwise op on
    [batch, sequence, channels] would keep them apart: the elementwise op is
    collapsed to [rows, channels] instead.

    Before:
    ```mlir
    #id = affine_map<(i, j) -> (i, j)>
    func.func @merges(%x: tensor<?x64xf32>, %e: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
      ^bb0(%v: f32, %o: f32):
        %m = arith.mulf %v, %v : f32
        linalg.yield %m : f32
      } -> tensor<?x64xf32>
      %b = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%a, %x : tensor<?x64xf32>, tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
      ^bb0(%u: f32, %v: f32, %o: f32):
        %s = arith.addf %u, %v : f32
        linalg.yield %s : f32
      } -> tensor<?x64xf32>
      return %b : tensor<?x64xf32>
    }
    ```
    After:
    ```mlir
    %b = linalg.generic ... {
      %m = arith.mulf %v, %v : f32
      %s = arith.addf %m, %v : f32
      linalg.yield %s : f32
    }
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect",
                           "mlir::affine::AffineDialect"];
}

def EvaluateConstants : Pass<"bitnet-evaluate-constants", "mlir::ModuleOp"> {
  let summary = "compute the matrices that depend on constants alone";
  let description = [{
    An exported model holds float weights and, beside them, the arithmetic that
    rounds them. Such a subgraph becomes a function of its large constants,
    goes through our own stages, runs, and leaves a constant behind. Subgraphs
    that differ in their weights only are compiled once. What merely moves or
    unpacks elements stays: matchers read through it, and weights would be there
    twice. A subgraph with a check that fails stays too, and fails at run time.
    The constant's `bitnet.form` names the quantizer, if it is a known one.

    Before:
    ```mlir
    func.func @evaluates(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
      %w = onnx.Constant {value = dense<[[0.4, -0.6], [2.0, 0.1]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
      %q = onnx.Round %w : (tensor<2x2xf32>) -> tensor<2x2xf32>
      %y = onnx.MatMul %x, %q : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      return %y : tensor<2x2xf32>
    }
    ```
    After:
    ```mlir
    %q = onnx.Constant {bitnet.source_bytes = 16 : i64, value = dense<[[0.0, -1.0], [2.0, 0.0]]>}
    %y = onnx.MatMul %x, %q
    ```
  }];
  let options = [
    Option<"releaseConstants", "release", "bool", "false",
           "free constants that are read no more, as bitnet-release-constants">];
  let statistics = [Statistic<"numEvaluated", "evaluated",
                              "subgraphs replaced by a constant">];
}

def ReleaseConstants : Pass<"bitnet-release-constants", "mlir::ModuleOp"> {
  let summary = "free the bytes of constants that no op holds any more";
  let description = [{
    A context keeps every resource for as long as it lives: the float weights of
    a model beside the codes that were made of them. This frees the bytes of all
    resources that nothing in the module refers to. Nothing else may refer to
    them, so the context must have no other module whose weights are wanted.

    Before:
    ```mlir
    func.func @releases() -> tensor<4xi8> {
      %held = arith.constant dense_resource<held> : tensor<4xi8>
      return %held : tensor<4xi8>
    }
    ```
    After:
    ```mlir
    // The same; a resource that is not `held` has no bytes.
    ```
  }];
  let statistics = [Statistic<"numReleased", "released", "resources freed">];
}

def Ternarize : Pass<"bitnet-ternarize", "mlir::func::FuncOp"> {
  let summary = "round the weights of float layers after training";
  let description = [{
    On request only: a MatMul or Gemm of f32 rows by a constant matrix becomes a
    BitLinear layer. `form=b1.58` divides weights by their mean magnitude, rounds
    and clips them to -1, 0 and +1 (arXiv 2402.17764, equations 1-3); `form=b1`
    takes the signs of weights around their mean (arXiv 2310.11453, equations
    1-3). Activations become int8, by the largest magnitude of each token.

    BitNet models are not made so, they are trained with rounded weights: a
    warning says that, and `bitnet.error` is the share of a layer's weights that
    was lost, in the Frobenius norm. Layers that BitNet keeps as floats stay: an
    embedding, which is a Gather, and the head, which is the layer (or are the
    layers) that no other layer follows, unless `head=true`.

    Before:
    ```mlir
    func.func @rounds(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = onnx.Constant {value = dense<[[0.5, -1.0], [0.2, 0.7]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
      %head = onnx.Constant {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
      %h = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
      %y = onnx.MatMul %h, %head : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    }
    ```
    After, with `form=b1.58`:
    ```mlir
    %scale = arith.constant dense<6.000000e-01> : tensor<1xf32>
    %w = bitnet.constant dense_resource<weights> : tensor<2x2x!bitnet.trit>
    %h = bitnet.linear %x, %w, %scale
        {bitnet.error = 0.351561517 : f32, bitnet.form = "A1/W1", bitnet.source_bytes = 16 : i64,
         quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
        : tensor<?x2xf32>, tensor<2x2x!bitnet.trit>, tensor<1xf32> -> tensor<?x2xf32>
    %y = onnx.MatMul %h, %head
    ```
  }];
  let options = [
    Option<"form", "form", "std::string", "\"b1.58\"", "b1.58 or b1">,
    Option<"head", "head", "bool", "false",
           "round the layers that no other layer follows, too">];
  let dependentDialects = ["::bitnet::BitNetDialect",
                           "mlir::arith::ArithDialect"];
}

def VerifyStage : Pass<"bitnet-verify-stage", "mlir::ModuleOp"> {
  let summary = "check what may remain after a stage of the compiler";
  let description = [{
    Each stage ends with this check of its contract (`lib/README.md`): an op of a
    dialect that the stage should have removed is an error at that op, which
    carries the location of the ONNX node it came from. Nothing is changed. Below
    with `stage=raise`.

    Before:
    ```mlir
    func.func @remains(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = onnx.Relu %x : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```
    After:
    ```mlir
    // error: 'onnx.Relu' op remains after raise
    ```
  }];
  let options = [
    Option<"stage", "stage", "std::string", "",
           "import, raise, optimize, lower or codegen">];
}

def RecognizeModel : Pass<"bitnet-recognize-model", "mlir::ModuleOp"> {
  let summary = "write down what the inputs and outputs of a model are for";
  let description = [{
    The runtime has to know which inputs of `@main` are token ids, a mask,
    positions, or caches, and which output is the next value of a cache. Where
    the computation says so (a cache is appended to and returned, ids look up
    the largest table, positions become angles, a mask decides what is attended
    to) it is taken from there; the names that Transformers models have by
    convention are the fallback. The answer is the attribute `bitnet.role`:
    `ids`, `mask`, `positions`, `types`, `past`; `logits`, and `present:K` for
    the next value of input K. Looks at `onnx` ops, so it runs before the rest
    of the model is lowered.

    If positions look up a table, its rows are the most that the model can read,
    and the module says so: `bitnet.model.context`. The importer sets it where the
    file knows; the smaller number counts.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x2x3x64xf32>, %past: tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32> {
      %next = bitnet.kv_append %past, %x
          : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
      return %next : tensor<1x2x?x64xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x2x3x64xf32>,
                    %past: tensor<1x2x?x64xf32> {bitnet.role = "past"})
        -> (tensor<1x2x?x64xf32> {bitnet.role = "present:1"}) {
    ```
  }];
}

def MarkKinds : Pass<"bitnet-mark-kinds", "mlir::func::FuncOp"> {
  let summary = "let locations say what kind of work ops are";
  let description = [{
    Once a model is loops, nobody sees any more what a loop was made of, and
    `bench --breakdown` has to. So before they are lowered, ops that take time
    get a location that also says what they are; what is made of them inherits
    it, and `bitnet-outline-parallel` writes it down at the function of each
    parallel region. Of a product with `bitnet.last_positions` it also says that
    its rows are no prompt's.

    Before:
    ```mlir
    func.func @marks(%x: tensor<2x4xf32>, %gain: tensor<4xf32>) -> tensor<2x4xf32> {
      %y = bitnet.rms_norm %x, %gain epsilon 1.000000e-05
          : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32> loc("norm")
      return %y : tensor<2x4xf32>
    }
    ```
    After:
    ```mlir
    %y = bitnet.rms_norm ... loc(fused<{bytes = 0 : i64, kind = "norm", operations = 0 : i64}>["norm"])
    ```
  }];
}

def AddCaches : Pass<"bitnet-add-caches", "mlir::ModuleOp"> {
  let summary = "give a causal model without caches some to begin behind";
  let description = [{
    A model of ids alone computes everything again for each new token. Where
    `@main` computes each position by itself but for attention, and attention
    sees what is before it alone, keys and values of the past can be kept: each
    becomes an input that the new ones are appended to. Positions count on from
    the past, and a key is seen from its own position on. The logits of the new
    ids have the bits that they would have in a model of all ids.

    The proof is a walk from the ids to the logits. Dimensions that depend on
    the caller are never mixed, reduced or multiplied by another; masks and
    positions are made of sizes, however indirectly, and are known as functions
    of their indices. Where a step is not understood, a remark says so, and the
    model stays what it is: `generate` then says that it is slow.

    Before:
    ```mlir
    func.func @main(%ids: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "ids"})
        -> (tensor<1x2x?x16xf32> {onnx.dims = ["", "", "seq", ""]}) {
      %table = onnx.Constant {value = dense<0.5> : tensor<8x32xf32>} : () -> tensor<8x32xf32>
      %c0 = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
      %c1 = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
      %queries = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
      %heads = onnx.Constant {value = dense<[0, 0, 2, 16]> : tensor<4xi64>} : () -> tensor<4xi64>
      %shape = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<1x?xi64>) -> tensor<1xi64>
      %n = onnx.Squeeze %shape : (tensor<1xi64>) -> tensor<i64>
      %i = onnx.Range %c0, %n, %c1 {onnx.dims = [["seq"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
      %j = onnx.Unsqueeze %i, %queries {onnx.dims = [["seq", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
      %seen = onnx.LessOrEqual %i, %j {onnx.dims = [["seq", "seq"]]} : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
      %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
      %mask = onnx.Unsqueeze %seen, %axes {onnx.dims = [["", "", "seq", "seq"]]} : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<1x1x?x?xi1>
      %x = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
      %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
      %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
      %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
          : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
      return %y : tensor<1x2x?x16xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%ids: tensor<1x?xi64> {...},
        %key: tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past", ""], onnx.name = "past_key_values.0.key"},
        %value: tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past", ""], onnx.name = "past_key_values.0.value"})
        -> (tensor<1x2x?x16xf32> {...},
            tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past + seq", ""], onnx.name = "present.0.key"},
            tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past + seq", ""], onnx.name = "present.0.value"}) {
      ...
      %k = bitnet.kv_append %key, %h
      %v = bitnet.kv_append %value, %h
      %y = bitnet.attention %h, %k, %v mask %causal : tensor<1x1x?x?xi1> scale 2.500000e-01
      return %y, %k, %v
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect",
                           "::bitnet::onnx::ONNXDialect"];
  let statistics = [Statistic<"numAdded", "num-added",
                              "Number of caches added">];
}

def NarrowCaches : Pass<"bitnet-narrow-caches", "mlir::ModuleOp"> {
  let summary = "keep caches of keys and values in 16 bits";
  let description = [{
    What a token of a long context costs is mostly reading its cache. With
    `type=f16` or `bf16` a cache of `@main` takes half the memory: what is
    appended is rounded once, halves to even, and attention widens what it reads
    and computes in f32, as before. Also what a prefill has just computed is
    read rounded, so that results don't depend on how a prompt is cut.

    A cache stays f32 where anything but the append reads it, or where anything
    but attention reads what the append gives. It is an error if all do: the
    user has asked for something that is not there. Below with `type=f16`.

    Before:
    ```mlir
    func.func @main(%q: tensor<1x2x3x64xf32>, %x: tensor<1x2x3x64xf32>,
        %past: tensor<1x2x?x64xf32> {bitnet.role = "past"})
        -> (tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32> {bitnet.role = "present:2"}) {
      %next = bitnet.kv_append %past, %x
          : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
      %y = bitnet.attention %q, %next, %next scale 1.250000e-01
          : tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32> -> tensor<1x2x3x64xf32>
      return %y, %next : tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%q: tensor<1x2x3x64xf32>, %x: tensor<1x2x3x64xf32>,
        %past: tensor<1x2x?x64xf16> {bitnet.role = "past"})
        -> (tensor<1x2x3x64xf32>, tensor<1x2x?x64xf16> {bitnet.role = "present:2"}) {
      %rounded = linalg.generic ... ins(%x : tensor<1x2x3x64xf32>) outs(%empty : tensor<1x2x3x64xf16>) {
      ^bb0(%in: f32, %out: f16):
        %half = arith.truncf %in : f32 to f16
        linalg.yield %half : f16
      } -> tensor<1x2x3x64xf16>
      %next = bitnet.kv_append %past, %rounded
          : tensor<1x2x?x64xf16>, tensor<1x2x3x64xf16> -> tensor<1x2x?x64xf16>
      %y = bitnet.attention %q, %next, %next scale 1.250000e-01
          : tensor<1x2x3x64xf32>, tensor<1x2x?x64xf16>, tensor<1x2x?x64xf16> -> tensor<1x2x3x64xf32>
    ```
  }];
  let options = [Option<"type", "type", "std::string", "\"f32\"",
                        "of an element: f32, f16 or bf16">];
  let dependentDialects = ["mlir::arith::ArithDialect",
                           "mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numNarrowed", "num-narrowed",
                              "Number of caches kept in 16 bits">];
}

def UpdateCachesInPlace : Pass<"bitnet-update-caches-in-place", "mlir::ModuleOp"> {
  let summary = "let the caller own the caches, and append to them in place";
  let description = [{
    As exporters write it, a step of a language model copies everything it knows
    of the past: the caches go in, and longer ones come out. Here each cache of
    `@main` becomes a buffer with room for more positions than are valid, which
    the caller keeps from step to step; how many are valid is one more argument.
    The step writes the new keys and values behind them. The result that was the
    next value of the cache is no longer returned; its name and dimensions stay
    in the attribute `bitnet.present`, so that a caller who wants it finds it in
    the buffer.

    A cache is left as it is where anything but the append reads it, or where
    its length after the step is not named as the sum of that before it and of
    another size that the caller knows. It is an error of the run if the
    positions don't fit.

    Before:
    ```mlir
    func.func @main(%x: tensor<1x2x3x64xf32>,
        %past: tensor<1x2x?x64xf32> {bitnet.role = "past", onnx.dims = ["", "", "past", ""]})
        -> (tensor<1x2x?x64xf32> {bitnet.role = "present:1", onnx.dims = ["", "", "past + 3", ""]}) {
      %next = bitnet.kv_append %past, %x
          : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
      return %next : tensor<1x2x?x64xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<1x2x3x64xf32>,
        %past: memref<1x2x?x64xf32> {bitnet.role = "cache", bitnet.present = {output = 0 : i64, ...}, ...},
        %length: index {bitnet.role = "length"}) {
      %cache = bufferization.to_tensor %past restrict writable
      %filled = tensor.insert_slice %x into %cache[0, 0, %length, 0] [1, 2, 3, 64] [1, 1, 1, 1]
      bufferization.materialize_in_destination %filled in restrict writable %past
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
    "mlir::cf::ControlFlowDialect", "mlir::memref::MemRefDialect",
    "mlir::tensor::TensorDialect"
  ];
  let statistics = [Statistic<"numInPlace", "num-in-place",
                              "Number of caches updated in place">];
}

def MergeMatmuls : Pass<"bitnet-merge-matmuls", "mlir::func::FuncOp"> {
  let summary = "compute layers on one quantized input by one matmul";
  let description = [{
    Queries, keys and values come from the same rows of codes. Their weights are
    put one below the other, so that one loop over panels computes all of them,
    with a scale for each column; the results are slices of one tensor. Each sum
    and each product is what it was before.

    Only layers whose results are split into heads are merged. Those that an
    elementwise op brings together, as gate and up, share a loop already.

    Before:
    ```mlir
    func.func @heads(%q: tensor<4x16xi8>, %s: tensor<4xf32>) -> (tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>) {
      %w1 = bitnet.constant dense_resource<w1> : tensor<16x16x!bitnet.trit>
      %w2 = bitnet.constant dense_resource<w2> : tensor<8x16x!bitnet.trit>
      %s1 = arith.constant dense<0.5> : tensor<1xf32>
      %s2 = arith.constant dense<0.25> : tensor<1xf32>
      %sums1 = bitnet.matmul %q, %w1 : tensor<4x16xi8>, tensor<16x16x!bitnet.trit> -> tensor<4x16xi32>
      %sums2 = bitnet.matmul %q, %w2 : tensor<4x16xi8>, tensor<8x16x!bitnet.trit> -> tensor<4x8xi32>
      %y1 = bitnet.dequantize %sums1, %s, %s1 : tensor<4x16xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x16xf32>
      %y2 = bitnet.dequantize %sums2, %s, %s2 : tensor<4x8xi32>, tensor<4xf32>, tensor<1xf32> -> tensor<4x8xf32>
      %h1 = tensor.expand_shape %y1 [[0, 1], [2, 3]] output_shape [2, 2, 2, 8] : tensor<4x16xf32> into tensor<2x2x2x8xf32>
      %h2 = tensor.expand_shape %y2 [[0, 1], [2, 3]] output_shape [2, 2, 1, 8] : tensor<4x8xf32> into tensor<2x2x1x8xf32>
      return %h1, %h2 : tensor<2x2x2x8xf32>, tensor<2x2x1x8xf32>
    }
    ```
    After:
    ```mlir
    %w = bitnet.constant dense_resource<merged> : tensor<24x16x!bitnet.trit>
    %scales = arith.constant dense<[0.5, ..., 0.25, ...]> : tensor<24xf32>
    %sums = bitnet.matmul %q, %w : tensor<4x16xi8>, tensor<24x16x!bitnet.trit> -> tensor<4x24xi32>
    %y = bitnet.dequantize %sums, %s, %scales : tensor<4x24xi32>, tensor<4xf32>, tensor<24xf32> -> tensor<4x24xf32>
    %y1 = tensor.extract_slice %y[0, 0] [4, 16] [1, 1] : tensor<4x24xf32> to tensor<4x16xf32>
    %y2 = tensor.extract_slice %y[0, 16] [4, 8] [1, 1] : tensor<4x24xf32> to tensor<4x8xf32>
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect",
                           "mlir::tensor::TensorDialect"];
}

def NameDimensions : Pass<"bitnet-name-dimensions", "mlir::func::FuncOp"> {
  let summary = "say every size in terms of the sizes of the inputs";
  let description = [{
    Two tensors fit together if their sizes are equal for every input, and an
    exporter that computes a size twice writes it in two ways: `past + seq` and
    `seq + past`, or as a name that says nothing. This pass follows shapes, and
    the integers that shapes are made of, from the inputs through every `onnx`
    op. The attribute `onnx.dims` then has one text for one size, a size that is
    always the same number becomes part of the type, and arithmetic whose result
    is known becomes a constant.

    Names that the model gives are taken where nothing else is known, in a
    normal form.

    Before:
    ```mlir
    func.func @main(%past: tensor<1x2x?x64xf32> {onnx.dims = ["", "", "past", ""]},
                    %new: tensor<1x2x?x64xf32> {onnx.dims = ["", "", "seq", ""]}) -> tensor<?xi64> {
      %all = onnx.Concat %new, %past {axis = 2 : i64, onnx.dims = [["", "", "unk__3", ""]]}
          : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
      %shape = onnx.Shape %all : (tensor<1x2x?x64xf32>) -> tensor<4xi64>
      %two = onnx.Constant {value = dense<2> : tensor<i64>} : () -> tensor<i64>
      %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
      %one = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
      %length = onnx.Gather %shape, %two {axis = 0 : i64} : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
      %positions = onnx.Range %zero, %length, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
      return %positions : tensor<?xi64>
    }
    ```
    After:
    ```mlir
    %all = onnx.Concat %new, %past {axis = 2 : i64, onnx.dims = [["", "", "past + seq", ""]]}
    ...
    %positions = onnx.Range %zero, %length, %one {onnx.dims = [["past + seq"]]}
    ```
  }];
  let dependentDialects = ["::bitnet::onnx::ONNXDialect"];
}

#endif // BITNET_TRANSFORMS_PASSES_TD
