// RUN: bitnet-opt %s --bitnet-recognize-model --split-input-file | FileCheck %s

// CHECK-LABEL: func @main(
// CHECK-SAME:    %{{.*}}: tensor<1x2x3x64xf32>, %{{.*}}: tensor<1x2x?x64xf32> {bitnet.role = "past"})
// CHECK-SAME:    -> (tensor<1x2x?x64xf32> {bitnet.role = "present:1"})
func.func @main(%x: tensor<1x2x3x64xf32>, %past: tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32> {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %next : tensor<1x2x?x64xf32>
}

// -----

// Roles follow from the computation; the names say nothing.
// CHECK-LABEL: func @main(
// CHECK-SAME:    %{{[^:]*}}: tensor<1x1x8x64xf32> {bitnet.role = "past"}
// CHECK-SAME:    %{{[^:]*}}: tensor<1x3xi64> {bitnet.role = "positions"}
// CHECK-SAME:    %{{[^:]*}}: tensor<1x3xi64> {bitnet.role = "ids"}
// CHECK-SAME:    %{{[^:]*}}: tensor<1x11xi64> {bitnet.role = "mask"}
// CHECK-SAME:    -> (tensor<1x1x11x64xf32> {bitnet.role = "present:0"}, tensor<1x1x3x64xf32> {bitnet.role = "logits"})
func.func @main(%a: tensor<1x1x8x64xf32>, %b: tensor<1x3xi64>, %c: tensor<1x3xi64>, %d: tensor<1x11xi64>)
    -> (tensor<1x1x11x64xf32>, tensor<1x1x3x64xf32>) {
  %axes = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %heads = onnx.Constant {value = dense<[1, 1, 3, 64]> : tensor<4xi64>} : () -> tensor<4xi64>
  %full = onnx.Constant {value = dense<[1, 1, 3, 11]> : tensor<4xi64>} : () -> tensor<4xi64>
  %frequencies = onnx.Constant {value = dense<0.5> : tensor<32xf32>} : () -> tensor<32xf32>
  %table = onnx.Constant {value = dense<0.5> : tensor<99x64xf32>} : () -> tensor<99x64xf32>

  %embedding = onnx.Gather %table, %c : (tensor<99x64xf32>, tensor<1x3xi64>) -> tensor<1x3x64xf32>
  %x = onnx.Reshape %embedding, %heads : (tensor<1x3x64xf32>, tensor<4xi64>) -> tensor<1x1x3x64xf32>

  %unsqueezed = onnx.Unsqueeze %b, %axes : (tensor<1x3xi64>, tensor<1xi64>) -> tensor<1x3x1xi64>
  %float = onnx.Cast %unsqueezed {to = 1 : i64} : (tensor<1x3x1xi64>) -> tensor<1x3x1xf32>
  %angles = onnx.Mul %float, %frequencies : (tensor<1x3x1xf32>, tensor<32xf32>) -> tensor<1x3x32xf32>
  %cos = onnx.Cos %angles : (tensor<1x3x32xf32>) -> tensor<1x3x32xf32>
  %q = bitnet.rope %x, %cos, %cos
      : tensor<1x1x3x64xf32>, tensor<1x3x32xf32>, tensor<1x3x32xf32> -> tensor<1x1x3x64xf32>

  %truth = onnx.Cast %d {to = 9 : i64} : (tensor<1x11xi64>) -> tensor<1x11xi1>
  %mask = onnx.Expand %truth, %full : (tensor<1x11xi1>, tensor<4xi64>) -> tensor<1x1x3x11xi1>
  %k = bitnet.kv_append %a, %q : tensor<1x1x8x64xf32>, tensor<1x1x3x64xf32> -> tensor<1x1x11x64xf32>
  %y = bitnet.attention %q, %k, %k mask %mask : tensor<1x1x3x11xi1> scale 0.125
      : tensor<1x1x3x64xf32>, tensor<1x1x11x64xf32>, tensor<1x1x11x64xf32> -> tensor<1x1x3x64xf32>
  return %k, %y : tensor<1x1x11x64xf32>, tensor<1x1x3x64xf32>
}

// -----

// Names are all there is to go by.
// CHECK-LABEL: func @main(
// CHECK-SAME:    tensor<1x3xi64> {bitnet.role = "mask",
// CHECK-SAME:    tensor<1x3xi64> {bitnet.role = "types",
// CHECK-SAME:    tensor<1x3xi64> {bitnet.role = "ids",
// CHECK-SAME:    tensor<1x3xi64> {bitnet.role = "positions",
// CHECK-SAME:    tensor<1x2x?x64xf32> {bitnet.role = "past",
// CHECK-SAME:    tensor<1x2x?x64xf32> {bitnet.role = "present:4",
// CHECK-SAME:    tensor<1x2x?x64xf32> {bitnet.role = "logits",
// CHECK-SAME:    tensor<1x2x?x64xf32> {onnx.name = "hidden_states"}
func.func @main(%a: tensor<1x3xi64> {onnx.name = "attention_mask"}, %b: tensor<1x3xi64> {onnx.name = "token_type_ids"},
                %c: tensor<1x3xi64> {onnx.name = "input_ids"}, %d: tensor<1x3xi64> {onnx.name = "position_ids"},
                %e: tensor<1x2x?x64xf32> {onnx.name = "past_key_values.0.key"})
    -> (tensor<1x2x?x64xf32> {onnx.name = "present.0.key"}, tensor<1x2x?x64xf32> {onnx.name = "logits"},
        tensor<1x2x?x64xf32> {onnx.name = "hidden_states"}) {
  return %e, %e, %e : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>
}

// -----

// A classifier has no logits of tokens, and its inputs no caches. The larger
// table is the vocabulary.
// CHECK-LABEL: func @main(
// CHECK-SAME:    tensor<1x3xi64>, %{{[^:]*}}: tensor<1x3xi64> {bitnet.role = "ids"})
// CHECK-SAME:    -> tensor<1x3x4xf32> {
func.func @main(%a: tensor<1x3xi64>, %b: tensor<1x3xi64>) -> tensor<1x3x4xf32> {
  %types = onnx.Constant {value = dense<0.5> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %words = onnx.Constant {value = dense<0.5> : tensor<99x4xf32>} : () -> tensor<99x4xf32>
  %x = onnx.Gather %types, %a : (tensor<2x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %y = onnx.Gather %words, %b : (tensor<99x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %z = onnx.Add %x, %y : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %z : tensor<1x3x4xf32>
}

// -----

// A function of another name is no model.
// CHECK-LABEL: func @helper(
// CHECK-NOT:     bitnet.role
func.func @helper(%a: tensor<1x3xi64> {onnx.name = "input_ids"}) -> tensor<1x3xi64> {
  return %a : tensor<1x3xi64>
}

// -----

// Two tables of one size: which is the vocabulary, only a name can tell.
// CHECK-LABEL: func @main(
// CHECK-SAME:    tensor<1x3xi64>, %{{[^:]*}}: tensor<1x3xi64> {bitnet.role = "ids", onnx.name = "input_ids"})
func.func @main(%a: tensor<1x3xi64>, %b: tensor<1x3xi64> {onnx.name = "input_ids"}) -> tensor<1x3x4xf32> {
  %table = onnx.Constant {value = dense<0.5> : tensor<99x4xf32>} : () -> tensor<99x4xf32>
  %x = onnx.Gather %table, %a : (tensor<99x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %y = onnx.Gather %table, %b : (tensor<99x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %z = onnx.Add %x, %y : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %z : tensor<1x3x4xf32>
}

// -----

// A table of positions bounds the context.
// CHECK:       module attributes {bitnet.model.context = 77 : i64}
// CHECK:       tensor<1x3xi64> {bitnet.role = "positions", onnx.name = "position_ids"})
func.func @main(%a: tensor<1x3xi64>, %b: tensor<1x3xi64> {onnx.name = "position_ids"}) -> tensor<1x3x4xf32> {
  %words = onnx.Constant {value = dense<0.5> : tensor<99x4xf32>} : () -> tensor<99x4xf32>
  %places = onnx.Constant {value = dense<0.5> : tensor<77x4xf32>} : () -> tensor<77x4xf32>
  %x = onnx.Gather %words, %a : (tensor<99x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %y = onnx.Gather %places, %b : (tensor<77x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
  %z = onnx.Add %x, %y : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %z : tensor<1x3x4xf32>
}

// -----

// What the file said stays if it is less.
// CHECK:       module attributes {bitnet.model.context = 50 : i64}
module attributes {bitnet.model.context = 50 : i64} {
  func.func @main(%b: tensor<1x3xi64> {onnx.name = "position_ids"}) -> tensor<1x3x4xf32> {
    %places = onnx.Constant {value = dense<0.5> : tensor<77x4xf32>} : () -> tensor<77x4xf32>
    %y = onnx.Gather %places, %b : (tensor<77x4xf32>, tensor<1x3xi64>) -> tensor<1x3x4xf32>
    return %y : tensor<1x3x4xf32>
  }
}
