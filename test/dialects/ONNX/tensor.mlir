// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

// The operators that make and move tensors, each as in its documentation.

// CHECK-LABEL: func @constants(
// CHECK:         onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
// CHECK:         onnx.ConstantOfShape %{{.*}} {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<?x?xi64>
// CHECK:         onnx.Range %{{.*}}, %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
func.func @constants(%shape: tensor<2xi64>, %start: tensor<i64>, %limit: tensor<i64>,
                     %delta: tensor<i64>) {
  %constant = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %constantOfShape = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>}
      : (tensor<2xi64>) -> tensor<?x?xi64>
  %range = onnx.Range %start, %limit, %delta
      : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// CHECK-LABEL: func @sizes(
// CHECK:         onnx.Shape %{{.*}} {end = 2 : i64} : (tensor<?x?x256xf32>) -> tensor<2xi64>
// CHECK:         onnx.Size %{{.*}} : (tensor<?x256xf32>) -> tensor<i64>
func.func @sizes(%x: tensor<?x?x256xf32>, %x1: tensor<?x256xf32>) {
  %shape = onnx.Shape %x {start = 0 : i64, end = 2 : i64}
      : (tensor<?x?x256xf32>) -> tensor<2xi64>
  %size = onnx.Size %x1 : (tensor<?x256xf32>) -> tensor<i64>
  return
}

