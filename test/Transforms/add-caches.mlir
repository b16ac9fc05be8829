// RUN: bitnet-opt %s --bitnet-add-caches --split-input-file --verify-diagnostics | FileCheck %s

// The example of the documentation.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[IDS:.*]]: tensor<1x?xi64> {onnx.dims = ["", "seq"], onnx.name = "ids"},
// CHECK-SAME:    %[[KEY:.*]]: tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past", ""], onnx.name = "past_key_values.0.key"},
// CHECK-SAME:    %[[VALUE:.*]]: tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past", ""], onnx.name = "past_key_values.0.value"})
// CHECK-SAME:    -> (tensor<1x2x?x16xf32> {onnx.dims = ["", "", "seq", ""]},
// CHECK-SAME:    tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past + seq", ""], onnx.name = "present.0.key"},
// CHECK-SAME:    tensor<1x2x?x16xf32> {onnx.dims = ["", "", "past + seq", ""], onnx.name = "present.0.value"}) {
// CHECK:         %[[LENGTH:.*]] = onnx.Shape %[[KEY]] {end = 3 : i64, start = 2 : i64}
// CHECK:         %[[PAST:.*]] = onnx.Squeeze %[[LENGTH]]
// CHECK:         %[[COUNT:.*]] = onnx.Squeeze
// CHECK:         %[[END:.*]] = onnx.Add %[[PAST]], %[[COUNT]]
// CHECK:         %[[QUERIES:.*]] = onnx.Range %[[PAST]], %[[END]]
// CHECK:         %[[KEYS:.*]] = onnx.Range %{{.*}}, %[[END]]
// CHECK:         %[[Q:.*]] = onnx.Unsqueeze %[[QUERIES]]
// CHECK:         %[[K:.*]] = onnx.Unsqueeze %[[KEYS]]
// CHECK:         %[[CAUSAL:.*]] = onnx.LessOrEqual %[[K]], %[[Q]] {onnx.dims = {{\[\[}}"", "", "seq", "past + seq"]]}
// CHECK:         %[[H:.*]] = onnx.Transpose
// CHECK:         %[[NEXTKEY:.*]] = bitnet.kv_append %[[KEY]], %[[H]] {onnx.dims = {{\[\[}}"", "", "past + seq", ""]]}
// CHECK:         %[[NEXTVALUE:.*]] = bitnet.kv_append %[[VALUE]], %[[H]]
// CHECK:         %[[Y:.*]] = bitnet.attention %[[H]], %[[NEXTKEY]], %[[NEXTVALUE]] mask %[[CAUSAL]]
// CHECK:         return %[[Y]], %[[NEXTKEY]], %[[NEXTVALUE]]
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

// -----

