// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @static_ones_are_broadcast(
// CHECK:         linalg.generic {indexing_maps = [#[[ID:.*]], #[[ROW:.*]], #[[ID]]]
// CHECK:           arith.addf
func.func @static_ones_are_broadcast(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) -> tensor<2x3xf32> {
  %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: func @one_name_is_one_size(
// CHECK-NOT:     cf.assert
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>)
func.func @one_name_is_one_size(
    %a: tensor<?x4xf32> {onnx.dims = ["rows", ""]}, %b: tensor<?x4xf32> {onnx.dims = ["rows", ""]})
    -> tensor<?x4xf32> {
  %c = onnx.Mul %a, %b : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// Either size may be 1, and if none is they must agree.
// CHECK-LABEL: func @compares_unnamed_sizes(
// CHECK-SAME:    %[[A:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<?xf32>
// CHECK:         cf.assert %{{.*}}, "cannot broadcast operands"
// CHECK:         cf.assert %{{.*}}, "cannot broadcast operands"
// CHECK:         linalg.generic
// CHECK:           tensor.extract %[[A]]
// CHECK:           tensor.extract %[[B]]
func.func @compares_unnamed_sizes(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %c = onnx.Sub %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %c : tensor<?xf32>
}

// A scalar constant is part of the body.
// CHECK-LABEL: func @limits(
// CHECK-DAG:     %[[LOW:.*]] = arith.constant -1.280000e+02 : f32
// CHECK-DAG:     %[[HIGH:.*]] = arith.constant 1.270000e+02 : f32
// CHECK:         linalg.generic {{.*}} ins(%{{.*}} : tensor<8xf32>)
// CHECK:           %[[R:.*]] = arith.cmpf olt, %[[X:.*]], %[[LOW]]
// CHECK:           %[[S:.*]] = arith.select %[[R]], %[[LOW]], %[[X]]
// CHECK:           %[[T:.*]] = arith.cmpf ogt, %[[S]], %[[HIGH]]
// CHECK:           arith.select %[[T]], %[[HIGH]], %[[S]]
func.func @limits(%x: tensor<8xf32>) -> tensor<8xf32> {
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %y = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<8xf32>, tensor<f32>, tensor<f32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @rounds_halves_to_even(
// CHECK:         math.roundeven
func.func @rounds_halves_to_even(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = onnx.Round %x : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @divides(
// CHECK:         arith.divf %{{.*}}, %{{.*}} : f32
func.func @divides(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = onnx.Div %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// Neither a division by 0 nor one by -1 may trap.
// CHECK-LABEL: func @divides_integers(
// CHECK:         %[[SAFE:.*]] = arith.select
// CHECK:         arith.divsi %{{.*}}, %[[SAFE]]
// CHECK:         arith.select
func.func @divides_integers(%x: tensor<20xi64>) -> tensor<20xi64> {
  %y = onnx.Div %x, %x : (tensor<20xi64>, tensor<20xi64>) -> tensor<20xi64>
  return %y : tensor<20xi64>
}

// CHECK-LABEL: func @squares(
// CHECK-NOT:     math.powf
// CHECK:         arith.mulf %[[X:.*]], %[[X]] : f32
func.func @squares(%x: tensor<8xf32>) -> tensor<8xf32> {
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %y = onnx.Pow %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @keeps_power(
// CHECK:         math.powf
func.func @keeps_power(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = onnx.Pow %x, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @compares(
// CHECK:         arith.cmpi sle
// CHECK:         arith.cmpf oge
func.func @compares(%x: tensor<20xi64>, %y: tensor<4xf32>) -> (tensor<20xi1>, tensor<4xi1>) {
  %a = onnx.LessOrEqual %x, %x : (tensor<20xi64>, tensor<20xi64>) -> tensor<20xi1>
  %b = onnx.GreaterOrEqual %y, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %a, %b : tensor<20xi1>, tensor<4xi1>
}

// What an integer can't hold is limited before it is converted.
// CHECK-LABEL: func @converts(
// CHECK:         arith.select
// CHECK:         arith.select
// CHECK:         arith.fptosi %{{.*}} : f32 to i8
func.func @converts(%x: tensor<4xf32>) -> tensor<4xi8> {
  %y = onnx.Cast %x {to = 3 : i64} : (tensor<4xf32>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// CHECK-LABEL: func @multiplies_by_a_line_with_limits(
// CHECK-DAG:     %[[SLOPE:.*]] = arith.constant 0.166666672 : f32
// CHECK-DAG:     %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:           %[[SCALED:.*]] = arith.mulf %[[X:.*]], %[[SLOPE]]
// CHECK:           %[[LINE:.*]] = arith.addf %[[SCALED]], %[[HALF]]
// CHECK:           arith.cmpf olt, %[[LINE]]
// CHECK:           arith.cmpf ogt
// CHECK:           %[[LIMITED:.*]] = arith.select
// CHECK:           arith.mulf %[[X]], %[[LIMITED]]
func.func @multiplies_by_a_line_with_limits(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = onnx.HardSwish %x : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
