// RUN: bitnet-opt %s --split-input-file --bitnet-emit-tiles --verify-diagnostics | FileCheck %s

// Four phases of four accumulators; 64 vectors are 16 rounds.
// CHECK-LABEL: func @emits(
// CHECK:         scf.for %{{.*}} = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK-COUNT-16:  llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK:           scf.yield
// CHECK-NOT:     vpdpbusd
func.func @emits(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<1x64xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-avx512vnni"
      : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<1x64xi32>
  return %v : vector<1x64xi32>
}

// -----

// 18 columns: four whole vectors in the loop, then two columns and two zeros.
// CHECK-LABEL: func @fills_up_the_last_vector(
// CHECK:         scf.for
// CHECK:         vector.load %{{.*}} : memref<?x18xi8>, vector<2xi8>
// CHECK:         vector.insert_strided_slice {{.*}} : vector<2xi8> into vector<4xi8>
// CHECK-COUNT-4: llvm.call_intrinsic
func.func @fills_up_the_last_vector(%w: memref<1x5x64xi8>, %x: memref<?x18xi8>, %s: memref<?xi32>, %i: index) -> vector<1x64xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-avx512vnni"
      : memref<1x5x64xi8>, memref<?x18xi8>, memref<?xi32> -> vector<1x64xi32>
  return %v : vector<1x64xi32>
}

// -----

// Five codes: three tables, one comparison, and a dot for each field.
// CHECK-LABEL: func @decodes_five_codes(
// CHECK:         scf.for
// CHECK:           arith.cmpi uge
// CHECK-COUNT-3:   llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"
// CHECK-COUNT-5:   llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func @decodes_five_codes(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<1x80xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x80x4-avx512vbmi"
      : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<1x80xi32>
  return %v : vector<1x80xi32>
}

// -----

// Eight codes; what was asked for is prefetched.
// CHECK-LABEL: func @reads_bits(
// CHECK:         scf.for
// CHECK:           memref.prefetch
// CHECK-COUNT-8:   llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK:           memref.prefetch
func.func @reads_bits(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<1x128xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x128x4-avx512vnni" {prefetch = 2048 : i64}
      : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<1x128xi32>
  return %v : vector<1x128xi32>
}

// -----

// Two fields at a time are unpacked: 8 matrices of 64 columns, then what is
// left of them, then the columns that don't fill one. 2 x 2 products each.
// CHECK-LABEL: func @multiplies_matrices(
// CHECK:         %[[B:.*]] = memref.alloca() {alignment = 64 : i64} : memref<256x64xi8>
// CHECK:         llvm.call_intrinsic "llvm.x86.ldtilecfg"
// CHECK:         scf.for
// CHECK:           arith.andi
// CHECK:           vector.store %{{.*}}, %[[B]]
// CHECK:           scf.for
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK:             scf.for
// CHECK-COUNT-4:       llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK-COUNT-4:       llvm.call_intrinsic "llvm.x86.tdpbsud"
// CHECK-COUNT-4:     llvm.call_intrinsic "llvm.x86.tilestored64"
// CHECK-COUNT-4:       llvm.call_intrinsic "llvm.x86.tdpbsud"
// CHECK:             vector.load {{.*}} : memref<?x580xi8>, vector<4xi8>
// CHECK-COUNT-4:       llvm.call_intrinsic "llvm.x86.tdpbsud"
// CHECK:         llvm.call_intrinsic "llvm.x86.tilerelease"
func.func @multiplies_matrices(%w: memref<4x145x64xi8>, %x: memref<?x580xi8>, %s: memref<?xi32>, %i: index, %y: memref<32x64xi32>) {
  bitnet.tile_block %w[%i], %x[%i], %s into %y tile "32x64x64-amx"
      : memref<4x145x64xi8>, memref<?x580xi8>, memref<?xi32>, memref<32x64xi32>
  return
}

// -----

// 16 steps in 16 bits, then one widening for each field.
// CHECK-LABEL: func @flushes_narrow_sums(
// CHECK:         scf.for
// CHECK-COUNT-64:  llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// CHECK:           scf.yield
func.func @flushes_narrow_sums(%w: memref<4x32x32xi8>, %x: memref<?x128xi8>, %s: memref<?xi32>, %i: index) -> vector<1x32xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x32x4-avx2"
      : memref<4x32x32xi8>, memref<?x128xi8>, memref<?xi32> -> vector<1x32xi32>
  return %v : vector<1x32xi32>
}

// -----

// Of several rows, two steps at a time, since LLVM would add up all it sees.
// CHECK-LABEL: func @loops_over_steps_of_several_rows(
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} step %c2
// CHECK-COUNT-16:    llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK-NOT:         llvm.x86.avx2.pmadd.ub.sw
// CHECK:             scf.yield
// CHECK-COUNT-8:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// CHECK:           scf.yield
//                  Then 7 steps, of which the last one has two columns.
// CHECK:         scf.for {{.*}} step %c2
// CHECK-COUNT-16:  llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK:           scf.yield
// CHECK:         vector.load {{.*}} : memref<?x154xi8>, vector<2xi8>
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @loops_over_steps_of_several_rows(%w: memref<4x39x32xi8>, %x: memref<?x154xi8>, %s: memref<?xi32>, %i: index) -> vector<2x32xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "2x32x4-avx2"
      : memref<4x39x32xi8>, memref<?x154xi8>, memref<?xi32> -> vector<2x32xi32>
  return %v : vector<2x32xi32>
}