// Positions go on from the past where they become angles, or rows of a table.
// CHECK-LABEL: func.func @main(
// CHECK:         %[[PAST:.*]] = onnx.Squeeze
// CHECK:         onnx.Constant {value = dense<5.000000e-01>
// CHECK:         %[[I:.*]] = onnx.Range %{{.*}}, %{{.*}}, %{{.*}} {onnx.dims = {{\[\[}}"seq"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
// CHECK:         onnx.Gather
// CHECK:         %[[ANGLE:.*]] = onnx.Unsqueeze %[[I]]
// CHECK:         %[[MOVED:.*]] = onnx.Add %[[ANGLE]], %[[PAST]]
// CHECK-NEXT:    onnx.Cast %[[MOVED]]
// CHECK:         %[[ROW:.*]] = onnx.Add %[[I]], %[[PAST]]
// CHECK-NEXT:    onnx.Gather %{{.*}}, %[[ROW]]
// CHECK:         bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %angles = onnx.Unsqueeze %i, %queries {onnx.dims = [["seq", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %f = onnx.Cast %angles {to = 1 : i64, onnx.dims = [["seq", ""]]} : (tensor<?x1xi64>) -> tensor<?x1xf32>
  %cos = onnx.Cos %f {onnx.dims = [["seq", ""]]} : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %row = onnx.Gather %table, %i {onnx.dims = [["seq", ""]]} : (tensor<8x32xf32>, tensor<?xi64>) -> tensor<?x32xf32>
  %a = onnx.Add %e, %row {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<?x32xf32>) -> tensor<1x?x32xf32>
  %x = onnx.Mul %a, %cos {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<?x1xf32>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// A number that hides what is later, and a mask that tells sequences apart of which there is one.
// CHECK-LABEL: func.func @main(
// CHECK:         bitnet.attention {{.*}} : tensor<1x1x?x?xi1>
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
  %zeros = onnx.Sub %i, %i {onnx.dims = [["seq"]]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
  %sums = onnx.CumSum %zeros, %c0 {onnx.dims = [["seq"]]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %same = onnx.Equal %sums, %c0 {onnx.dims = [["seq"]]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %both = onnx.And %seen, %same {onnx.dims = [["seq", "seq"]]} : (tensor<?x?xi1>, tensor<?xi1>) -> tensor<?x?xi1>
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %mask = onnx.Unsqueeze %both, %axes {onnx.dims = [["", "", "seq", "seq"]]} : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<1x1x?x?xi1>
  %zero = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<0xFF7FFFFF> : tensor<f32>} : () -> tensor<f32>
  %added = onnx.Where %mask, %zero, %low {onnx.dims = [["", "", "seq", "seq"]]} : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %x = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %added : tensor<1x1x?x?xf32> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// The mask looks the wrong way.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %seen = onnx.GreaterOrEqual %i, %j {onnx.dims = [["seq", "seq"]]} : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %mask = onnx.Unsqueeze %seen, %axes {onnx.dims = [["", "", "seq", "seq"]]} : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<1x1x?x?xi1>
  %x = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  // expected-remark @below {{no caches: this may attend to later positions}}
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// The mask hides what is far away: what is kept would be a window.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %far = onnx.Constant {value = dense<512> : tensor<i64>} : () -> tensor<i64>
  %edge = onnx.Sub %j, %far {onnx.dims = [["seq", ""]]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %near = onnx.Less %edge, %i {onnx.dims = [["seq", "seq"]]} : (tensor<?x1xi64>, tensor<?xi64>) -> tensor<?x?xi1>
  %past = onnx.LessOrEqual %i, %j {onnx.dims = [["seq", "seq"]]} : (tensor<?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %seen = onnx.And %past, %near {onnx.dims = [["seq", "seq"]]} : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %mask = onnx.Unsqueeze %seen, %axes {onnx.dims = [["", "", "seq", "seq"]]} : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<1x1x?x?xi1>
  %x = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  // expected-remark @below {{no caches: this may attend to later positions}}
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// Every query sees every key.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %x = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  // expected-remark @below {{no caches: this may attend to later positions}}
  %y = bitnet.attention %h, %h, %h scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// A mean over positions.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  // expected-remark @below {{no caches: this may mix positions}}
  %mean = onnx.ReduceMean %e, %queries {onnx.dims = [["", "", ""]]} : (tensor<1x?x32xf32>, tensor<1xi64>) -> tensor<1x1x32xf32>
  %x = onnx.Sub %e, %mean {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<1x1x32xf32>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// Elements are read in another order.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  // expected-remark @below {{no caches: this may mix positions}}
  %h = onnx.Reshape %x, %heads {onnx.dims = [["", "", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// The quantizer looks at all rows.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %w = bitnet.constant dense_resource<w> : tensor<32x32x!bitnet.trit>
  %s = arith.constant dense<0.5> : tensor<1xf32>
  %rows = tensor.collapse_shape %e [[0, 1], [2]] : tensor<1x?x32xf32> into tensor<?x32xf32>
  // expected-remark @below {{no caches: this may mix positions}}
  %l = bitnet.linear %rows, %w, %s {quantizer = #bitnet.quantizer<absmax, tensor, limit = 127.0 : f32, floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
      : tensor<?x32xf32>, tensor<32x32x!bitnet.trit>, tensor<1xf32> -> tensor<?x32xf32>
  %d1 = arith.constant 1 : index
  %size = tensor.dim %ids, %d1 : tensor<1x?xi64>
  %x = tensor.expand_shape %l [[0, 1], [2]] output_shape [1, %size, 32]
      : tensor<?x32xf32> into tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// The number of ids is a number like others.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  // expected-remark @below {{no caches: this may depend on the number of ids}}
  %f = onnx.Cast %n {to = 1 : i64, onnx.dims = [[]]} : (tensor<i64>) -> tensor<f32>
  %x = onnx.Div %e, %f {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<f32>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// The same, as integers.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  // expected-remark @below {{no caches: this may depend on the number of ids}}
  %more = onnx.Add %ids, %n {onnx.dims = [["", "seq"]]} : (tensor<1x?xi64>, tensor<i64>) -> tensor<1x?xi64>
  %x = onnx.Gather %table, %more {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// Every other position.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  %twice = onnx.Add %j, %j {onnx.dims = [["seq", ""]]} : (tensor<?x1xi64>, tensor<?x1xi64>) -> tensor<?x1xi64>
  // expected-remark @below {{no caches: these are no positions}}
  %f = onnx.Cast %twice {to = 1 : i64, onnx.dims = [["seq", ""]]} : (tensor<?x1xi64>) -> tensor<?x1xf32>
  %x = onnx.Mul %e, %f {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<?x1xf32>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}

// -----

// A size without a name.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     bitnet.kv_append
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
  %e = onnx.Gather %table, %ids {onnx.dims = [["", "seq", ""]]} : (tensor<8x32xf32>, tensor<1x?xi64>) -> tensor<1x?x32xf32>
  // expected-remark @below {{no caches: sizes of positions are unknown}}
  %f = onnx.Cast %j {to = 1 : i64} : (tensor<?x1xi64>) -> tensor<?x1xf32>
  %x = onnx.Mul %e, %f {onnx.dims = [["", "seq", ""]]} : (tensor<1x?x32xf32>, tensor<?x1xf32>) -> tensor<1x?x32xf32>
  %r = onnx.Reshape %x, %heads {onnx.dims = [["", "seq", "", ""]]} : (tensor<1x?x32xf32>, tensor<4xi64>) -> tensor<1x?x2x16xf32>
  %h = onnx.Transpose %r {onnx.dims = [["", "", "seq", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<1x?x2x16xf32>) -> tensor<1x2x?x16xf32>
  %y = bitnet.attention %h, %h, %h mask %mask : tensor<1x1x?x?xi1> scale 2.500000e-01
      : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
  return %y : tensor<1x2x?x16xf32>
}
