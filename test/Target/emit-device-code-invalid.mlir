// A model that computes nothing has no kernels.
// RUN: rm -f %t.ptx
// RUN: not bitnet-compile %s --target=cuda:sm_80 --emit=ptx -o %t.ptx 2>&1 | FileCheck %s
// RUN: not ls %t.ptx

// CHECK: error: the model has nothing for a device to do
func.func @main() {
  return
}
