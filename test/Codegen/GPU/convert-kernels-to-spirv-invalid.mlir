// RUN: bitnet-opt %s --bitnet-convert-kernels-to-spirv --verify-diagnostics

gpu.module @kernels {
  // expected-error @below {{has no known block size}}
  gpu.func @negates(%a: i64) kernel {
    gpu.return
  }
}
