// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm="kind=cuda chip=sm_80" | FileCheck %s --check-prefixes=CHECK,CUDA
// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm="kind=hip chip=gfx942" | FileCheck %s --check-prefixes=CHECK,HIP,GFX9
// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm="kind=hip chip=gfx1100" | FileCheck %s --check-prefixes=CHECK,HIP,GFX11

module attributes {gpu.container_module} {

// CUDA:  gpu.module @kernels_sm_80 [#nvvm.target<O = 3, chip = "sm_80", features = "+ptx71">]
// GFX9:  gpu.module @kernels_gfx942 [#rocdl.target<O = 3, chip = "gfx942">]
// GFX11: gpu.module @kernels_gfx1100 [#rocdl.target<O = 3, chip = "gfx1100">]

gpu.module @kernels {
  // CHECK-LABEL: llvm.func @negates(
  // CHECK-SAME:    %[[A:.*]]: i64)
  // CUDA-SAME:     nvvm.kernel, nvvm.reqntid = array<i32: 64, 1, 1>
  // HIP-SAME:      rocdl.flat_work_group_size = "64,64", rocdl.kernel, rocdl.reqd_work_group_size = array<i32: 64, 1, 1>
  // CUDA:          llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.tid.x"() : () -> i32
  // HIP:           llvm.call_intrinsic "llvm.amdgcn.workitem.id.x"() : () -> i32
  // CHECK:         %[[I:.*]] = llvm.zext %{{.*}} : i32 to i64
  // CHECK:         %[[P:.*]] = llvm.inttoptr %[[A]] : i64 to !llvm.ptr<1>
  // CHECK:         %[[AT:.*]] = llvm.getelementptr %[[P]][%[[I]]] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
  // CHECK:         %[[X:.*]] = llvm.load %[[AT]] {alignment = 4 : i64} : !llvm.ptr<1> -> f32
  // CHECK:         %[[Y:.*]] = llvm.fneg %[[X]] : f32
  // CHECK:         llvm.store %[[Y]], %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
  // CHECK:         llvm.return
  gpu.func @negates(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = arith.negf %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }

  // Each parameter is a word, whatever it holds.
  // CHECK-LABEL: llvm.func @takes_words(
  // CHECK-SAME:    %{{.*}}: i64, %[[X:.*]]: i64, %{{.*}}: i64, %[[FLAG:.*]]: i64)
  // CHECK-DAG:     %[[BITS:.*]] = llvm.trunc %[[X]] : i64 to i32
  // CHECK-DAG:     llvm.bitcast %[[BITS]] : i32 to f32
  // CHECK-DAG:     llvm.icmp "ne" %[[FLAG]], %{{.*}} : i64
  gpu.func @takes_words(%a: i64, %x: f32, %i: index, %flag: i1) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    scf.if %flag {
      bitnet.device_store %x, %a[%i] : f32
    }
    gpu.return
  }

  // Memory of a block is a variable.
  // CHECK:       llvm.mlir.global private @shares_shared_0() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x i32>
  // CHECK-LABEL: llvm.func @shares(
  // CHECK:         llvm.mlir.addressof @shares_shared_0 : !llvm.ptr<3>
  // CUDA:          "llvm.nvvm.read.ptx.sreg.ctaid.y"
  // HIP:           "llvm.amdgcn.workgroup.id.y"
  // CUDA:          "llvm.nvvm.read.ptx.sreg.nctaid.x"
  // HIP:           %[[ARGS:.*]] = llvm.call_intrinsic "llvm.amdgcn.implicitarg.ptr"() : () -> !llvm.ptr<4>
  // HIP:           llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<4> -> i32
  // CHECK:         llvm.store %{{.*}}, %{{.*}} : i32, !llvm.ptr<3>
  // CUDA:          nvvm.barrier0
  // HIP:           llvm.fence syncscope("workgroup") release
  // HIP-NEXT:      rocdl.s.barrier
  // HIP-NEXT:      llvm.fence syncscope("workgroup") acquire
  gpu.func @shares(%a: i64) workgroup(%memory: memref<64xi32, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %y = gpu.block_id y
    %n = gpu.grid_dim x
    %row = arith.muli %y, %n : index
    %at = arith.addi %row, %i : index
    %x = bitnet.device_load %a[%at] : i32
    memref.store %x, %memory[%i] : memref<64xi32, #gpu.address_space<workgroup>>
    gpu.barrier
    %c63 = arith.constant 63 : index
    %j = arith.subi %c63, %i : index
    %z = memref.load %memory[%j] : memref<64xi32, #gpu.address_space<workgroup>>
    bitnet.device_store %z, %a[%at] : i32
    gpu.return
  }

  // Less alignment than a word has, where the load says so.
  // CHECK-LABEL: llvm.func @multiplies_bytes(
  // CHECK:         llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> vector<4xi8>
  // CHECK:         llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr<1> -> vector<4xi8>
  // CUDA:          llvm.call_intrinsic "llvm.nvvm.idp4a.u.s"(%{{.*}}, %{{.*}}, %{{.*}}) : (i32, i32, i32) -> i32
  // GFX9:          llvm.call_intrinsic "llvm.amdgcn.sdot4"
  // GFX11:         llvm.call_intrinsic "llvm.amdgcn.sudot4"
  gpu.func @multiplies_bytes(%w: i64, %x: i64, %sums: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %codes = bitnet.device_load %w[%i] : vector<4xi8>
    %values = bitnet.device_load %x[%i] {alignment = 1 : i64} : vector<4xi8>
    %a = vector.bitcast %codes : vector<4xi8> to vector<1xi32>
    %b = vector.bitcast %values : vector<4xi8> to vector<1xi32>
    %c = vector.extract %a[0] : i32 from vector<1xi32>
    %d = vector.extract %b[0] : i32 from vector<1xi32>
    %init = bitnet.device_load %sums[%i] : i32
    %s = bitnet.dot4 %c, %d, %init : i32
    bitnet.device_store %s, %sums[%i] : i32
    gpu.return
  }

  // No library: LLVM's own operations, and integers for bf16.
  // CHECK-LABEL: llvm.func @computes(
  // CHECK:         llvm.intr.fma
  // CHECK:         llvm.intr.sqrt
  // CHECK:         llvm.intr.roundeven
  // CHECK:         llvm.fdiv
  // CHECK-NOT:     llvm.fptrunc
  // CHECK-NOT:     llvm.call @
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 2 : i64} : bf16, !llvm.ptr<1>
  gpu.func @computes(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    %y = math.fma %x, %x, %x : f32
    %z = math.sqrt %y : f32
    %r = math.roundeven %z : f32
    %q = arith.divf %r, %x : f32
    %half = arith.truncf %q : f32 to bf16
    bitnet.device_store %half, %a[%i] : bf16
    gpu.return
  }
}

// The original is what launches name.
// CHECK: gpu.module @kernels {
// CHECK:   gpu.func @negates
}
