// What is held stays; ReleaseConstantsTest.cpp sees the others go.
// RUN: bitnet-opt %s --bitnet-release-constants | FileCheck %s

// CHECK: held: "0x0100000001020304"
func.func @releases() -> tensor<4xi8> {
  %held = arith.constant dense_resource<held> : tensor<4xi8>
  return %held : tensor<4xi8>
}

{-#
  dialect_resources: {
    builtin: {
      held: "0x0100000001020304",
      dropped: "0x0100000005060708"
    }
  }
#-}
