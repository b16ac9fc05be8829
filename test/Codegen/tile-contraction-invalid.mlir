// RUN: bitnet-opt %s --bitnet-tile-contraction --split-input-file --verify-diagnostics

func.func @argument(%x: tensor<1x4xi8>,
                    %w: tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>) -> tensor<1x64xi32> {
  // expected-error @below {{needs its weights, or their bytes, to be tiled}}
  %y = bitnet.matmul %x, %w tiles ["1x64x4-generic"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  return %y : tensor<1x64xi32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>

func.func private @scalar(i32) -> i32

// No vector of calls.
func.func @call(%x: tensor<1x4xi8>) -> tensor<1x64xi32> {
  %w = bitnet.constant dense_resource<w>
      : tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
  %y = bitnet.matmul %x, %w tiles ["1x64x4-generic"]
      : tensor<1x4xi8>, tensor<64x4x!bitnet.trit, #bitnet.packed<lanes = 16, bits = 2>>
      -> tensor<1x64xi32>
  %e = tensor.empty() : tensor<1x64xi32>
  // expected-error @below {{cannot be vectorized}}
  %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<1x64xi32>) outs(%e : tensor<1x64xi32>) {
  ^bb0(%a: i32, %o: i32):
    %m = func.call @scalar(%a) : (i32) -> i32
    linalg.yield %m : i32
  } -> tensor<1x64xi32>
  return %p : tensor<1x64xi32>
}
