// From bufferized loops to kernels, and to host code that launches them.
#ifndef BITNET_CODEGEN_GPUPASSES_TD
#define BITNET_CODEGEN_GPUPASSES_TD

include "mlir/Pass/PassBase.td"

def GiveRowsToBlocks : Pass<"bitnet-give-rows-to-blocks", "mlir::func::FuncOp"> {
  let summary = "let a block of threads share the work of a row";
  let description = [{
    A norm or a quantizer needs a sum or a maximum of a whole row. So each row
    becomes an iteration of a loop over blocks of threads, which have memory in
    common; the op remains, on one row. A row that is too long for that memory,
    and a quantizer of the whole tensor, are left alone.

    Before:
    ```mlir
    func.func @norm(%x: tensor<?x64xf32>, %gain: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
          : tensor<?x64xf32>, tensor<64xf32> -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%row) in (%rows) shared_outs(%out = %empty) -> (tensor<?x64xf32>) {
      %one = tensor.extract_slice %x[%row, 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<1x64xf32>
      %z = bitnet.rms_norm %one, %gain epsilon 1.0e-5
          : tensor<1x64xf32>, tensor<64xf32> -> tensor<1x64xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %z into %out[%row, 0] [1, 64] [1, 1] : tensor<1x64xf32> into tensor<?x64xf32>
      }
    } {mapping = [#gpu.block<linear_dim_0>]}
    ```
  }];
  let dependentDialects = [
    "mlir::gpu::GPUDialect", "mlir::scf::SCFDialect",
    "mlir::tensor::TensorDialect"];
}

