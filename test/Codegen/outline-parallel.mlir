// RUN: bitnet-opt %s --bitnet-outline-parallel --canonicalize | FileCheck %s

// CHECK-LABEL: func @fills(
// CHECK-SAME:    %[[OUT:.*]]: memref<?xf32>, %[[X:.*]]: f32, %[[N:.*]]: index)
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0 : index
// CHECK:         call @fills_parallel_0(%[[ZERO]], %[[N]], %[[N]], %[[X]], %[[OUT]]) {bitnet.parallel}
// CHECK-NEXT:    return
// CHECK:       func private @fills_parallel_0(
// CHECK-SAME:    %[[BEGIN:.*]]: index, %[[END:.*]]: index, %{{.*}}: index, %[[BX:.*]]: f32, %[[BOUT:.*]]: memref<?xf32>)
// CHECK:         scf.for %[[I:.*]] = %[[BEGIN]] to %[[END]]
// CHECK-NEXT:      memref.store %[[BX]], %[[BOUT]][%[[I]]]
func.func @fills(%out: memref<?xf32>, %x: f32, %n: index) {
  scf.forall (%i) in (%n) {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// The last dimension is the fastest.
// CHECK-LABEL: func @linearizes_dimensions(
// CHECK-SAME:    %[[OUT:.*]]: memref<?x?xf32>, %{{.*}}: f32, %[[N:.*]]: index, %[[M:.*]]: index)
// CHECK:         %[[COUNT:.*]] = arith.muli %[[N]], %[[M]]
// CHECK:         call @linearizes_dimensions_parallel_0(%{{.*}}, %[[COUNT]],
// CHECK:       func private @linearizes_dimensions_parallel_0(
// CHECK:         scf.for %[[L:.*]] =
// CHECK:           %[[J:.*]] = arith.remui %[[L]], %[[COLUMNS:.*]] : index
// CHECK:           %[[I:.*]] = arith.divui %[[L]], %[[COLUMNS]] : index
// CHECK:           memref.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
func.func @linearizes_dimensions(%out: memref<?x?xf32>, %x: f32, %n: index, %m: index) {
  scf.forall (%i, %j) in (%n, %m) {
    memref.store %x, %out[%i, %j] : memref<?x?xf32>
  }
  return
}

// CHECK-LABEL: func @honours_bounds_and_steps(
// CHECK:         %[[COUNT:.*]] = arith.constant 3 : index
// CHECK:         call @honours_bounds_and_steps_parallel_0(%{{.*}}, %[[COUNT]],
// CHECK:       func private @honours_bounds_and_steps_parallel_0(
// CHECK:         %[[SCALED:.*]] = arith.muli %{{.*}}, %c4
// CHECK:         %[[I:.*]] = arith.addi %[[SCALED]], %c2
// CHECK:         memref.store %{{.*}}, %{{.*}}[%[[I]]]
func.func @honours_bounds_and_steps(%out: memref<?xf32>, %x: f32) {
  scf.forall (%i) = (2) to (13) step (4) {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// CHECK-LABEL: func @makes_nested_loops_serial(
// CHECK:         call @makes_nested_loops_serial_parallel_0
// CHECK:       func private @makes_nested_loops_serial_parallel_0(
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-NOT:     scf.forall
func.func @makes_nested_loops_serial(%out: memref<?x?xf32>, %x: f32, %n: index) {
  scf.forall (%i) in (%n) {
    scf.forall (%j) in (%n) {
      memref.store %x, %out[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// One iteration needs no thread.
// CHECK-LABEL: func @inlines_a_single_iteration(
// CHECK-NOT:     call
// CHECK:         memref.store
func.func @inlines_a_single_iteration(%out: memref<?xf32>, %x: f32) {
  scf.forall (%i) in (1) {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// Weights are handed over, so that other layers can share the function.
// CHECK-LABEL: func @repeats_constants_but_no_weights(
// CHECK:         %[[TABLE:.*]] = memref.get_global @table
// CHECK:         call @repeats_constants_but_no_weights_parallel_0(%{{.*}}, %{{.*}}, %{{.*}}, %[[TABLE]], %{{[^,]*}})
// CHECK:       func private @repeats_constants_but_no_weights_parallel_0(
// CHECK:         arith.constant 1.000000e+00 : f32
// CHECK-NOT:     memref.get_global
memref.global "private" constant @table : memref<4xf32> = dense<[0.0, 1.0, 2.0, 3.0]>
func.func @repeats_constants_but_no_weights(%out: memref<4xf32>) {
  %one = arith.constant 1.0 : f32
  %table = memref.get_global @table : memref<4xf32>
  scf.forall (%i) in (4) {
    %t = memref.load %table[%i] : memref<4xf32>
    %s = arith.addf %t, %one : f32
    memref.store %s, %out[%i] : memref<4xf32>
  }
  return
}

// CHECK-LABEL: func @outlines_scf_parallel(
// CHECK:         call @outlines_scf_parallel_parallel_0
func.func @outlines_scf_parallel(%out: memref<?xf32>, %x: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// The order of the sum would depend on the number of threads.
// CHECK-LABEL: func @keeps_reductions(
// CHECK-NOT:     call
// CHECK:         scf.parallel
func.func @keeps_reductions(%in: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%zero) -> f32 {
    %x = memref.load %in[%i] : memref<?xf32>
    scf.reduce(%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %sum : f32
}

// What a location says of the work goes with the function.
// CHECK-LABEL: func @marks_work(
// CHECK:       func private @marks_work_parallel_0({{.*}}) attributes {bitnet.work = {bytes = 4 : i64, kind = "norm", operations = 0 : i64}}
func.func @marks_work(%out: memref<?xf32>, %x: f32, %n: index) {
  scf.forall (%i) in (%n) {
    memref.store %x, %out[%i] : memref<?xf32>
  } loc(fused<{bytes = 4 : i64, kind = "norm", operations = 0 : i64}>["norm"])
  return
}

// Two operations an iteration, and three for each row, of which there are as
// many as the first iteration has.
// CHECK-LABEL: func @estimates_work(
// CHECK-SAME:    %{{.*}}: memref<?x?xf32>, %{{.*}}: f32, %[[N:.*]]: index, %[[ROWS:.*]]: index)
// CHECK:         %[[MOST:.*]] = affine.min #{{.*}}()[%[[ROWS]]]
// CHECK:         %[[TRIPS:.*]] = arith.maxsi %[[MOST]], %c0
// CHECK:         %[[INNER:.*]] = arith.muli %[[TRIPS]], %c3
// CHECK:         %[[EACH:.*]] = arith.addi %[[INNER]], %c2
// CHECK:         %[[ALL:.*]] = arith.muli %[[N]], %[[EACH]]
// CHECK:         call @estimates_work_parallel_0(%c0, %[[N]], %[[ALL]],
func.func @estimates_work(%out: memref<?x?xf32>, %x: f32, %n: index, %rows: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %size = affine.min affine_map<(d0)[s0] -> (s0 - d0, 64)>(%i)[%rows]
    scf.for %j = %c0 to %size step %c1 {
      %y = memref.load %out[%j, %i] : memref<?x?xf32>
      %z = arith.addf %x, %y : f32
      memref.store %z, %out[%j, %i] : memref<?x?xf32>
    }
  }
  return
}

// A register counts as one operation; a count in memory is not looked up.
// CHECK-LABEL: func @counts_registers_not_elements(
// CHECK:         %[[WORK:.*]] = arith.constant 150 : index
// CHECK:         call @counts_registers_not_elements_parallel_0(%{{.*}}, %{{.*}}, %[[WORK]],
func.func @counts_registers_not_elements(%out: memref<10x64xf32>, %count: memref<index>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (10) {
    %n = memref.load %count[] : memref<index>
    scf.for %j = %c0 to %n step %c1 {
      %y = vector.load %out[%i, %c0] : memref<10x64xf32>, vector<64xf32>
      %z = arith.addf %y, %y : vector<64xf32>
      %f = vector.extract %z[0] : f32 from vector<64xf32>
      memref.store %f, %out[%i, %j] : memref<10x64xf32>
    }
  }
  return
}
