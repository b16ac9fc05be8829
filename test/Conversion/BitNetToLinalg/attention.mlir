// RUN: bitnet-opt %s --convert-bitnet-to-linalg | FileCheck %s

// CHECK: #[[GROUPED:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 floordiv 2, d3, d4, d5)>

// CHECK-LABEL: func @turns_pairs(
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 4, %{{.*}}, 16] [1, 1, 1, 2]
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0, 1] [%{{.*}}, 4, %{{.*}}, 16] [1, 1, 1, 2]
// CHECK:         arith.subf
// CHECK:         tensor.insert_slice %{{.*}}[0, 0, 0, 0]
// CHECK:         arith.addf
// CHECK:         tensor.insert_slice %{{.*}}[0, 0, 0, 1]
func.func @turns_pairs(%x: tensor<?x4x?x32xf32>, %cos: tensor<1x?x16xf32>,
                       %sin: tensor<1x?x16xf32>) -> tensor<?x4x?x32xf32> {
  %y = bitnet.rope %x, %cos, %sin interleaved : tensor<?x4x?x32xf32>,
      tensor<1x?x16xf32>, tensor<1x?x16xf32> -> tensor<?x4x?x32xf32>
  return %y : tensor<?x4x?x32xf32>
}

// CHECK-LABEL: func @turns_halves(
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 4, %{{.*}}, 16] [1, 1, 1, 1]
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0, 16] [%{{.*}}, 4, %{{.*}}, 16] [1, 1, 1, 1]
func.func @turns_halves(%x: tensor<?x4x?x32xf32>, %cos: tensor<?x?x16xf32>,
                        %sin: tensor<?x?x16xf32>) -> tensor<?x4x?x32xf32> {
  %y = bitnet.rope %x, %cos, %sin : tensor<?x4x?x32xf32>, tensor<?x?x16xf32>,
      tensor<?x?x16xf32> -> tensor<?x4x?x32xf32>
  return %y : tensor<?x4x?x32xf32>
}

// CHECK-LABEL: func @appends(
// CHECK-SAME:    %[[PAST:[a-z0-9_]+]]: tensor<?x2x?x16xf32>, %[[NEW:[a-z0-9_]+]]: tensor<?x2x?x16xf32>
// CHECK:         %[[P:[a-z0-9_]+]] = tensor.dim %[[PAST]], %{{.*}}
// CHECK:         %[[N:[a-z0-9_]+]] = tensor.dim %[[NEW]], %{{.*}}
// CHECK:         %[[T:[a-z0-9_]+]] = affine.apply
// CHECK:         tensor.empty(%{{.*}}, %[[T]]) : tensor<?x2x?x16xf32>
// CHECK:         tensor.insert_slice %[[PAST]] into %{{.*}}[0, 0, 0, 0]
// CHECK:         tensor.insert_slice %[[NEW]] into %{{.*}}[0, 0, %{{.*}}, 0]
func.func @appends(%past: tensor<?x2x?x16xf32>, %new: tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32> {
  %next = bitnet.kv_append %past, %new : tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32> -> tensor<?x2x?x16xf32>
  return %next : tensor<?x2x?x16xf32>
}

// CHECK-LABEL: func @attends(
// CHECK:         linalg.generic {indexing_maps = [#{{.*}}, #[[GROUPED]], #{{.*}}]
// CHECK:           math.fma
// CHECK:         arith.select
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK:           arith.cmpf ogt
// CHECK:         math.exp
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK:           arith.cmpf une
// CHECK:           math.fma
// CHECK:         arith.divf
func.func @attends(%q: tensor<?x4x?x16xf32>, %k: tensor<?x2x?x16xf32>,
    %v: tensor<?x2x?x16xf32>, %mask: tensor<?x1x?x?xi1>) -> tensor<?x4x?x16xf32> {
  %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x1x?x?xi1> scale 0.25
      : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}

// One row of numbers for all queries is added to the scores.
// CHECK-LABEL: func @adds_a_float_mask(
// CHECK:         arith.mulf
// CHECK-NEXT:    arith.addf
func.func @adds_a_float_mask(%q: tensor<?x4x?x16xf32>, %k: tensor<?x2x?x16xf32>,
    %mask: tensor<?x1x1x?xf32>) -> tensor<?x4x?x16xf32> {
  %y = bitnet.attention %q, %k, %k mask %mask : tensor<?x1x1x?xf32> scale 0.25
      : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
      -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}

// Keys and values of 16 bits are widened as they are read.
// CHECK-LABEL: func @reads_halves(
// CHECK:         ^bb0(%{{.*}}: f32, %[[K:.*]]: f16, %{{.*}}: f32):
// CHECK-NEXT:      arith.extf %[[K]] : f16 to f32
// CHECK:         ^bb0(%{{.*}}: f32, %[[V:.*]]: bf16, %{{.*}}: f32):
// CHECK:           arith.extf %[[V]] : bf16 to f32
func.func @reads_halves(%q: tensor<?x1x?x16xf32>, %k: tensor<?x1x?x16xf16>,
    %v: tensor<?x1x?x16xbf16>) -> tensor<?x1x?x16xf32> {
  %y = bitnet.attention %q, %k, %v scale 0.25 : tensor<?x1x?x16xf32>,
      tensor<?x1x?x16xf16>, tensor<?x1x?x16xbf16> -> tensor<?x1x?x16xf32>
  return %y : tensor<?x1x?x16xf32>
}
