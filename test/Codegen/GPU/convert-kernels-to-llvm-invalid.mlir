// RUN: bitnet-opt %s --bitnet-convert-kernels-to-llvm --split-input-file --verify-diagnostics
// RUN: not bitnet-opt %s --bitnet-convert-kernels-to-llvm=chip=sm_12 --split-input-file 2>&1 | FileCheck %s
// RUN: not bitnet-opt %s --bitnet-convert-kernels-to-llvm=kind=opencl --split-input-file 2>&1 | FileCheck %s --check-prefix=KIND

// CHECK: error: target 'cuda' wants a chip behind it, sm_75, sm_80, sm_86, sm_89 or sm_90, found 'cuda:sm_12'
// KIND: error: unknown device 'opencl:sm_80'

gpu.module @kernels {
  gpu.func @library(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f64
    // expected-error @below {{'math.exp' op has no exact instruction on cuda devices}}
    %y = math.exp %x : f64
    bitnet.device_store %y, %a[%i] : f64
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @remainder(%a: i64) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %x = bitnet.device_load %a[%i] : f32
    // expected-error @below {{'arith.remf' op has no exact instruction on cuda devices}}
    %y = arith.remf %x, %x : f32
    bitnet.device_store %y, %a[%i] : f32
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @below {{'gpu.func' op has no known block size}}
  gpu.func @any_size(%a: i64) kernel {
    gpu.return
  }
}
