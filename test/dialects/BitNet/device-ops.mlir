// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --cse --canonicalize | FileCheck %s --check-prefix=EFFECTS

// CHECK-LABEL: func @memory(
// CHECK:         bitnet.kernel_parameters : i64
// CHECK:         bitnet.device_load %{{.*}}[%{{.*}}] : f32
// CHECK:         bitnet.device_store %{{.*}}, %{{.*}}[%{{.*}}] : f32
// CHECK:         bitnet.device_load %{{.*}}[%{{.*}}] {alignment = 1 : i64} : vector<4xi8>
// CHECK:         bitnet.device_store %{{.*}}, %{{.*}}[%{{.*}}] : vector<4xi8>
//
// What is written in between is read again; what nobody reads is not read.
// EFFECTS-LABEL: func @memory(
// EFFECTS:         bitnet.kernel_parameters
// EFFECTS-NOT:     bitnet.kernel_parameters
// EFFECTS:         bitnet.device_load
// EFFECTS:         bitnet.device_store
// EFFECTS:         bitnet.device_load
// EFFECTS:         bitnet.device_store
// EFFECTS-NOT:     bitnet.device_load
// EFFECTS:         return
func.func @memory(%address: i64, %i: index) -> i64 {
  %p = bitnet.kernel_parameters : i64
  %q = bitnet.kernel_parameters : i64
  %x = bitnet.device_load %address[%i] : f32
  bitnet.device_store %x, %address[%i] : f32
  %v = bitnet.device_load %address[%i] {alignment = 1 : i64} : vector<4xi8>
  bitnet.device_store %v, %address[%i] : vector<4xi8>
  %unused = bitnet.device_load %address[%i] : f64
  %r = arith.addi %p, %q : i64
  return %r : i64
}

// CHECK-LABEL: func @arithmetic(
// CHECK:         bitnet.dot4 %{{.*}}, %{{.*}}, %{{.*}} : i32
// EFFECTS-LABEL: func @arithmetic(
// EFFECTS-COUNT-1: bitnet.dot4
// EFFECTS-NOT:     bitnet.dot4
func.func @arithmetic(%codes: i32, %values: i32, %init: i32) -> i32 {
  %s = bitnet.dot4 %codes, %values, %init : i32
  %t = bitnet.dot4 %codes, %values, %init : i32
  %r = arith.addi %s, %t : i32
  return %r : i32
}
