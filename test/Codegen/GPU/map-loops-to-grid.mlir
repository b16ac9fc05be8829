// RUN: bitnet-opt %s --bitnet-map-loops-to-grid --canonicalize --cse | FileCheck %s

// A thread for each iteration, 64 in a block, 32768 blocks along x.
// CHECK-LABEL: func @doubles(
// CHECK-SAME:    %[[X:.*]]: memref<?xf32>, %[[N:.*]]: index)
// CHECK:         %[[BLOCKS:.*]] = arith.ceildivui %[[N]], %c64
// CHECK:         %[[ROUGH:.*]] = arith.ceildivui %[[BLOCKS]], %c32768
// CHECK:         %[[GY:.*]] = arith.maxui %[[ROUGH]], %c1
// CHECK:         %[[GX:.*]] = arith.ceildivui %[[BLOCKS]], %[[GY]]
// CHECK:         %[[POINTER:.*]] = memref.extract_aligned_pointer_as_index %[[X]]
// CHECK:         %[[ADDRESS:.*]] = arith.index_cast %[[POINTER]] : index to i64
// CHECK:         gpu.launch blocks(%[[BX:.*]], %[[BY:.*]], %{{.*}}) in (%[[SX:.*]] = %[[GX]], %{{.*}} = %[[GY]],
// CHECK-SAME:      threads(%[[T:[a-z0-9]+]], {{.*}} in (%{{[a-z0-9]+}} = %c64,
// CHECK:           %[[ABOVE:.*]] = arith.muli %[[BY]], %[[SX]]
// CHECK:           %[[BLOCK:.*]] = arith.addi %[[ABOVE]], %[[BX]]
// CHECK:           %[[FIRST:.*]] = arith.muli %[[BLOCK]], %c64
// CHECK:           %[[ID:.*]] = arith.addi %[[FIRST]], %[[T]]
// CHECK:           %[[IN:.*]] = arith.cmpi ult, %[[ID]], %[[N]]
// CHECK:           scf.if %[[IN]] {
// CHECK-NEXT:        %[[V:.*]] = bitnet.device_load %[[ADDRESS]][%[[ID]]] : f32
// CHECK-NEXT:        %[[W:.*]] = arith.addf %[[V]], %[[V]]
// CHECK-NEXT:        bitnet.device_store %[[W]], %[[ADDRESS]][%[[ID]]] : f32
// CHECK-NEXT:      }
// CHECK-NEXT:      gpu.terminator
func.func @doubles(%x: memref<?xf32>, %n: index) {
  scf.forall (%i) in (%n) {
    %v = memref.load %x[%i] : memref<?xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %x[%i] : memref<?xf32>
  }
  return
}

// The last dimension is the fastest; bounds and steps count.
// CHECK-LABEL: func @linearizes(
// CHECK:         gpu.launch
// CHECK:           scf.if
// CHECK:             %[[J:.*]] = arith.remui %[[ID:.*]], %c4
// CHECK:             %[[I:.*]] = arith.divui %[[ID]], %c4
// CHECK:             %[[SCALED:.*]] = arith.muli %[[J]], %c3
// CHECK:             arith.addi %[[SCALED]], %c2
func.func @linearizes(%out: memref<?x16xf32>, %x: f32, %n: index) {
  scf.forall (%i, %j) = (0, 2) to (%n, 13) step (1, 3) {
    memref.store %x, %out[%i, %j] : memref<?x16xf32>
  }
  return
}

