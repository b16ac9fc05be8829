// RUN: bitnet-opt %s --bitnet-widen-halves | FileCheck %s
// RUN: bitnet-opt %s --bitnet-widen-halves --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=KEEPS

// CHECK-LABEL: func @adds(
// CHECK-SAME:    %[[X:.*]]: vector<8xbf16>, %[[Y:.*]]: vector<8xbf16>
// CHECK-DAG:     %[[A:.*]] = arith.extf %[[X]] : vector<8xbf16> to vector<8xf32>
// CHECK-DAG:     %[[B:.*]] = arith.extf %[[Y]] : vector<8xbf16> to vector<8xf32>
// CHECK:         %[[C:.*]] = arith.addf %[[A]], %[[B]] : vector<8xf32>
// CHECK-NEXT:    %[[Z:.*]] = arith.truncf %[[C]] : vector<8xf32> to vector<8xbf16>
// CHECK-NEXT:    return %[[Z]]
func.func @adds(%x: vector<8xbf16>, %y: vector<8xbf16>) -> vector<8xbf16> {
  %z = arith.addf %x, %y : vector<8xbf16>
  return %z : vector<8xbf16>
}

// The first result is rounded before the second op reads it.
// KEEPS-LABEL: func @rounds_in_between(
// KEEPS:         %[[M:.*]] = arith.mulf {{.*}} : f32
// KEEPS-NEXT:    %[[H:.*]] = arith.truncf %[[M]] : f32 to f16
// KEEPS-NEXT:    %[[W:.*]] = arith.extf %[[H]] : f16 to f32
// KEEPS-NEXT:    %[[S:.*]] = math.sqrt %[[W]] : f32
// KEEPS-NEXT:    arith.truncf %[[S]] : f32 to f16
func.func @rounds_in_between(%x: f16, %y: f16) -> f16 {
  %m = arith.mulf %x, %y : f16
  %s = math.sqrt %m : f16
  return %s : f16
}

// CHECK-LABEL: func @compares(
// CHECK:         arith.cmpf olt, {{.*}} : f32
// CHECK-NOT:     arith.truncf
func.func @compares(%x: bf16, %y: bf16) -> i1 {
  %z = arith.cmpf olt, %x, %y : bf16
  return %z : i1
}

// CHECK-LABEL: func @converts_integers(
// CHECK:         arith.sitofp {{.*}} : i64 to f32
// CHECK-NEXT:    arith.truncf {{.*}} : f32 to bf16
// CHECK:         arith.fptosi {{.*}} : f32 to i8
func.func @converts_integers(%x: i64, %y: f16) -> (bf16, i8) {
  %z = arith.sitofp %x : i64 to bf16
  %w = arith.fptosi %y : f16 to i8
  return %z, %w : bf16, i8
}

// CHECK-LABEL: func @narrows_in_steps(
// CHECK:         %[[F:.*]] = arith.truncf {{.*}} : f64 to f32
// CHECK-NEXT:    arith.truncf %[[F]] : f32 to f16
func.func @narrows_in_steps(%x: f64) -> f16 {
  %z = arith.truncf %x : f64 to f16
  return %z : f16
}

// CHECK-LABEL: func @keeps_what_moves_bits(
// CHECK-NEXT:    %[[S:.*]] = arith.select {{.*}} : bf16
// CHECK-NEXT:    arith.bitcast %[[S]] : bf16 to i16
func.func @keeps_what_moves_bits(%c: i1, %x: bf16, %y: bf16) -> i16 {
  %s = arith.select %c, %x, %y : bf16
  %z = arith.bitcast %s : bf16 to i16
  return %z : i16
}

// CHECK-LABEL: func @keeps_floats(
// CHECK-NEXT:    arith.addf {{.*}} : f32
// CHECK-NEXT:    return
func.func @keeps_floats(%x: f32, %y: f32) -> f32 {
  %z = arith.addf %x, %y : f32
  return %z : f32
}
