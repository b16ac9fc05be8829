// RUN: bitnet-opt %s --bitnet-lower-parallel-calls | FileCheck %s

// What is known of regions is a table for the runtime; its last entry is empty.
// CHECK:       llvm.mlir.global internal constant @bitnet_kind_1("attention\00")
// CHECK:       llvm.mlir.global external constant @bitnet_regions() {{.*}} !llvm.array<2 x struct<(ptr, ptr, i64, i64, i64)>> {
// CHECK:         llvm.mlir.addressof @marked_share
// CHECK:         llvm.mlir.addressof @bitnet_kind_1
// CHECK:         llvm.return
// CHECK:       llvm.func @bitnet_parallel_for(!llvm.ptr, !llvm.ptr, i64, i64)
// CHECK-LABEL: llvm.func @runs(
// CHECK-SAME:    %[[N:.*]]: i64, %[[WORK:.*]]: i64, %[[X:.*]]: !llvm.ptr)
// CHECK:         %[[CONTEXT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr)>
// CHECK:         %[[FIELD:.*]] = llvm.getelementptr %[[CONTEXT]][0, 0]
// CHECK:         llvm.store %[[X]], %[[FIELD]]
// CHECK:         %[[SHARE:.*]] = llvm.mlir.addressof @body_share
// CHECK:         llvm.call @bitnet_parallel_for(%[[SHARE]], %[[CONTEXT]], %[[N]], %[[WORK]])
// CHECK:       llvm.func internal @body_share(
// CHECK-SAME:    %[[C:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK:         %[[GIVEN:.*]] = llvm.load
// CHECK:         llvm.call @body(%[[BEGIN]], %[[END]], %{{.*}}, %[[GIVEN]])
llvm.func @runs(%n: i64, %work: i64, %x: !llvm.ptr) {
  %begin = llvm.mlir.constant(0 : i64) : i64
  llvm.call @body(%begin, %n, %work, %x) {bitnet.parallel} : (i64, i64, i64, !llvm.ptr) -> ()
  llvm.return
}
llvm.func @body(i64, i64, i64, !llvm.ptr)

// CHECK:       llvm.func @marked(i64, i64, i64){{$}}
llvm.func @runs_marked(%n: i64) {
  %begin = llvm.mlir.constant(0 : i64) : i64
  llvm.call @marked(%begin, %n, %n) {bitnet.parallel} : (i64, i64, i64) -> ()
  llvm.return
}
llvm.func @marked(i64, i64, i64) attributes {bitnet.work = {bytes = 0 : i64, kind = "attention", operations = 0 : i64}}

// A loop around the call must not take new stack each time.
// CHECK-NOT:   llvm.func internal @body_share{{.+}}(
// CHECK-LABEL: llvm.func @keeps_the_context_out_of_loops(
// CHECK:         llvm.alloca
// CHECK:         llvm.br
// CHECK-NOT:     llvm.alloca
// CHECK:         llvm.call @bitnet_parallel_for
llvm.func @keeps_the_context_out_of_loops(%n: i64, %x: !llvm.ptr, %go: i1) {
  %begin = llvm.mlir.constant(0 : i64) : i64
  llvm.br ^loop
^loop:
  llvm.call @body(%begin, %n, %n, %x) {bitnet.parallel} : (i64, i64, i64, !llvm.ptr) -> ()
  llvm.cond_br %go, ^loop, ^done
^done:
  llvm.return
}

// CHECK-LABEL: llvm.func @keeps_other_calls(
// CHECK:         llvm.call @body(
llvm.func @keeps_other_calls(%n: i64, %x: !llvm.ptr) {
  llvm.call @body(%n, %n, %n, %x) : (i64, i64, i64, !llvm.ptr) -> ()
  llvm.return
}
