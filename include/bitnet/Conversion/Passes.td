// Passes that take a program from one level to the next.
#ifndef BITNET_CONVERSION_PASSES_TD
#define BITNET_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertBitNetToLinalg : Pass<"convert-bitnet-to-linalg"> {
  let summary = "spell every bitnet op out in linalg, without tricks";
  let description = [{
    The naive lowering: what each op means, one `linalg.generic` after another,
    for tests to compare everything else with, and for shapes that nothing else
    takes. Float sums of a row run in lane order, so that results equal those of
    `convert-bitnet-to-vector` bit for bit.

    Weights become one `i8` each, in rows; a packed constant is unpacked. With
    `ops`, only the named ops are converted, as in
    `ops=bitnet.dequantize,bitnet.kv_append`, and types of functions are left alone.

    A quotient `weight_scale / scales[m]` that holds for a whole row is an op of
    its own, so that the elementwise rest can join the loop of a matmul.

    Before:
    ```mlir
    func.func @rescales(%sums: tensor<?x64xi32>, %s: tensor<?xf32>, %ws: tensor<1xf32>) -> tensor<?x64xf32> {
      %y = bitnet.dequantize %sums, %s, %ws : tensor<?x64xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    ```
    After:
    ```mlir
    %ratio = linalg.generic {indexing_maps = [(d0) -> (0), (d0) -> (d0), (d0) -> (d0)], iterator_types = ["parallel"]}
        ins(%ws, %s : tensor<1xf32>, tensor<?xf32>) outs(%e0 : tensor<?xf32>) {
    ^bb0(%w: f32, %a: f32, %out: f32):
      %r = arith.divf %w, %a : f32
      linalg.yield %r : f32
    } -> tensor<?xf32>
    %y = linalg.generic {indexing_maps = [(d0, d1) -> (d0, d1), (d0, d1) -> (d0), (d0, d1) -> (d0, d1)], ...}
        ins(%sums, %ratio : tensor<?x64xi32>, tensor<?xf32>) outs(%e1 : tensor<?x64xf32>) {
    ^bb0(%sum: i32, %r: f32, %out: f32):
      %f = arith.sitofp %sum : i32 to f32
      %v = arith.mulf %f, %r : f32
      linalg.yield %v : f32
    } -> tensor<?x64xf32>
    ```
  }];
  let options = [
    ListOption<"ops", "ops", "std::string",
               "names of the ops to convert (default: all)">];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::linalg::LinalgDialect", "mlir::math::MathDialect",
    "mlir::tensor::TensorDialect"];
}

