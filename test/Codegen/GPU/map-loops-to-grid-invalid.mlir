// RUN: bitnet-opt %s --bitnet-map-loops-to-grid --split-input-file --verify-diagnostics

// How much memory a block has is known when the kernel is made.
func.func @unknown_size(%out: memref<?xf32>, %x: f32, %n: index) {
  scf.forall (%i) in (%n) {
    // expected-error @below {{of unknown size in a kernel}}
    %buffer = memref.alloc(%n) : memref<?xf32>
    scf.forall (%j) in (%n) {
      memref.store %x, %buffer[%j] : memref<?xf32>
    }
    memref.dealloc %buffer : memref<?xf32>
  } {mapping = [#gpu.block<linear_dim_0>]}
  return
}

// -----

func.func @unknown_rank(%x: memref<*xf32>, %out: memref<?xindex>, %n: index) {
  scf.forall (%i) in (%n) {
    // expected-error @below {{in a kernel wants a buffer of known rank}}
    %r = memref.rank %x : memref<*xf32>
    memref.store %r, %out[%i] : memref<?xindex>
  }
  return
}

// -----

func.func @atomic(%x: memref<?xf32>, %v: f32, %n: index) {
  scf.forall (%i) in (%n) {
    // expected-error @below {{cannot be done in a kernel}}
    %r = memref.atomic_rmw addf %v, %x[%i] : (f32, memref<?xf32>) -> f32
  }
  return
}