// -----

func.func @unknown(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<1x64xi32> {
  // expected-error @below {{names no row of the tile table: 1x64x4-abacus}}
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-abacus"
      : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<1x64xi32>
  return %v : vector<1x64xi32>
}

// -----

func.func @tensors(%w: tensor<4x64x64xi8>, %x: tensor<?x256xi8>, %s: tensor<?xi32>, %i: index) -> vector<1x64xi32> {
  // expected-error @below {{must be bufferized before its loop is written}}
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-generic"
      : tensor<4x64x64xi8>, tensor<?x256xi8>, tensor<?xi32> -> vector<1x64xi32>
  return %v : vector<1x64xi32>
}

// -----

func.func @shape(%w: memref<4x64x64xi8>, %x: memref<?x256xi8>, %s: memref<?xi32>, %i: index) -> vector<2x64xi32> {
  // expected-error @below {{gives a tile of 2x64, but its row says 1x64}}
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x64x4-generic"
      : memref<4x64x64xi8>, memref<?x256xi8>, memref<?xi32> -> vector<2x64xi32>
  return %v : vector<2x64xi32>
}

// -----

// 1024 groups are eight times 128 steps in 16 bits, in a loop of their own.
// CHECK-LABEL: func @loops_over_long_flush_periods(
// CHECK:         scf.for
// CHECK:           scf.for {{.*}} -> (vector<16xi16>, vector<16xi16>, vector<16xi16>, vector<16xi16>)
// CHECK-COUNT-4:     arith.muli {{.*}} : vector<16xi16>
// CHECK-NOT:         arith.muli {{.*}} : vector
// CHECK:             scf.yield
// CHECK-COUNT-4:   vector.bitcast {{.*}} : vector<8xi32> to vector<4xi64>
// CHECK:           scf.yield
// CHECK-NOT:     scf.for
func.func @loops_over_long_flush_periods(%w: memref<4x1024x16xi8>, %x: memref<?x4096xi8>, %s: memref<?xi32>, %i: index) -> vector<1x16xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x16x4-neon"
      : memref<4x1024x16xi8>, memref<?x4096xi8>, memref<?xi32> -> vector<1x16xi32>
  return %v : vector<1x16xi32>
}

// -----

// Two groups in a step: 18 columns are two steps and then half a group, with
// zeros for the other.
// CHECK-LABEL: func @takes_two_groups(
// CHECK:         scf.for
// CHECK-COUNT-2:   vector.load %{{.*}} : memref<1x5x16xi8>, vector<16xi8>
// CHECK:           vector.load %{{.*}} : memref<?x18xi8>, vector<8xi8>
// CHECK-COUNT-24:  llvm.call_intrinsic "llvm.aarch64.neon.usmmla"
// CHECK:           scf.yield
// CHECK:         vector.load %{{.*}} : memref<1x5x16xi8>, vector<16xi8>
// CHECK-NOT:     vector.load %{{.*}} : memref<1x5x16xi8>
// CHECK-COUNT-6: vector.insert_strided_slice {{.*}} : vector<2xi8> into vector<8xi8>
func.func @takes_two_groups(%w: memref<1x5x16xi8>, %x: memref<?x18xi8>, %s: memref<?xi32>, %i: index) -> vector<6x16xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "6x16x8-i8mm"
      : memref<1x5x16xi8>, memref<?x18xi8>, memref<?xi32> -> vector<6x16xi32>
  return %v : vector<6x16xi32>
}

// -----

// Vectors of any length: masks end the last round, then 128 bits after 128 are
// added.
// CHECK-LABEL: func @knows_no_length(
// CHECK:         scf.for {{.*}} step %{{.*}} iter_args
// CHECK-COUNT-5:   vector.maskedload {{.*}}, vector<[16]xi8> into vector<[16]xi8>
// CHECK:           scf.yield
// CHECK:         scf.for
// CHECK-COUNT-4:   llvm.call_intrinsic "llvm.aarch64.sve.tbl"
// CHECK:           scf.yield
// CHECK-COUNT-4: vector.scalable.extract {{.*}} : vector<4xi32> from vector<[4]xi32>
func.func @knows_no_length(%w: memref<1x5x16xi8>, %x: memref<?x18xi8>, %s: memref<?xi32>, %i: index) -> vector<1x16xi32> {
  %v = bitnet.tile_dot %w[%i], %x[%i], %s tile "1x16x4-sve"
      : memref<1x5x16xi8>, memref<?x18xi8>, memref<?xi32> -> vector<1x16xi32>
  return %v : vector<1x16xi32>
}
