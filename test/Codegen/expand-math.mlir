// RUN: bitnet-opt %s --bitnet-expand-math | FileCheck %s

// CHECK-LABEL: func @rsqrt(
// CHECK-SAME:    %[[X:.*]]: vector<8xf32>)
// CHECK:         %[[ROOT:.*]] = math.sqrt %[[X]]
// CHECK:         arith.divf %{{.*}}, %[[ROOT]]
// CHECK-NOT:     math.rsqrt
func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.rsqrt %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func @expands_scalars(
// CHECK-NOT:     math.exp
// CHECK:         math.fma %{{.*}} : f32
func.func @expands_scalars(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// CHECK-LABEL: func @expands_every_function(
// CHECK-NOT:     math.{{exp|exp2|expm1|tanh|erf|log|log1p|sin|cos|powf}}
// CHECK:         return
func.func @expands_every_function(%x: vector<2x4xf32>) -> vector<2x4xf32> {
  %0 = math.exp %x : vector<2x4xf32>
  %1 = math.exp2 %0 : vector<2x4xf32>
  %2 = math.expm1 %1 : vector<2x4xf32>
  %3 = math.tanh %2 : vector<2x4xf32>
  %4 = math.erf %3 : vector<2x4xf32>
  %5 = math.log %4 : vector<2x4xf32>
  %6 = math.log1p %5 : vector<2x4xf32>
  %7 = math.sin %6 : vector<2x4xf32>
  %8 = math.cos %7 : vector<2x4xf32>
  %9 = math.powf %8, %x : vector<2x4xf32>
  return %9 : vector<2x4xf32>
}

// Rounded once, at the end.
// CHECK-LABEL: func @computes_f16_in_f32(
// CHECK-SAME:    %[[X:.*]]: vector<4xf16>)
// CHECK:         arith.extf %[[X]] : vector<4xf16> to vector<4xf32>
// CHECK:         %[[Y:.*]] = arith.truncf %{{.*}} : vector<4xf32> to vector<4xf16>
// CHECK-NEXT:    return %[[Y]]
func.func @computes_f16_in_f32(%x: vector<4xf16>) -> vector<4xf16> {
  %y = math.tanh %x : vector<4xf16>
  return %y : vector<4xf16>
}

// CHECK-LABEL: func @squares(
// CHECK-SAME:    %[[X:.*]]: f32)
// CHECK:         %[[Y:.*]] = arith.mulf %[[X]], %[[X]] : f32
// CHECK-NEXT:    return %[[Y]]
func.func @squares(%x: f32) -> f32 {
  %two = arith.constant 2.0 : f32
  %y = math.powf %x, %two : f32
  return %y : f32
}

// CHECK-LABEL: func @keeps_instructions(
// CHECK:         math.sqrt
// CHECK:         math.floor
// CHECK:         math.roundeven
func.func @keeps_instructions(%x: f32) -> f32 {
  %0 = math.sqrt %x : f32
  %1 = math.floor %0 : f32
  %2 = math.roundeven %1 : f32
  return %2 : f32
}

// CHECK-LABEL: func @keeps_f64(
// CHECK:         math.exp
func.func @keeps_f64(%x: f64) -> f64 {
  %y = math.exp %x : f64
  return %y : f64
}
