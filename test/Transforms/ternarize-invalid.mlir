// RUN: not bitnet-opt %s --bitnet-ternarize=form=b2 2>&1 | FileCheck %s

// CHECK: error: cannot round weights as 'b2' does: b1.58 or b1 is wanted
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  return %x : tensor<?x2xf32>
}
