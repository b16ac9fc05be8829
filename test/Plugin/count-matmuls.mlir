// A project built against the installed package, loaded into both programs.
// UNSUPPORTED: sanitize
// RUN: rm -rf %t && %cmake --install %obj_root --prefix %t/installed > %t.log
// RUN: %cmake -G Ninja -S %S/Inputs -B %t/build -DCMAKE_PREFIX_PATH=%t/installed \
// RUN:   -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=%cc -DCMAKE_CXX_COMPILER=%cxx >> %t.log
// RUN: %cmake --build %t/build >> %t.log
//
// RUN: %t/installed/bin/bitnet-opt %s --load-pass-plugin=%t/build/CountMatmuls.so \
// RUN:   --pass-pipeline='builtin.module(count-matmuls)' | FileCheck %s
// RUN: %llvm_tools/mlir-opt %s --load-pass-plugin=%t/build/CountMatmuls.so \
// RUN:   --load-dialect-plugin=%t/build/CountMatmuls.so \
// RUN:   --pass-pipeline='builtin.module(count-matmuls)' | FileCheck %s
//
// Our whole library is a plugin, too.
// RUN: %llvm_tools/mlir-opt %s --load-dialect-plugin=%t/installed/lib/libBitNet.so \
// RUN:   --load-pass-plugin=%t/installed/lib/libBitNet.so \
// RUN:   --pass-pipeline='builtin.module(func.func(bitnet-select-encoding))' | FileCheck %s --check-prefix=OWN

// CHECK:     module attributes {count.matmuls = 2 : i64}
// CHECK:     bitnet.matmul %{{.*}}, %{{.*}} {number = 0 : i64}
// CHECK:     bitnet.matmul %{{.*}}, %{{.*}} {number = 1 : i64}
// OWN-COUNT-2: bitnet.matmul
func.func @model(%x: tensor<?x4xi8>, %w: tensor<4x4x!bitnet.trit>)
    -> (tensor<?x4xi32>, tensor<?x4xi32>) {
  %a = bitnet.matmul %x, %w : tensor<?x4xi8>, tensor<4x4x!bitnet.trit> -> tensor<?x4xi32>
  %b = bitnet.matmul %x, %w : tensor<?x4xi8>, tensor<4x4x!bitnet.trit> -> tensor<?x4xi32>
  return %a, %b : tensor<?x4xi32>, tensor<?x4xi32>
}