// An iteration that is one thread's has no others to share its work with.
// CHECK-LABEL: func @makes_nested_loops_serial(
// CHECK:         gpu.launch
// CHECK:           scf.for %{{.*}} = %c0 to
// CHECK:             bitnet.device_store
// CHECK-NOT:     scf.parallel
func.func @makes_nested_loops_serial(%out: memref<?x?xf32>, %x: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%n) step (%c1) {
      memref.store %x, %out[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// A block is asked for: its threads share the loops inside, one after the
// other, and the buffer.
// CHECK-LABEL: func @shares(
// CHECK-SAME:    %{{.*}}: memref<?x96xf32>, %{{.*}}: f32, %[[N:.*]]: index)
// CHECK:         %[[GY:.*]] = arith.maxui
// CHECK:         %[[GX:.*]] = arith.ceildivui %[[N]], %[[GY]]
// CHECK:         gpu.launch {{.*}} workgroup(%[[SHARED:.*]] : memref<96xf32, #gpu.address_space<workgroup>>)
// CHECK:           %[[BLOCK:.*]] = arith.addi
// CHECK:           arith.cmpi ult, %[[BLOCK]], %[[N]]
// CHECK:             %[[T:.*]] = gpu.thread_id x
// CHECK:             scf.for %[[J:.*]] = %[[T]] to %c96 step %c64 {
// CHECK:               memref.store %{{.*}}, %[[SHARED]][%[[J]]]
// CHECK:             }
// CHECK-NEXT:        gpu.barrier
// CHECK:             scf.for %[[K:.*]] = %[[T]] to %c96 step %c64 {
// CHECK:               memref.load %[[SHARED]]
// CHECK:               bitnet.device_store
// CHECK:             }
// CHECK-NEXT:        gpu.barrier
// CHECK-NOT:     memref.alloc
func.func @shares(%out: memref<?x96xf32>, %x: f32, %n: index) {
  %c95 = arith.constant 95 : index
  scf.forall (%i) in (%n) {
    %buffer = memref.alloc() : memref<96xf32>
    scf.forall (%j) in (96) {
      memref.store %x, %buffer[%j] : memref<96xf32>
    }
    scf.forall (%j) in (96) {
      %k = arith.subi %c95, %j : index
      %v = memref.load %buffer[%k] : memref<96xf32>
      memref.store %v, %out[%i, %j] : memref<?x96xf32>
    }
    memref.dealloc %buffer : memref<96xf32>
  } {mapping = [#gpu.block<linear_dim_0>]}
  return
}

// Else a sum would be added once by each thread.
// CHECK-LABEL: func @lets_one_thread_add(
// CHECK:         gpu.launch
// CHECK:           gpu.barrier
// CHECK:           %[[T:.*]] = gpu.thread_id x
// CHECK:           %[[FIRST:.*]] = arith.cmpi eq, %[[T]], %c0
// CHECK-NEXT:      scf.if %[[FIRST]] {
// CHECK-NEXT:        scf.for
// CHECK:               bitnet.device_store
// CHECK:           gpu.barrier
func.func @lets_one_thread_add(%in: memref<?xf32>, %sum: memref<f32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (1) {
    scf.for %j = %c0 to %n step %c1 {
      %x = memref.load %in[%j] : memref<?xf32>
      %s = memref.load %sum[] : memref<f32>
      %t = arith.addf %s, %x : f32
      memref.store %t, %sum[] : memref<f32>
    }
  } {mapping = [#gpu.block<linear_dim_0>]}
  return
}

// The loop's own work is shared, a store beside it is not, and nothing is read
// too early or written too late. No barrier where one just was.
// CHECK-LABEL: func @orders_one_threads_stores(
// CHECK:         gpu.launch
// CHECK:           scf.for %{{.*}} = %c0 to
// CHECK:             %[[V:.*]] = bitnet.device_load
// CHECK:             gpu.barrier
// CHECK:             scf.if
// CHECK:               bitnet.device_store
// CHECK:             gpu.barrier
// CHECK:             scf.for
// CHECK:               bitnet.device_store
// CHECK:             gpu.barrier
// CHECK-NEXT:        scf.if
// CHECK-NEXT:          bitnet.device_store
// CHECK:             gpu.barrier
func.func @orders_one_threads_stores(%out: memref<?x96xf32>, %x: f32, %s: memref<f32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (1) {
    scf.for %k = %c0 to %n step %c1 {
      %v = memref.load %s[] : memref<f32>
      memref.store %v, %out[%k, %c0] : memref<?x96xf32>
      scf.forall (%j) in (96) {
        memref.store %x, %out[%k, %j] : memref<?x96xf32>
      }
      memref.store %x, %s[] : memref<f32>
    }
  } {mapping = [#gpu.block<linear_dim_0>]}
  return
}

// Code that knows its thread does as it says.
// CHECK-LABEL: func @leaves_what_threads_do(
// CHECK:         gpu.launch
// CHECK:           %[[T:.*]] = gpu.thread_id x
// CHECK-NOT:       arith.cmpi eq
// CHECK:           bitnet.device_store
func.func @leaves_what_threads_do(%out: memref<?xf32>, %x: f32) {
  scf.forall (%i) in (1) {
    %t = gpu.thread_id x
    memref.store %x, %out[%t] : memref<?xf32>
  } {mapping = [#gpu.block<linear_dim_0>]}
  return
}

// Offsets and strides are in the address and the index; a bool is a byte.
// CHECK-LABEL: func @reads_views(
// CHECK:         memref.extract_strided_metadata
// CHECK:         affine.apply #{{.*}}()[%{{.*}}, %{{.*}}]
// CHECK:         gpu.launch
// CHECK:           %[[AT:.*]] = affine.apply
// CHECK:           %[[BYTE:.*]] = bitnet.device_load %{{.*}}[%[[AT]]] : i8
// CHECK:           arith.cmpi {{ne|eq}}, %[[BYTE]], %c0_i8
// CHECK:           %[[BACK:.*]] = arith.extui %{{.*}} : i1 to i8
// CHECK:           bitnet.device_store %[[BACK]]
func.func @reads_views(%x: memref<?x8xi1, strided<[?, 2], offset: ?>>, %n: index) {
  %true = arith.constant true
  scf.forall (%i, %j) in (%n, 8) {
    %v = memref.load %x[%i, %j] : memref<?x8xi1, strided<[?, 2], offset: ?>>
    %w = arith.xori %v, %true : i1
    memref.store %w, %x[%i, %j] : memref<?x8xi1, strided<[?, 2], offset: ?>>
  }
  return
}

// Several elements at once keep what is known of their alignment; a size is
// the host's to find.
// CHECK-LABEL: func @reads_vectors(
// CHECK:         %[[SIZE:.*]] = memref.dim
// CHECK:         gpu.launch
// CHECK:           bitnet.device_load %{{.*}}[%{{.*}}] {alignment = 1 : i64} : vector<4xi8>
// CHECK:           bitnet.device_load %{{.*}}[%{{.*}}] : vector<4xi8>
// CHECK:           arith.index_cast %[[SIZE]]
func.func @reads_vectors(%x: memref<?xi8>, %out: memref<?xi64>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    %v = vector.load %x[%i] {alignment = 1 : i64} : memref<?xi8>, vector<4xi8>
    %w = vector.load %x[%i] : memref<?xi8>, vector<4xi8>
    %s = arith.addi %v, %w : vector<4xi8>
    %a = vector.extract %s[0] : i8 from vector<4xi8>
    %b = arith.extsi %a : i8 to i64
    %d = memref.dim %x, %c0 : memref<?xi8>
    %e = arith.index_cast %d : index to i64
    %f = arith.addi %b, %e : i64
    memref.store %f, %out[%i] : memref<?xi64>
  }
  return
}

// The host's loops are its own.
// CHECK-LABEL: func @launches_in_turn(
// CHECK:         scf.for
// CHECK:           gpu.launch
func.func @launches_in_turn(%out: memref<?xf32>, %x: f32, %n: index, %a: index) {
  scf.for %k = %a to %n step %a {
    scf.forall (%i) in (%n) {
      memref.store %x, %out[%i] : memref<?xf32>
    }
  }
  return
}
