// RUN: bitnet-opt %s --bitnet-lower-checks | FileCheck %s

// CHECK-DAG:   llvm.func @bitnet_fail(!llvm.ptr) attributes {passthrough = ["noreturn", "cold"]}
// CHECK-DAG:   llvm.mlir.global internal constant @check_message_0("input sizes differ\00")
// CHECK-DAG:   llvm.mlir.global internal constant @check_message_1("layers.0/Add: input sizes differ\00")
// CHECK-NOT:   llvm.mlir.global

// CHECK-LABEL: func @checks(
// CHECK-SAME:    %[[OK:.*]]: i1)
// CHECK:         cf.cond_br %[[OK]] weights([2000, 1]), ^[[GO:.*]], ^[[FAIL:.*]]
// CHECK:       ^[[GO]]:
// CHECK:         return
// CHECK:       ^[[FAIL]]:
// CHECK:         %[[TEXT:.*]] = llvm.mlir.addressof @check_message_0
// CHECK:         llvm.call @bitnet_fail(%[[TEXT]])
// CHECK:         llvm.unreachable
func.func @checks(%ok: i1) {
  cf.assert %ok, "input sizes differ"
  return
}

// CHECK-LABEL: func @names_the_node(
// CHECK:         llvm.mlir.addressof @check_message_1
func.func @names_the_node(%ok: i1) {
  cf.assert %ok, "input sizes differ" loc("layers.0/Add")
  return
}

// CHECK-LABEL: func @shares_messages(
// CHECK:         llvm.mlir.addressof @check_message_0
func.func @shares_messages(%ok: i1) {
  cf.assert %ok, "input sizes differ"
  return
}
