// RUN: bitnet-opt %s --bitnet-narrow-caches=type=f16 --split-input-file | FileCheck %s
// RUN: bitnet-opt %s --bitnet-narrow-caches=type=bf16 --split-input-file | FileCheck %s --check-prefix=BF16
// RUN: bitnet-opt %s --bitnet-narrow-caches --split-input-file | FileCheck %s --check-prefix=F32

// The example of the documentation.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[Q:.*]]: tensor<1x2x3x64xf32>, %[[X:.*]]: tensor<1x2x3x64xf32>,
// CHECK-SAME:    %[[PAST:.*]]: tensor<1x2x?x64xf16> {bitnet.role = "past"})
// CHECK-SAME:    -> (tensor<1x2x3x64xf32>, tensor<1x2x?x64xf16> {bitnet.role = "present:2"}) {
// CHECK:         %[[EMPTY:.*]] = tensor.empty() : tensor<1x2x3x64xf16>
// CHECK:         %[[ROUNDED:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<1x2x3x64xf32>) outs(%[[EMPTY]] : tensor<1x2x3x64xf16>)
// CHECK:           arith.truncf %{{.*}} : f32 to f16
// CHECK:         %[[NEXT:.*]] = bitnet.kv_append %[[PAST]], %[[ROUNDED]]
// CHECK:         bitnet.attention %[[Q]], %[[NEXT]], %[[NEXT]]
// BF16-LABEL:  func.func @main(
// BF16:          arith.truncf %{{.*}} : f32 to bf16
// BF16:          bitnet.kv_append %{{.*}} : tensor<1x2x?x64xbf16>, tensor<1x2x3x64xbf16> -> tensor<1x2x?x64xbf16>
// F32-LABEL:   func.func @main(
// F32-NOT:       truncf
// F32:           return
func.func @main(%q: tensor<1x2x3x64xf32>, %x: tensor<1x2x3x64xf32>,
    %past: tensor<1x2x?x64xf32> {bitnet.role = "past"})
    -> (tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32> {bitnet.role = "present:2"}) {
  %next = bitnet.kv_append %past, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  %y = bitnet.attention %q, %next, %next scale 1.250000e-01
      : tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32> -> tensor<1x2x3x64xf32>
  return %y, %next : tensor<1x2x3x64xf32>, tensor<1x2x?x64xf32>
}

// -----

// Something else reads the first past, too, and what is appended to the second.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %{{.*}}: tensor<1x2x3x64xf32>,
// CHECK-SAME:    %{{.*}}: tensor<1x2x?x64xf32> {bitnet.role = "past"}, %{{.*}}: tensor<1x2x?x64xf32> {bitnet.role = "past"}, %{{.*}}: tensor<1x2x?x64xf16> {bitnet.role = "past"}
func.func @main(%x: tensor<1x2x3x64xf32>,
    %read: tensor<1x2x?x64xf32> {bitnet.role = "past"},
    %rotated: tensor<1x2x?x64xf32> {bitnet.role = "past"},
    %plain: tensor<1x2x?x64xf32> {bitnet.role = "past"},
    %angles: tensor<1x?x32xf32>)
    -> (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) {
  %0 = bitnet.kv_append %read, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  %1 = bitnet.kv_append %rotated, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  %2 = bitnet.rope %1, %angles, %angles
      : tensor<1x2x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32> -> tensor<1x2x?x64xf32>
  %3 = bitnet.kv_append %plain, %x
      : tensor<1x2x?x64xf32>, tensor<1x2x3x64xf32> -> tensor<1x2x?x64xf32>
  return %0, %2, %3, %read : tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>
}
