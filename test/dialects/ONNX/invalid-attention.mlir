// RUN: bitnet-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{wants operands of rank 3 or 4, found 'tensor<4x8xf32>'}}
  %y = onnx.Attention %x, %x, %x {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @heads_missing(%x: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  // expected-error @below {{wants q_num_heads and kv_num_heads for operands of rank 3}}
  %y = onnx.Attention %x, %x, %x {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// -----

func.func @heads_do_not_split(%x: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  // expected-error @below {{cannot split 8 channels into 3 heads}}
  %y = onnx.Attention %x, %x, %x
      {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, q_num_heads = 3 : i64, kv_num_heads = 3 : i64}
      : (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// -----

func.func @sizes(%q: tensor<1x4x3x8xf32>, %k: tensor<1x4x3x9xf32>) -> tensor<1x4x3x9xf32> {
  // expected-error @below {{queries of 1 x 8 do not fit keys of 1 x 9}}
  %y = onnx.Attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x4x3x9xf32>, tensor<1x4x3x9xf32>) -> tensor<1x4x3x9xf32>
  return %y : tensor<1x4x3x9xf32>
}

// -----

func.func @keys_and_values(%q: tensor<1x4x3x8xf32>, %v: tensor<1x4x5x8xf32>) -> tensor<1x4x3x8xf32> {
  // expected-error @below {{keys and values must have one shape}}
  %y = onnx.Attention %q, %q, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>, tensor<1x4x5x8xf32>) -> tensor<1x4x3x8xf32>
  return %y : tensor<1x4x3x8xf32>
}

// -----

func.func @groups(%q: tensor<1x4x3x8xf32>, %k: tensor<1x3x3x8xf32>) -> tensor<1x4x3x8xf32> {
  // expected-error @below {{cannot share 3 heads of keys by 4 heads of queries}}
  %y = onnx.Attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x3x3x8xf32>, tensor<1x3x3x8xf32>) -> tensor<1x4x3x8xf32>
  return %y : tensor<1x4x3x8xf32>
}

// -----

func.func @half_a_past(%q: tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32> {
  // expected-error @below {{wants past_key and past_value, found one of them}}
  %y = onnx.Attention %q, %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>) -> tensor<1x4x3x8xf32>
  return %y : tensor<1x4x3x8xf32>
}

// -----

func.func @past_rank(%q: tensor<1x4x3x8xf32>, %p: tensor<4x3x8xf32>) -> tensor<1x4x3x8xf32> {
  // expected-error @below {{wants past_key of rank 4, found 'tensor<4x3x8xf32>'}}
  %y = onnx.Attention %q, %q, %q, %p, %p {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>, tensor<1x4x3x8xf32>, tensor<4x3x8xf32>, tensor<4x3x8xf32>) -> tensor<1x4x3x8xf32>
  return %y : tensor<1x4x3x8xf32>
}

// -----

func.func @too_many_results(%q: tensor<1x1x3x3xf32>) -> tensor<1x1x3x3xf32> {
  // expected-error @below {{has at most 4 results, found 5}}
  %y:5 = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>)
      -> (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>)
  return %y#0 : tensor<1x1x3x3xf32>
}

// -----

func.func @rotary_rank(%x: tensor<4x8xf32>, %c: tensor<1x4x4xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{wants an operand of rank 3 or 4, found 'tensor<4x8xf32>'}}
  %y = onnx.RotaryEmbedding %x, %c, %c : (tensor<4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @rotary_heads(%x: tensor<1x4x8xf32>, %c: tensor<1x4x4xf32>) -> tensor<1x4x8xf32> {
  // expected-error @below {{wants num_heads for an operand of rank 3}}
  %y = onnx.RotaryEmbedding %x, %c, %c : (tensor<1x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// -----

func.func @caches(%x: tensor<1x2x4x8xf32>, %c: tensor<4x4xf32>) -> tensor<1x2x4x8xf32> {
  // expected-error @below {{wants caches of rank 3, found 'tensor<4x4xf32>'}}
  %y = onnx.RotaryEmbedding %x, %c, %c : (tensor<1x2x4x8xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x8xf32>
  return %y : tensor<1x2x4x8xf32>
}