// CHECK-LABEL: func @types(
// CHECK:         onnx.Identity %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Cast %{{.*}} {to = 1 : i64} : (tensor<2x3xi64>) -> tensor<2x3xf32>
// CHECK:         onnx.CastLike %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<f32>) -> tensor<2x3xf32>
func.func @types(%x: tensor<2x3xf32>, %x1: tensor<2x3xi64>, %like: tensor<f32>) {
  %identity = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %cast = onnx.Cast %x1 {to = 1 : i64} : (tensor<2x3xi64>) -> tensor<2x3xf32>
  %castLike = onnx.CastLike %x1, %like : (tensor<2x3xi64>, tensor<f32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: func @reshape(
// CHECK:         onnx.Reshape %{{.*}}, %{{.*}} {allowzero = 1 : i64} : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
func.func @reshape(%x: tensor<?x?x256xf32>, %shape: tensor<4xi64>) {
  %reshape = onnx.Reshape %x, %shape {allowzero = 1 : i64}
      : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
  return
}

// CHECK-LABEL: func @flatten(
// CHECK:         onnx.Flatten %{{.*}} {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
func.func @flatten(%x: tensor<2x3x4xf32>) {
  %flatten = onnx.Flatten %x {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  return
}

// CHECK-LABEL: func @squeeze(
// CHECK:         onnx.Squeeze %{{.*}}, %{{.*}} : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<3xf32>
func.func @squeeze(%x: tensor<1x3xf32>, %axes: tensor<1xi64>) {
  %squeeze = onnx.Squeeze %x, %axes : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<3xf32>
  return
}

// CHECK-LABEL: func @unsqueeze(
// CHECK:         onnx.Unsqueeze %{{.*}}, %{{.*}} : (tensor<3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
func.func @unsqueeze(%x: tensor<3xf32>, %axes: tensor<1xi64>) {
  %unsqueeze = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
  return
}

// CHECK-LABEL: func @expand(
// CHECK:         onnx.Expand %{{.*}}, %{{.*}} : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x4xf32>
func.func @expand(%x: tensor<3x1xf32>, %shape: tensor<2xi64>) {
  %expand = onnx.Expand %x, %shape : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: func @transpose(
// CHECK:         onnx.Transpose %{{.*}} {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
func.func @transpose(%x: tensor<2x3x4xf32>) {
  %transpose = onnx.Transpose %x {perm = array<i64: 0, 2, 1>}
      : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  return
}

// CHECK-LABEL: func @concat(
// CHECK:         onnx.Concat %{{.*}}, %{{.*}} {axis = -2 : i64} : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
func.func @concat(%past: tensor<1x2x?x64xf32>, %new: tensor<1x2x?x64xf32>) {
  %concat = onnx.Concat %past, %new {axis = -2 : i64}
      : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
  return
}

// CHECK-LABEL: func @split(
// CHECK:         onnx.Split %{{.*}}, %{{.*}} {axis = -1 : i64} : (tensor<2x48xf32>, tensor<2xi64>) -> (tensor<2x32xf32>, tensor<2x16xf32>)
func.func @split(%x: tensor<2x48xf32>, %sizes: tensor<2xi64>) {
  %a, %b = onnx.Split %x, %sizes {axis = -1 : i64}
      : (tensor<2x48xf32>, tensor<2xi64>) -> (tensor<2x32xf32>, tensor<2x16xf32>)
  return
}

// CHECK-LABEL: func @top_k(
// CHECK:         onnx.TopK %{{.*}}, %{{.*}} : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
func.func @top_k(%x: tensor<2x8xf32>, %k: tensor<1xi64>) {
  %values, %indices = onnx.TopK %x, %k {axis = -1 : i64, largest = 1 : i64}
      : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// CHECK-LABEL: func @slice(
// CHECK:         onnx.Slice %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?xi64>
func.func @slice(%x: tensor<1x512xi64>, %starts: tensor<1xi64>, %ends: tensor<1xi64>,
                 %axes: tensor<1xi64>) {
  %slice = onnx.Slice %x, %starts, %ends, %axes
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>)
      -> tensor<1x?xi64>
  return
}

// CHECK-LABEL: func @tile(
// CHECK:         onnx.Tile %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x6xf32>
func.func @tile(%x: tensor<2x3xf32>, %repeats: tensor<2xi64>) {
  %tile = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x6xf32>
  return
}

// CHECK-LABEL: func @trilu(
// CHECK:         onnx.Trilu %{{.*}} {upper = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
func.func @trilu(%x: tensor<4x4xf32>) {
  %trilu = onnx.Trilu %x {upper = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// CHECK-LABEL: func @gather(
// CHECK:         onnx.Gather %{{.*}}, %{{.*}} : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
// CHECK:         onnx.GatherElements %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
// CHECK:         onnx.GatherND %{{.*}}, %{{.*}} : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
func.func @gather(%table: tensor<2048x256xf32>, %ids: tensor<?x?xi64>, %x: tensor<2x8xf32>,
                  %indices: tensor<2x3xi64>, %mask: tensor<?x?xi1>,
                  %indices1: tensor<?x1x1x?x2xi64>) {
  %gather = onnx.Gather %table, %ids
      : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
  %gatherElements = onnx.GatherElements %x, %indices {axis = 1 : i64}
      : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  %gatherND = onnx.GatherND %mask, %indices1
      : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
  return
}

// CHECK-LABEL: func @scatter(
// CHECK:         onnx.ScatterND %{{.*}}, %{{.*}}, %{{.*}} : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
// CHECK:         onnx.TensorScatter %{{.*}}, %{{.*}}, %{{.*}} {axis = 2 : i64} : (tensor<1x2x64x32xf32>, tensor<1x2x3x32xf32>, tensor<1xi64>) -> tensor<1x2x64x32xf32>
func.func @scatter(%x: tensor<8xf32>, %indices: tensor<4x1xi64>, %updates: tensor<4xf32>,
                   %cache: tensor<1x2x64x32xf32>, %new: tensor<1x2x3x32xf32>, %at: tensor<1xi64>) {
  %scatterND = onnx.ScatterND %x, %indices, %updates
      : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
  %tensorScatter = onnx.TensorScatter %cache, %new, %at {axis = 2 : i64}
      : (tensor<1x2x64x32xf32>, tensor<1x2x3x32xf32>, tensor<1xi64>)
      -> tensor<1x2x64x32xf32>
  return
}