def ConvertBitNetToVector
    : Pass<"convert-bitnet-to-vector", "mlir::func::FuncOp"> {
  let summary = "compute the rows of a block in parallel loops of vectors";
  let description = [{
    Writes `quantize`, `rms_norm`, `layer_norm`, `norm_quantize`, `rope`,
    `scaled_matmul`, `attention` and `kv_append` as an `scf.forall` over rows (tokens, positions,
    queries) whose body is a serial loop over vectors of 16 lanes. Sixteen on
    every target: lane i of an accumulator takes elements i, i + 16, ..., then
    lanes are added as a tree, so that the bits of a row depend neither on the
    machine nor on threads, the batch or the other rows.

    A row whose length is dynamic is left for `convert-bitnet-to-linalg`.

    Codes of NaN are the quantizer's `low`; a NaN is no magnitude. Attention
    multiplies by fma, divides by the sum of exponentials at the end, skips
    groups of keys that no mask bit allows, and gives zeros to a query that sees
    none. Heads that share keys are computed together, in a prompt also some
    queries, up to `bitnet.rows_together` rows (1 if nobody has decided, as
    `bitnet-select-tile` does): keys and values, which may be of 16 bits, are
    read once for all. Its scratch is a row of scores for each of them. Where a
    few queries have `bitnet.many_keys` or more, of more than 64 channels, a
    first loop computes the scores, `bitnet.keys_together` in each iteration,
    and a second one over channels the values, since there may be more threads
    than heads. Where registers do not hold 16 lanes of eight sums,
    `bitnet.lanes_together` of each are computed before the others.

    Before:
    ```mlir
    func.func @normalizes_each_row(%x: tensor<?x32xf32>, %gain: tensor<32xf32>) -> tensor<?x32xf32> {
      %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5 : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
      return %y : tensor<?x32xf32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%row) in (%rows) shared_outs(%out = %empty) -> (tensor<?x32xf32>) {
      %slice = tensor.extract_slice %out[%row, 0] [1, 32] [1, 1] : tensor<?x32xf32> to tensor<32xf32>
      %x0 = vector.transfer_read %x[%row, %c0], %zero {in_bounds = [true]} : tensor<?x32xf32>, vector<16xf32>
      %s0 = arith.mulf %x0, %x0 : vector<16xf32>
      ...
      %y0 = vector.transfer_write %n0, %slice[%c0] {in_bounds = [true]} : vector<16xf32>, tensor<32xf32>
      ...
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %y1 into %out[%row, 0] [1, 32] [1, 1] : tensor<32xf32> into tensor<?x32xf32>
      }
    }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
    "mlir::math::MathDialect", "mlir::scf::SCFDialect",
    "mlir::tensor::TensorDialect", "mlir::vector::VectorDialect"];
}

def ConvertONNXToBitNet
    : Pass<"convert-onnx-to-bitnet", "mlir::func::FuncOp"> {
  let summary = "recognise BitLinear layers, norms, positions, caches and attention";
  let description = [{
    A model trained as BitNet is exported as a float model that rounds: the
    activations of each layer go through a quantizer and back, the weights are
    codes times a scale. Where the whole arithmetic of a layer is found, with
    every constant as it should be, it becomes one `bitnet.linear` of the
    activations before the quantizer. A near miss stays what it is.

    Spellings of one thing are first brought to one form; then a few matchers
    look for that form. Row ops are created on two dimensions. The attribute
    `bitnet.form` names the forms of activations and weights that were found,
    `bitnet.source_bytes` says what the weights take in the file. With `explain`,
    `bitnet.float_layer` says of a product with constant weights that stays
    which form is nearest and what failed first.

    Before:
    ```mlir
    func.func @linear(%x: tensor<?x2xf32>) -> tensor<?x3xf32> {
      %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
      %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
      %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
      %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
      %codes = onnx.Constant {value = dense<[[1, 0, -1], [-1, 1, 0]]> : tensor<2x3xi2>} : () -> tensor<2x3xi2>
      %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
      %abs = onnx.Abs %x : (tensor<?x2xf32>) -> tensor<?x2xf32>
      %max = onnx.ReduceMax %abs, %axes : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
      %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
          : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
      %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
      %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
      %scaled = onnx.Mul %x, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
      %round = onnx.Round %scaled : (tensor<?x2xf32>) -> tensor<?x2xf32>
      %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
          : (tensor<?x2xf32>, tensor<f32>, tensor<f32>) -> tensor<?x2xf32>
      %q = onnx.Div %clip, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
      %w = onnx.DequantizeLinear %codes, %scale : (tensor<2x3xi2>, tensor<f32>) -> tensor<2x3xf32>
      %y = onnx.MatMul %q, %w : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
      return %y : tensor<?x3xf32>
    }
    ```
    After:
    ```mlir
    %w = bitnet.constant dense_resource<weights> : tensor<3x2x!bitnet.trit>
    %scale = arith.constant dense<2.500000e-01> : tensor<1xf32>
    %y = bitnet.linear %x, %w, %scale
        {bitnet.form = "A1/W10", bitnet.source_bytes = 6 : i64,
         quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>}
        : tensor<?x2xf32>, tensor<3x2x!bitnet.trit>, tensor<1xf32> -> tensor<?x3xf32>
    ```
  }];
  let dependentDialects = ["::bitnet::BitNetDialect", "mlir::arith::ArithDialect",
                           "mlir::tensor::TensorDialect"];
  let options = [Option<"explain", "explain", "bool", "false",
                        "say of each float layer why it is not a BitLinear">];
}

def ConvertONNXToLinalg
    : Pass<"convert-onnx-to-linalg", "mlir::func::FuncOp"> {
  let summary = "compute every ONNX operator with linalg on tensors";
  let description = [{
    Writes what no other pass has raised as loops over elements, with ONNX's
    numbers: IEEE arithmetic in the type of the operands, halves to even, true
    division. Small integer tensors are shapes and computed as scalars, so that
    they fold away; reshapes follow the names of dimensions in `onnx.dims`.

    What can fail when the program runs (an index out of range, sizes that
    cannot be broadcast) is checked there by `cf.assert`, and no access lies
    outside of a tensor. Two dynamic sizes without a common name are compared at
    run time, which costs a slower loop.

    Unsigned and 2- and 4-bit elements become signless ones of at least a byte;
    an argument or result that was unsigned keeps its type in `onnx.type`. What
    products say in `bitnet.float_layer`, the function keeps.
    An operator in a form that is not supported is an error at its node.

    Before:
    ```mlir
    func.func @product(%x: tensor<?x2x16xf32>, %w: tensor<16x8xf32>) -> tensor<?x2x8xf32> {
      %y = onnx.MatMul %x, %w : (tensor<?x2x16xf32>, tensor<16x8xf32>) -> tensor<?x2x8xf32>
      return %y : tensor<?x2x8xf32>
    }
    ```
    After:
    ```mlir
    %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x2x16xf32> into tensor<?x16xf32>
    %zero = linalg.fill ins(%cst : f32) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
    %product = linalg.matmul ins(%rows, %w : tensor<?x16xf32>, tensor<16x8xf32>)
        outs(%zero : tensor<?x8xf32>) -> tensor<?x8xf32>
    %y = tensor.expand_shape %product [[0, 1], [2]] output_shape [%dim, 2, 8]
        : tensor<?x8xf32> into tensor<?x2x8xf32>
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect",
    "mlir::linalg::LinalgDialect", "mlir::math::MathDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect"];
}

#endif // BITNET_CONVERSION_PASSES_TD
