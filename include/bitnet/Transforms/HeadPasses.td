// The pass that rounds the head of a language model.
#ifndef BITNET_TRANSFORMS_HEADPASSES_TD
#define BITNET_TRANSFORMS_HEADPASSES_TD

include "mlir/Pass/PassBase.td"

def NarrowHead : Pass<"bitnet-narrow-head", "mlir::func::FuncOp"> {
  let summary = "round the weights of the product that gives the logits";
  let description = [{
    Half of the bytes that a small language model reads for each token are its
    head's. On request they are rounded: to f16 or bf16; to int8 with a scale
    for each output; to int4 with a scale, of bf16, for each 32 inputs. All of
    them multiply f32 activations and add in f32, in the order that
    `bitnet.scaled_matmul` and `bitnet-vectorize-matmul` say. `exact` changes
    nothing; `f32` widens halves, which loses nothing either.

    The head is the product with constant weights from which the result of role
    `logits` is made by elementwise ops alone. An embedding that shares its
    table with the head keeps it, so that what is looked up stays exact: the
    program then has the table, of which a token reads one row, and the head.

    The entry of the head in `bitnet.float_layers` says what it cost: for inputs
    that are independent of each other and have a root mean square of one, times
    the gain of the norm before, what is lost of a logit has the root mean
    square `sqrt(sum_k (gain_k * (rounded_k - w_k))^2)`. Its mean over the
    outputs and the largest are given, and the mean of the logits' own.

    Before:
    ```mlir
    func.func @head(%x: tensor<?x16xf32>) -> (tensor<?x2xf32> {bitnet.role = "logits"}) {
      %w = arith.constant dense_resource<w> : tensor<2x16xf32>
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %rows = tensor.dim %x, %c0 : tensor<?x16xf32>
      %empty = tensor.empty(%rows) : tensor<?x2xf32>
      %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
      %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %w : tensor<?x16xf32>, tensor<2x16xf32>) outs(%zeros : tensor<?x2xf32>) -> tensor<?x2xf32>
      return %y : tensor<?x2xf32>
    }
    ```
    After, with `type=int8`:
    ```mlir
    %codes = arith.constant dense_resource<head_codes> : tensor<1x1x4x16xi8>
    %scales = arith.constant dense_resource<head_scales> : tensor<1x1x4xf32>
    %y = bitnet.scaled_matmul %x, %codes, %scales bits 8
        : tensor<?x16xf32>, tensor<1x1x4x16xi8>, tensor<1x1x4xf32> -> tensor<?x2xf32>
    ```
  }];
  let options = [Option<"type", "type", "std::string", "\"exact\"",
                        "exact, f32, f16, bf16, int8 or int4">];
  let dependentDialects = ["::bitnet::BitNetDialect",
                           "mlir::arith::ArithDialect",
                           "mlir::linalg::LinalgDialect"];
}

def LimitLogits : Pass<"bitnet-limit-logits", "mlir::ModuleOp"> {
  let summary = "compute the logits of the last positions alone, as many as asked for";
  let description = [{
    A prompt gives a language model many positions, but what comes next depends
    on the logits of the last one. The product that gives the logits of `@main`
    takes the rows of the last positions of each sequence; how many is one more
    argument, of which more than there are means all. The other rows are not
    computed; these are the same bits as before. `bitnet.last_positions` on the
    product says so to whoever counts its work.

    A model is left as it is where its logits are no product of rows that are
    positions of sequences of any length.

    Before:
    ```mlir
    func.func @main(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %batch: index, %sequence: index)
        -> (tensor<?x?x8xf32> {bitnet.role = "logits"}) {
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
      %empty = tensor.empty(%rows) : tensor<?x8xf32>
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
      %y = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<?x4xf32>, tensor<8x4xf32>)
          outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
      %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, %sequence, 8]
          : tensor<?x8xf32> into tensor<?x?x8xf32>
      return %logits : tensor<?x?x8xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(..., %wanted: index {bitnet.role = "logit-count"}) -> ... {
      %count = arith.minsi %wanted, %sequence : index
      %first = arith.subi %sequence, %count : index
      %positions = tensor.expand_shape %x [[0, 1], [2]] output_shape [%batch, %sequence, 4] ...
      %last = tensor.extract_slice %positions[0, %first, 0] [%batch, %count, 4] [1, 1, 1] ...
      %few = tensor.collapse_shape %last [[0, 1], [2]] ...
      %y = linalg.matmul ... ins(%few, %w ...
      %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, %count, 8] ...
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect",
                           "mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numLimited", "num-limited",
                              "Number of products that compute fewer rows">];
}

#endif // BITNET_TRANSFORMS_HEADPASSES_TD
