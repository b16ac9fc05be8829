// RUN: bitnet-opt %s --convert-onnx-to-bitnet --bitnet-recognize-model --canonicalize --cse | FileCheck %s
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --canonicalize --cse | FileCheck %s --check-prefix=GONE
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=WHERE

// The example of the pass's documentation.
// CHECK-LABEL: func @linear(
// CHECK-SAME:    %[[X:.*]]: tensor<?x2xf32>
// CHECK:         %[[W:.*]] = bitnet.constant dense_resource<weights> : tensor<3x2x!bitnet.trit>
// CHECK:         %[[SCALE:.*]] = arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         %[[Y:.*]] = bitnet.linear %[[X]], %[[W]], %[[SCALE]]
// CHECK-SAME:      bitnet.form = "A1/W10"
// CHECK-SAME:      quantizer = #bitnet.quantizer<absmax, token, limit = 1.270000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127, reciprocal = true>
// CHECK:         return %[[Y]]
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

// A model of one layer as PyTorch exports it, weights in INT2. Of its arithmetic
// stays what is not a layer, a norm, a position, a cache or attention: nothing
// of the quantizers, no float layer but the head, no repeated heads.
// GONE-NOT: onnx.{{Abs|Clip|Div|DequantizeLinear|ReduceMax|Reciprocal|RotaryEmbedding|Round|Sub}}
// GONE:     onnx.MatMul
// GONE-NOT: onnx.MatMul

// Layers keep the place of their product.
// WHERE-LABEL: func @main(
// WHERE:         bitnet.linear {{.*}} loc("model.layers.0.q_proj/MatMul")

// CHECK-LABEL: func @main(
// CHECK-SAME:    bitnet.role = "ids"
// CHECK-SAME:    bitnet.role = "mask"
// CHECK-SAME:    bitnet.role = "positions"
// CHECK-SAME:    bitnet.role = "past"
// CHECK-SAME:    bitnet.role = "past"
// CHECK-SAME:    bitnet.role = "logits"
// CHECK-SAME:    bitnet.role = "present:3"
// CHECK-SAME:    bitnet.role = "present:4"