def GiveQueriesToBlocks
    : Pass<"bitnet-give-queries-to-blocks", "mlir::func::FuncOp"> {
  let summary = "let a block of threads share the work of a query";
  let description = [{
    Each query of an attention becomes an iteration of a loop over blocks of
    threads. A block finds the largest score first, a few keys for each thread,
    then weighs 64 keys at a time: no matrix of scores is ever in memory. Sums
    have the order of the naive lowering, and so the same bits.

    Before:
    ```mlir
    func.func @attends(%q: tensor<1x4x?x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x4x?x64xf32> {
      %y = bitnet.attention %q, %k, %v scale 0.125
          : tensor<1x4x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32> -> tensor<1x4x?x64xf32>
      return %y : tensor<1x4x?x64xf32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%batch, %head, %query) in (1, 4, %n) shared_outs(%out = %empty) -> (tensor<1x4x?x64xf32>) {
      %weights = memref.alloca() : memref<64xf32>
      ...
      scf.for %first = %c0 to %keys step %c64 {
        scf.parallel (%i) = (%c0) to (%c64) step (%c1) {
          ...
          memref.store %weight, %weights[%i] : memref<64xf32>
        }
        ...
      }
      ...
    } {mapping = [#gpu.block<linear_dim_2>, #gpu.block<linear_dim_1>, #gpu.block<linear_dim_0>]}
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::bufferization::BufferizationDialect",
    "mlir::gpu::GPUDialect", "mlir::linalg::LinalgDialect",
    "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect"];
}

def GiveColumnsToBlocks
    : Pass<"bitnet-give-columns-to-blocks", "mlir::func::FuncOp"> {
  let summary = "let a block of threads share some columns of a float matmul";
  let description = [{
    A contraction of f32 tensors with static n and k, as
    `bitnet-vectorize-matmul` has it on CPUs, becomes a loop over rows and blocks
    of columns. Where k lies together, 16 threads are the lanes of one column's
    sum, and read neighbouring weights; where n does, each thread has a column.
    The order of terms is that of CPUs, and so are the bits.

    Before:
    ```mlir
    func.func @multiplies(%x: tensor<1x32xf32>, %w: tensor<8x32xf32>) -> tensor<1x8xf32> {
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<1x8xf32>
      %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x8xf32>) -> tensor<1x8xf32>
      %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %w : tensor<1x32xf32>, tensor<8x32xf32>) outs(%zeros : tensor<1x8xf32>) -> tensor<1x8xf32>
      return %y : tensor<1x8xf32>
    }
    ```
    After:
    ```mlir
    %y = scf.forall (%row, %block) in (1, 2) shared_outs(%out = %empty) -> (tensor<1x8xf32>) {
      %parts = memref.alloca() : memref<64xf32>
      scf.parallel (%thread) = (%c0) to (%c64) step (%c1) {
        ...
        %sum = scf.for %k = %lane to %c32 step %c16 iter_args(%s = %zero) -> (f32) {
          ...
          %t = math.fma %a, %b, %s : f32
          scf.yield %t : f32
        }
        memref.store %sum, %parts[%thread] : memref<64xf32>
      }
      ...
    } {mapping = [#gpu.block<linear_dim_1>, #gpu.block<linear_dim_0>]}
    ```
  }];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::bufferization::BufferizationDialect", "mlir::gpu::GPUDialect",
    "mlir::math::MathDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect"];
}

def ReduceInRegisters
    : Pass<"bitnet-reduce-in-registers", "mlir::func::FuncOp"> {
  let summary = "keep sums in registers while a thread adds to them";
  let description = [{
    A reduction of linalg on buffers becomes a parallel loop over its results.
    Each thread has the loops over what is summed up to itself, and one result
    in a register, which it reads and writes once.

    Before:
    ```mlir
    func.func @sums(%x: memref<?x64xi8>, %sums: memref<?xi32>) {
      linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
                      iterator_types = ["parallel", "reduction"]}
          ins(%x : memref<?x64xi8>) outs(%sums : memref<?xi32>) {
      ^bb0(%a: i8, %s: i32):
        %b = arith.extsi %a : i8 to i32
        %t = arith.addi %s, %b : i32
        linalg.yield %t : i32
      }
      return
    }
    ```
    After:
    ```mlir
    scf.parallel (%m) = (%c0) to (%rows) step (%c1) {
      %init = memref.load %sums[%m] : memref<?xi32>
      %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%s = %init) -> (i32) {
        %a = memref.load %x[%m, %k] : memref<?x64xi8>
        %b = arith.extsi %a : i8 to i32
        %t = arith.addi %s, %b : i32
        scf.yield %t : i32
      }
      memref.store %sum, %sums[%m] : memref<?xi32>
    }
    ```
  }];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def WrapHostStores : Pass<"bitnet-wrap-host-stores", "mlir::func::FuncOp"> {
  let summary = "write the device's memory from loops only";
  let description = [{
    Host code cannot write to memory of a device. What would, a copy, an op on
    a single element or a serial loop over some, becomes a parallel loop, if
    need be of one block of threads: a kernel.

    Before:
    ```mlir
    func.func @writes(%x: f32, %out: memref<f32>) {
      linalg.fill ins(%x : f32) outs(%out : memref<f32>)
      return
    }
    ```
    After:
    ```mlir
    func.func @writes(%x: f32, %out: memref<f32>) {
      scf.forall (%i) in (1) {
        linalg.fill ins(%x : f32) outs(%out : memref<f32>)
      } {mapping = [#gpu.block<linear_dim_0>]}
      return
    }
    ```
  }];
  let dependentDialects = [
    "mlir::gpu::GPUDialect", "mlir::linalg::LinalgDialect",
    "mlir::scf::SCFDialect"];
}

def GuardKernels : Pass<"bitnet-guard-kernels", "mlir::func::FuncOp"> {
  let summary = "let the host tell what a kernel finds wrong";
  let description = [{
    A thread of a kernel cannot end the run. Where it would, at a `cf.assert` in
    a parallel loop, it writes a number and leaves out what follows; the host
    reads the number at the end and fails with the message.

    Before:
    ```mlir
    func.func @reads(%table: memref<4xf32>, %at: index, %ok: i1, %out: memref<?xf32>, %n: index) {
      scf.forall (%i) in (%n) {
        cf.assert %ok, "an index is out of range"
        %x = memref.load %table[%at] : memref<4xf32>
        memref.store %x, %out[%i] : memref<?xf32>
      }
      return
    }
    ```
    After:
    ```mlir
    %word = memref.alloc() : memref<i32>
    memref.store %c0_i32, %word[] : memref<i32>
    scf.forall (%i) in (%n) {
      %wrong = arith.xori %ok, %true : i1
      scf.if %wrong {
        memref.store %c1_i32, %word[] : memref<i32>
      }
      scf.if %ok {
        %x = memref.load %table[%at] : memref<4xf32>
        memref.store %x, %out[%i] : memref<?xf32>
      }
    }
    %code = memref.load %word[] : memref<i32>
    memref.dealloc %word : memref<i32>
    %fine = arith.cmpi ne, %code, %c1_i32 : i32
    cf.assert %fine, "an index is out of range"
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect"];
}

def ReachDeviceMemory : Pass<"bitnet-reach-device-memory", "mlir::ModuleOp"> {
  let summary = "let host code read the device's memory by copies";
  let description = [{
    A load outside of kernels becomes a call of `bitnet_download`, which waits
    for the kernels before it. Models do it where a size depends on a value.

    Before:
    ```mlir
    func.func @reads(%x: memref<f32>) -> f32 {
      %v = memref.load %x[] : memref<f32>
      return %v : f32
    }
    ```
    After:
    ```mlir
    %copy = memref.alloca() : memref<f32>
    ...
    call @bitnet_download(%to, %from, %c4) : (index, index, index) -> ()
    %v = memref.load %copy[] : memref<f32>
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::func::FuncDialect",
    "mlir::memref::MemRefDialect"];
}

def UseDeviceAllocator : Pass<"bitnet-use-device-allocator", "mlir::ModuleOp"> {
  let summary = "take buffers from the device's memory";
  let description = [{
    Gives the functions that MLIR's generic allocations call the names that the
    runtime has.

    Before:
    ```mlir
    llvm.func @_mlir_memref_to_llvm_alloc(i64) -> !llvm.ptr
    ```
    After:
    ```mlir
    llvm.func @bitnet_device_alloc(i64) -> !llvm.ptr
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def MapLoopsToGrid : Pass<"bitnet-map-loops-to-grid", "mlir::func::FuncOp"> {
  let summary = "run the iterations of parallel loops as a grid of threads";
  let description = [{
    Each outermost `scf.forall` or `scf.parallel` on buffers becomes a
    `gpu.launch` with a thread for each iteration, all dimensions together.
    Loops inside become serial. What lies in memory is read and written by the
    device's addresses, which the host computes: a kernel knows no memrefs.

    Before:
    ```mlir
    func.func @doubles(%x: memref<?xf32>, %n: index) {
      scf.forall (%i) in (%n) {
        %v = memref.load %x[%i] : memref<?xf32>
        %w = arith.addf %v, %v : f32
        memref.store %w, %x[%i] : memref<?xf32>
      }
      return
    }
    ```
    After:
    ```mlir
    %pointer = memref.extract_aligned_pointer_as_index %x : memref<?xf32> -> index
    %address = arith.index_cast %pointer : index to i64
    gpu.launch blocks(...) in (...) threads(...) in (%a = %c64, ...) {
      %in = arith.cmpi ult, %id, %n : index
      scf.if %in {
        %v = bitnet.device_load %address[%id] : f32
        %w = arith.addf %v, %v : f32
        bitnet.device_store %w, %address[%id] : f32
      }
      gpu.terminator
    }
    ```
  }];
  let dependentDialects = [
    "::bitnet::BitNetDialect", "mlir::affine::AffineDialect",
    "mlir::arith::ArithDialect", "mlir::gpu::GPUDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def MergeKernels : Pass<"bitnet-merge-kernels", "mlir::ModuleOp"> {
  let summary = "gather kernels in one module, each code once";
  let description = [{
    The kernels of a model's layers differ in addresses only, which are
    arguments. Of kernels with the same code the first remains.

    Before:
    ```mlir
    gpu.launch_func @first::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
    gpu.launch_func @second::@k blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%b : i64)
    ```
    After, if both kernels have the same code:
    ```mlir
    gpu.launch_func @kernels::@kernel_0 blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
    gpu.launch_func @kernels::@kernel_0 blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%b : i64)
    ```
  }];
  let dependentDialects = ["mlir::gpu::GPUDialect"];
}

def ConvertKernelsToSPIRV : Pass<"bitnet-convert-kernels-to-spirv", "mlir::ModuleOp"> {
  let summary = "turn kernels into a SPIR-V module for Vulkan";
  let description = [{
    A kernel gets one number from its caller, as a push constant: the address
    of its parameters, 64 bits each. All memory is reached by address
    (PhysicalStorageBuffer64), so no buffer is bound and none is too large.

    Floating-point results are those of the CPU: each operation rounds by
    itself (`NoContraction`).

    Before:
    ```mlir
    gpu.module @kernels {
      gpu.func @negates(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        %i = gpu.thread_id x
        %x = bitnet.device_load %a[%i] : f32
        %y = arith.negf %x : f32
        bitnet.device_store %y, %a[%i] : f32
        gpu.return
      }
    }
    ```
    After:
    ```mlir
    spirv.module @kernels PhysicalStorageBuffer64 GLSL450 {
      spirv.func @negates() "None" {
        ...
        %p = spirv.ConvertUToPtr %at : i64 to !spirv.ptr<f32, PhysicalStorageBuffer>
        %x = spirv.Load "PhysicalStorageBuffer" %p ["Aligned", 4] : f32
        ...
      }
      spirv.EntryPoint "GLCompute" @negates, ...
    }
    ```
  }];
  let dependentDialects = [
    "::bitnet::BitNetDialect", "mlir::arith::ArithDialect",
    "mlir::spirv::SPIRVDialect"];
}

def ConvertKernelsToLLVM : Pass<"bitnet-convert-kernels-to-llvm", "mlir::ModuleOp"> {
  let summary = "turn kernels into LLVM's dialects for NVIDIA or AMD";
  let description = [{
    Each parameter is an argument of 64 bits; memory of a block is a global
    variable in its own address space. What the two families say differently
    (registers, the barrier, the dot product of bytes) is in two small classes;
    everything else is the same.

    No library of a vendor is linked. Floating-point results are those of the
    CPU: each operation rounds by itself, quotients and roots exactly. An
    operation that has no instruction is an error.

    Before:
    ```mlir
    gpu.module @kernels {
      gpu.func @negates(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        %i = gpu.thread_id x
        %x = bitnet.device_load %a[%i] : f32
        %y = arith.negf %x : f32
        bitnet.device_store %y, %a[%i] : f32
        gpu.return
      }
    }
    ```
    After, for `kind=cuda chip=sm_80`, beside the original, which launches name:
    ```mlir
    gpu.module @kernels_sm_80 [#nvvm.target<O = 3, chip = "sm_80", features = "+ptx71">] {
      llvm.func @negates(%a: i64) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 64, 1, 1>, ...} {
        %tid = llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.tid.x"() : () -> i32
        ...
        %p = llvm.inttoptr %a : i64 to !llvm.ptr<1>
        %at = llvm.getelementptr %p[%i] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
        %x = llvm.load %at {alignment = 4 : i64} : !llvm.ptr<1> -> f32
        ...
      }
    }
    ```
  }];
  let options = [
    Option<"kind", "kind", "std::string", "\"cuda\"", "cuda or hip">,
    Option<"chip", "chip", "std::string", "\"sm_80\"",
           "sm_75 to sm_90; gfx90a, gfx942 or gfx1100">
  ];
  let dependentDialects = [
    "::bitnet::BitNetDialect", "mlir::arith::ArithDialect",
    "mlir::cf::ControlFlowDialect", "mlir::LLVM::LLVMDialect",
    "mlir::memref::MemRefDialect", "mlir::NVVM::NVVMDialect",
    "mlir::ROCDL::ROCDLDialect"];
}

def EmbedKernels : Pass<"bitnet-embed-kernels", "mlir::ModuleOp"> {
  let summary = "put the device's code into the program and call it";
  let description = [{
    Each module of converted kernels becomes a constant of bytes: SPIR-V, an
    hsaco, and for NVIDIA a cubin, if there is a `ptxas` to make it, else PTX.
    A table of these codes and one of their kernels are what the runtime reads
    (`bitnet/Runtime/Device.h`). Each `gpu.launch_func` becomes a call of
    `bitnet_launch`, with the kernel's number and its arguments as 64-bit
    words.

    Before:
    ```mlir
    gpu.launch_func @kernels::@kernel_0 blocks in (%n, %c1, %c1) threads in (%c64, %c1, %c1) args(%a : i64)
    ```
    After:
    ```mlir
    llvm.store %a, %words : i64, !llvm.ptr
    llvm.call @bitnet_launch(%kernel, %x, %y, %z, %words) : (i64, i64, i64, i64, !llvm.ptr) -> ()
    ```
  }];
  let options = [
    Option<"format", "format", "std::string", "", "ptx or cubin, of NVIDIA's">
  ];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect"];
}

#endif // BITNET_CODEGEN_GPUPASSES_TD