// The rows of the embedding are the residual stream: nothing is reshaped but
// heads and the result.
// CHECK:         %[[X:.*]] = onnx.Gather {{.*}} -> tensor<?x256xf32>
// CHECK:         %[[N:.*]] = bitnet.rms_norm %[[X]],
// CHECK:         bitnet.linear %[[N]], {{.*}} {bitnet.form = "A2/W10"
// CHECK:         bitnet.linear %[[N]],
// CHECK:         bitnet.linear %[[N]],
// CHECK:         bitnet.rope
// CHECK:         bitnet.rope
// CHECK:         %[[K:.*]] = bitnet.kv_append
// CHECK:         %[[V:.*]] = bitnet.kv_append
// CHECK:         bitnet.attention %{{.*}}, %[[K]], %[[V]] mask
// CHECK:         %[[SUB:.*]] = bitnet.rms_norm
// CHECK:         %[[O:.*]] = bitnet.linear %[[SUB]],
// CHECK:         %[[MIDDLE:.*]] = onnx.Add %[[X]], %[[O]]
// CHECK:         %[[POST:.*]] = bitnet.rms_norm %[[MIDDLE]],
// CHECK:         %[[GATE:.*]] = bitnet.linear %[[POST]],
// CHECK:         onnx.Relu %[[GATE]]
// CHECK:         bitnet.linear %[[POST]],
// CHECK:         %[[DOWN:.*]] = bitnet.linear
// CHECK:         %[[NEXT:.*]] = onnx.Add %[[MIDDLE]], %[[DOWN]]
// CHECK:         %[[LAST:.*]] = bitnet.rms_norm %[[NEXT]],
// CHECK:         %[[HEAD:.*]] = onnx.MatMul %[[LAST]],
// CHECK:         %[[LOGITS:.*]] = tensor.expand_shape %[[HEAD]] {{\[\[}}0, 1], [2]]
// CHECK:         return %[[LOGITS]], %[[K]], %[[V]]
func.func @main(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]},
                %mask: tensor<?x?xi64> {onnx.dims = ["batch", "total"]},
                %positions: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"]},
                %past_key: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "past", ""]},
                %past_value: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "past", ""]})
    -> (tensor<?x?x2048xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) {
  %c0 = onnx.Constant {value = dense<0.5> : tensor<256xf32>} : () -> tensor<256xf32>
  %c1 = onnx.Constant {value = dense<0.5> : tensor<256xf32>} : () -> tensor<256xf32>
  %c2 = onnx.Constant {value = dense<0.5> : tensor<256xf32>} : () -> tensor<256xf32>
  %c3 = onnx.Constant {value = dense<0.5> : tensor<256xf32>} : () -> tensor<256xf32>
  %c4 = onnx.Constant {value = dense<0.5> : tensor<32xf32>} : () -> tensor<32xf32>
  %c5 = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %c6 = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %c7 = onnx.Constant {value = dense<true> : tensor<i1>} : () -> tensor<i1>
  %c8 = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %c9 = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %c10 = onnx.Constant {value = dense<3> : tensor<1xi64>} : () -> tensor<1xi64>
  %c11 = onnx.Constant {value = dense<-1.280000e+02> : tensor<f32>} : () -> tensor<f32>
  %c12 = onnx.Constant {value = dense<1.270000e+02> : tensor<f32>} : () -> tensor<f32>
  %c13 = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %c14 = onnx.Constant {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %c15 = onnx.Constant {value = dense<[1, 2]> : tensor<2xi64>} : () -> tensor<2xi64>
  %c16 = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %c17 = onnx.Constant {value = dense<2.000000e+00> : tensor<f32>} : () -> tensor<f32>
  %c18 = onnx.Constant {value = dense<64> : tensor<1xi64>} : () -> tensor<1xi64>
  %c19 = onnx.Constant {value = dense<4> : tensor<1xi64>} : () -> tensor<1xi64>
  %c20 = onnx.Constant {value = dense<0.157922387> : tensor<f32>} : () -> tensor<f32>
  %c21 = onnx.Constant {value = dense<0.159096867> : tensor<f32>} : () -> tensor<f32>
  %c22 = onnx.Constant {value = dense<0.251548678> : tensor<f32>} : () -> tensor<f32>
  %c23 = onnx.Constant {value = dense<0.202591747> : tensor<f32>} : () -> tensor<f32>
  %c24 = onnx.Constant {value = dense<0.200007379> : tensor<f32>} : () -> tensor<f32>
  %c25 = onnx.Constant {value = dense<0.205349833> : tensor<f32>} : () -> tensor<f32>
  %c26 = onnx.Constant {value = dense<0.117545299> : tensor<f32>} : () -> tensor<f32>
  %c27 = onnx.Constant {value = dense<0.5> : tensor<2048x256xf32>} : () -> tensor<2048x256xf32>
  %c28 = onnx.Constant {value = dense<1> : tensor<704x256xi2>} : () -> tensor<704x256xi2>
  %c29 = onnx.Constant {value = dense<0.5> : tensor<704xf32>} : () -> tensor<704xf32>
  %c30 = onnx.Constant {value = dense<1> : tensor<256x704xi2>} : () -> tensor<256x704xi2>
  %c31 = onnx.Constant {value = dense<1> : tensor<256x704xi2>} : () -> tensor<256x704xi2>
  %c32 = onnx.Constant {value = dense<1> : tensor<256x128xi2>} : () -> tensor<256x128xi2>
  %c33 = onnx.Constant {value = dense<1> : tensor<256x256xi2>} : () -> tensor<256x256xi2>
  %c34 = onnx.Constant {value = dense<1> : tensor<256x256xi2>} : () -> tensor<256x256xi2>
  %c35 = onnx.Constant {value = dense<1> : tensor<256x128xi2>} : () -> tensor<256x128xi2>
  %shape0 = onnx.Shape %ids {end = 2 : i64, start = 1 : i64} : (tensor<?x?xi64>) -> tensor<1xi64>
  %squeeze0 = onnx.Squeeze %shape0 : (tensor<1xi64>) -> tensor<i64>
  %shape1 = onnx.Shape %past_key {end = 3 : i64, start = 2 : i64} : (tensor<?x2x?x64xf32>) -> tensor<1xi64>
  %squeeze1 = onnx.Squeeze %shape1 : (tensor<1xi64>) -> tensor<i64>
  %shape2 = onnx.Shape %past_value {end = 1 : i64} : (tensor<?x2x?x64xf32>) -> tensor<1xi64>
  %squeeze2 = onnx.Squeeze %shape2 : (tensor<1xi64>) -> tensor<i64>
  %add0 = onnx.Add %squeeze1, %squeeze0 : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %gather0 = onnx.Gather %c27, %ids {onnx.dims = [["batch", "sequence", ""]]} : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
  %cast0 = onnx.Cast %mask {onnx.dims = [["batch", "total"]], to = 9 : i64} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %range0 = onnx.Range %c5, %squeeze2, %c6 {onnx.dims = [["batch"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %range1 = onnx.Range %c5, %squeeze0, %c6 {onnx.dims = [["sequence"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %add1 = onnx.Add %range1, %squeeze1 {onnx.dims = [["sequence"]]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %range2 = onnx.Range %c5, %add0, %c6 {onnx.dims = [["past + sequence"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %u0 = onnx.Unsqueeze %range0, %c15 {onnx.dims = [["batch", "", ""]]} : (tensor<?xi64>, tensor<2xi64>) -> tensor<?x1x1xi64>
  %u1 = onnx.Unsqueeze %u0, %c10 {onnx.dims = [["batch", "", "", ""]]} : (tensor<?x1x1xi64>, tensor<1xi64>) -> tensor<?x1x1x1xi64>
  %u2 = onnx.Unsqueeze %add1, %c16 {onnx.dims = [["", "", "sequence"]]} : (tensor<?xi64>, tensor<2xi64>) -> tensor<1x1x?xi64>
  %u3 = onnx.Unsqueeze %u2, %c10 {onnx.dims = [["", "", "sequence", ""]]} : (tensor<1x1x?xi64>, tensor<1xi64>) -> tensor<1x1x?x1xi64>
  %u4 = onnx.Unsqueeze %range2, %c16 {onnx.dims = [["", "", "past + sequence"]]} : (tensor<?xi64>, tensor<2xi64>) -> tensor<1x1x?xi64>
  %u5 = onnx.Unsqueeze %u4, %c14 {onnx.dims = [["", "", "", "past + sequence"]]} : (tensor<1x1x?xi64>, tensor<1xi64>) -> tensor<1x1x1x?xi64>
  %lessorequal0 = onnx.LessOrEqual %u5, %u3 {onnx.dims = [["", "", "sequence", "past + sequence"]]} : (tensor<1x1x1x?xi64>, tensor<1x1x?x1xi64>) -> tensor<1x1x?x?xi1>
  %and0 = onnx.And %c7, %lessorequal0 {onnx.dims = [["", "", "sequence", "past + sequence"]]} : (tensor<i1>, tensor<1x1x?x?xi1>) -> tensor<1x1x?x?xi1>
  %max0 = onnx.Max %u1, %u5 {onnx.dims = [["batch", "", "", "past + sequence"]]} : (tensor<?x1x1x1xi64>, tensor<1x1x1x?xi64>) -> tensor<?x1x1x?xi64>
  %shape3 = onnx.Shape %max0 : (tensor<?x1x1x?xi64>) -> tensor<4xi64>
  %wide0 = onnx.Expand %u1, %shape3 {onnx.dims = [["batch", "", "", "past + sequence"]]} : (tensor<?x1x1x1xi64>, tensor<4xi64>) -> tensor<?x1x1x?xi64>
  %u6 = onnx.Unsqueeze %wide0, %c8 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x1x1x?xi64>, tensor<1xi64>) -> tensor<?x1x1x?x1xi64>
  %wide1 = onnx.Expand %u5, %shape3 {onnx.dims = [["batch", "", "", "past + sequence"]]} : (tensor<1x1x1x?xi64>, tensor<4xi64>) -> tensor<?x1x1x?xi64>
  %u7 = onnx.Unsqueeze %wide1, %c8 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x1x1x?xi64>, tensor<1xi64>) -> tensor<?x1x1x?x1xi64>
  %cat0 = onnx.Concat %u6, %u7 {axis = -1 : i64, onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x1x1x?x1xi64>, tensor<?x1x1x?x1xi64>) -> tensor<?x1x1x?x2xi64>
  %gathernd0 = onnx.GatherND %cast0, %cat0 {onnx.dims = [["batch", "", "", "past + sequence"]]} : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
  %and1 = onnx.And %and0, %gathernd0 {onnx.dims = [["batch", "", "sequence", "past + sequence"]]} : (tensor<1x1x?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %view0 = onnx.Reshape %add0, %c8 : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %cat1 = onnx.Concat %shape2, %c13, %shape0, %view0 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %wide2 = onnx.Expand %and1, %cat1 {onnx.dims = [["batch", "", "sequence", "past + sequence"]]} : (tensor<?x1x?x?xi1>, tensor<4xi64>) -> tensor<?x1x?x?xi1>
  %u8 = onnx.Unsqueeze %positions, %c14 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?x1xi64>
  %cast1 = onnx.Cast %u8 {onnx.dims = [["batch", "sequence", ""]], to = 1 : i64} : (tensor<?x?x1xi64>) -> tensor<?x?x1xf32>
  %mul0 = onnx.Mul %cast1, %c4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>, tensor<32xf32>) -> tensor<?x?x32xf32>
  %norm0 = onnx.RMSNormalization %gather0, %c1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  %abs0 = onnx.Abs %norm0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %max1 = onnx.ReduceMax %abs0, %c8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %clip0 = onnx.Clip %max1, %c9 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r0 = onnx.Reciprocal %clip0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %mul1 = onnx.Mul %r0, %c12 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %mul2 = onnx.Mul %norm0, %mul1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %round0 = onnx.Round %mul2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %clip1 = onnx.Clip %round0, %c11, %c12 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x?x256xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x256xf32>
  %div0 = onnx.Div %clip1, %mul1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %sub0 = onnx.Sub %div0, %norm0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %add2 = onnx.Add %norm0, %sub0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %w0 = onnx.DequantizeLinear %c34, %c20 : (tensor<256x256xi2>, tensor<f32>) -> tensor<256x256xf32>
  %y0 = onnx.MatMul %add2, %w0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x256xf32>) -> tensor<?x?x256xf32> loc("model.layers.0.q_proj/MatMul")
  %cat2 = onnx.Concat %shape2, %shape0, %c8, %c18 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %view1 = onnx.Reshape %y0, %cat2 {allowzero = 1 : i64, onnx.dims = [["batch", "sequence", "", ""]]} : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
  %t0 = onnx.Transpose %view1 {onnx.dims = [["batch", "", "sequence", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x64xf32>) -> tensor<?x4x?x64xf32>
  %w1 = onnx.DequantizeLinear %c32, %c21 : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
  %y1 = onnx.MatMul %add2, %w1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x128xf32>) -> tensor<?x?x128xf32> loc("model.layers.0.k_proj/MatMul")
  %view2 = onnx.Reshape %y1, %cat2 {allowzero = 1 : i64, onnx.dims = [["batch", "sequence", "", ""]]} : (tensor<?x?x128xf32>, tensor<4xi64>) -> tensor<?x?x2x64xf32>
  %t1 = onnx.Transpose %view2 {onnx.dims = [["batch", "", "sequence", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x64xf32>) -> tensor<?x2x?x64xf32>
  %w2 = onnx.DequantizeLinear %c35, %c22 : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
  %y2 = onnx.MatMul %add2, %w2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x128xf32>) -> tensor<?x?x128xf32> loc("model.layers.0.v_proj/MatMul")
  %view3 = onnx.Reshape %y2, %cat2 {allowzero = 1 : i64, onnx.dims = [["batch", "sequence", "", ""]]} : (tensor<?x?x128xf32>, tensor<4xi64>) -> tensor<?x?x2x64xf32>
  %t2 = onnx.Transpose %view3 {onnx.dims = [["batch", "", "sequence", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x2x64xf32>) -> tensor<?x2x?x64xf32>
  %cos0 = onnx.Cos %mul0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  %sin0 = onnx.Sin %mul0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  %rope0 = onnx.RotaryEmbedding %t0, %cos0, %sin0 {num_heads = 4 : i64, onnx.dims = [["batch", "", "sequence", ""]]} : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x4x?x64xf32>
  %cos1 = onnx.Cos %mul0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  %sin1 = onnx.Sin %mul0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  %rope1 = onnx.RotaryEmbedding %t1, %cos1, %sin1 {num_heads = 2 : i64, onnx.dims = [["batch", "", "sequence", ""]]} : (tensor<?x2x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x2x?x64xf32>
  %cat3 = onnx.Concat %past_key, %rope1 {axis = -2 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]} : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  %cat4 = onnx.Concat %past_value, %t2 {axis = -2 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]} : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  %u9 = onnx.Unsqueeze %cat3, %c14 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x2x?x64xf32>, tensor<1xi64>) -> tensor<?x2x1x?x64xf32>
  %cat5 = onnx.Concat %shape2, %c14, %c14, %view0, %c18 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %wide3 = onnx.Expand %u9, %cat5 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x2x1x?x64xf32>, tensor<5xi64>) -> tensor<?x2x2x?x64xf32>
  %cat6 = onnx.Concat %shape2, %c19, %view0, %c18 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %view4 = onnx.Reshape %wide3, %cat6 {allowzero = 1 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]} : (tensor<?x2x2x?x64xf32>, tensor<4xi64>) -> tensor<?x4x?x64xf32>
  %u10 = onnx.Unsqueeze %cat4, %c14 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x2x?x64xf32>, tensor<1xi64>) -> tensor<?x2x1x?x64xf32>
  %wide4 = onnx.Expand %u10, %cat5 {onnx.dims = [["batch", "", "", "past + sequence", ""]]} : (tensor<?x2x1x?x64xf32>, tensor<5xi64>) -> tensor<?x2x2x?x64xf32>
  %view5 = onnx.Reshape %wide4, %cat6 {allowzero = 1 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]} : (tensor<?x2x2x?x64xf32>, tensor<4xi64>) -> tensor<?x4x?x64xf32>
  %attention0 = onnx.Attention %rope0, %view4, %view5, %wide2 {onnx.dims = [["batch", "", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 1.250000e-01 : f32} : (tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x1x?x?xi1>) -> tensor<?x4x?x64xf32>
  %t3 = onnx.Transpose %attention0 {onnx.dims = [["batch", "sequence", "", ""]], perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x64xf32>) -> tensor<?x?x4x64xf32>
  %cat7 = onnx.Concat %shape2, %shape0, %c8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %view6 = onnx.Reshape %t3, %cat7 {allowzero = 1 : i64, onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x4x64xf32>, tensor<3xi64>) -> tensor<?x?x256xf32>
  %norm1 = onnx.RMSNormalization %view6, %c0 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  %abs1 = onnx.Abs %norm1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %max2 = onnx.ReduceMax %abs1, %c8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %clip2 = onnx.Clip %max2, %c9 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r1 = onnx.Reciprocal %clip2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %mul3 = onnx.Mul %r1, %c12 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %mul4 = onnx.Mul %norm1, %mul3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %round1 = onnx.Round %mul4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %clip3 = onnx.Clip %round1, %c11, %c12 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x?x256xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x256xf32>
  %div1 = onnx.Div %clip3, %mul3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %sub1 = onnx.Sub %div1, %norm1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %add3 = onnx.Add %norm1, %sub1 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %w3 = onnx.DequantizeLinear %c33, %c23 : (tensor<256x256xi2>, tensor<f32>) -> tensor<256x256xf32>
  %y3 = onnx.MatMul %add3, %w3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x256xf32>) -> tensor<?x?x256xf32> loc("model.layers.0.o_proj/MatMul")
  %add4 = onnx.Add %gather0, %y3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %norm2 = onnx.RMSNormalization %add4, %c2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  %abs2 = onnx.Abs %norm2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %max3 = onnx.ReduceMax %abs2, %c8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %clip4 = onnx.Clip %max3, %c9 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r2 = onnx.Reciprocal %clip4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %mul5 = onnx.Mul %r2, %c12 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %mul6 = onnx.Mul %norm2, %mul5 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %round2 = onnx.Round %mul6 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %clip5 = onnx.Clip %round2, %c11, %c12 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x?x256xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x256xf32>
  %div2 = onnx.Div %clip5, %mul5 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x1xf32>) -> tensor<?x?x256xf32>
  %sub2 = onnx.Sub %div2, %norm2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %add5 = onnx.Add %norm2, %sub2 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %w4 = onnx.DequantizeLinear %c30, %c24 : (tensor<256x704xi2>, tensor<f32>) -> tensor<256x704xf32>
  %y4 = onnx.MatMul %add5, %w4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x704xf32>) -> tensor<?x?x704xf32> loc("model.layers.0.gate_proj/MatMul")
  %relu0 = onnx.Relu %y4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %pow0 = onnx.Pow %relu0, %c17 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<f32>) -> tensor<?x?x704xf32>
  %w5 = onnx.DequantizeLinear %c31, %c25 : (tensor<256x704xi2>, tensor<f32>) -> tensor<256x704xf32>
  %y5 = onnx.MatMul %add5, %w5 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x704xf32>) -> tensor<?x?x704xf32> loc("model.layers.0.up_proj/MatMul")
  %mul7 = onnx.Mul %pow0, %y5 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %norm3 = onnx.RMSNormalization %mul7, %c29 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<704xf32>) -> tensor<?x?x704xf32>
  %abs3 = onnx.Abs %norm3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %max4 = onnx.ReduceMax %abs3, %c8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %clip6 = onnx.Clip %max4, %c9 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r3 = onnx.Reciprocal %clip6 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %mul8 = onnx.Mul %r3, %c12 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %mul9 = onnx.Mul %norm3, %mul8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<?x?x1xf32>) -> tensor<?x?x704xf32>
  %round3 = onnx.Round %mul9 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %clip7 = onnx.Clip %round3, %c11, %c12 {onnx.dims = [["batch", "sequence", ""]], operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x?x704xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x704xf32>
  %div3 = onnx.Div %clip7, %mul8 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<?x?x1xf32>) -> tensor<?x?x704xf32>
  %sub3 = onnx.Sub %div3, %norm3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %add6 = onnx.Add %norm3, %sub3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<?x?x704xf32>) -> tensor<?x?x704xf32>
  %w6 = onnx.DequantizeLinear %c28, %c26 : (tensor<704x256xi2>, tensor<f32>) -> tensor<704x256xf32>
  %y6 = onnx.MatMul %add6, %w6 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x704xf32>, tensor<704x256xf32>) -> tensor<?x?x256xf32> loc("model.layers.0.down_proj/MatMul")
  %add7 = onnx.Add %add4, %y6 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<?x?x256xf32>) -> tensor<?x?x256xf32>
  %norm4 = onnx.RMSNormalization %add7, %c3 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  %t4 = onnx.Transpose %c27 {perm = array<i64: 1, 0>} : (tensor<2048x256xf32>) -> tensor<256x2048xf32>
  %y7 = onnx.MatMul %norm4, %t4 {onnx.dims = [["batch", "sequence", ""]]} : (tensor<?x?x256xf32>, tensor<256x2048xf32>) -> tensor<?x?x2048xf32>
  return %y7, %cat3, %cat4 : tensor<?x?x2048xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>
}
