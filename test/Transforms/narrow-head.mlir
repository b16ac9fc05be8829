// RUN: split-file %s %t
// RUN: bitnet-opt %t/head.mlir --bitnet-narrow-head=type=int8 | FileCheck %s --check-prefix=INT8
// RUN: bitnet-opt %t/head.mlir --bitnet-narrow-head=type=f32 | FileCheck %s --check-prefix=SAME
// RUN: bitnet-opt %t/wide.mlir --bitnet-narrow-head=type=int4 | FileCheck %s --check-prefix=INT4
// RUN: bitnet-opt %t/wide.mlir --bitnet-narrow-head=type=bf16 | FileCheck %s --check-prefix=BF16
// RUN: bitnet-opt %t/wide.mlir --bitnet-narrow-head=type=f16 | FileCheck %s --check-prefix=F16
// RUN: bitnet-opt %t/wide.mlir --bitnet-narrow-head | FileCheck %s --check-prefix=EXACT

// The example of the documentation: row 0 is 1, -0.5, 0, ...; row 1 is 0, 2,
// 0, .... The largest of each is 127, and two rows of the panel are padding.
// INT8-LABEL: func.func @head(
// INT8:         %[[CODES:.*]] = arith.constant dense_resource<head_codes> : tensor<1x1x4x16xi8>
// INT8:         %[[SCALES:.*]] = arith.constant dense_resource<head_scales> : tensor<1x1x4xf32>
// INT8:         %[[Y:.*]] = bitnet.scaled_matmul %{{.*}}, %[[CODES]], %[[SCALES]] bits 8
// INT8-SAME:        : tensor<?x16xf32>, tensor<1x1x4x16xi8>, tensor<1x1x4xf32> -> tensor<?x2xf32>
// INT8:         return %[[Y]]
// INT8-DAG:     head_codes: "0x400000007FC00000000000000000000000000000007F0000000000000000000000000000{{0*}}"
// INT8-DAG:     head_scales: "0x400000000402013C0402813C{{0*}}"

// What is f32 already stays as it is.
// SAME:         linalg.matmul indexing_maps {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<2x16xf32>)

// Weights [k, n] are turned; the result is a bias, to which sums are added.
// Input 0 is code -8 (its half of the byte is 8), input 16 is 4.
// INT4-LABEL: func.func @wide(
// INT4-SAME:    %[[X:[a-z0-9]+]]: tensor<3x32xf32>, %[[BIAS:[a-z0-9]+]]: tensor<3x1xf32>
// INT4:         %[[Y:.*]] = bitnet.scaled_matmul %[[X]], %{{.*}}, %{{.*}} bits 4
// INT4-SAME:        : tensor<3x32xf32>, tensor<1x1x4x16xi8>, tensor<1x1x4xbf16> -> tensor<3x1xf32>
// INT4:         linalg.add ins(%[[BIAS]], %[[Y]] : tensor<3x1xf32>, tensor<3x1xf32>) outs(%[[BIAS]] : tensor<3x1xf32>)
// INT4:         math.exp
// INT4-DAG:     head_codes: "0x4000000048{{0*}}"
// INT4-DAG:     head_scales: "0x40000000003E{{0*}}"

// BF16:         %[[W:.*]] = arith.constant dense_resource<head> : tensor<1x32xbf16>
// BF16:         linalg.matmul indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}] ins(%{{.*}}, %[[W]] : tensor<3x32xf32>, tensor<1x32xbf16>) outs(%{{.*}} : tensor<3x1xf32>)
// BF16:         head: "0x4000000080BF{{0*}}003F0{{.*}}"
// F16:          %[[W:.*]] = arith.constant dense_resource<head> : tensor<1x32xf16>
// F16:          head: "0x4000000000BC{{0*}}00380{{.*}}"
// EXACT:        linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<3x32xf32>, tensor<32x1xf32>)

//--- head.mlir
func.func @head(%x: tensor<?x16xf32>) -> (tensor<?x2xf32> {bitnet.role = "logits"}) {
  %w = arith.constant dense_resource<w> : tensor<2x16xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x16xf32>
  %empty = tensor.empty(%rows) : tensor<?x2xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<?x16xf32>, tensor<2x16xf32>) outs(%zeros : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F000000BF000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    }
  }
#-}

//--- wide.mlir
#id = affine_map<(i, j) -> (i, j)>
func.func @wide(%x: tensor<3x32xf32>, %bias: tensor<3x1xf32>) -> (tensor<3x1xf32> {bitnet.role = "logits"}) {
  %w = arith.constant dense<[[-1.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.5], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [0.0]]> : tensor<32x1xf32>
  %y = linalg.matmul ins(%x, %w : tensor<3x32xf32>, tensor<32x1xf32>) outs(%bias : tensor<3x1xf32>) -> tensor<3x1xf32>
  %e = tensor.empty() : tensor<3x1xf32>
  %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<3x1xf32>) outs(%e : tensor<3x1xf32>) {
  ^bb0(%v: f32, %o: f32):
    %u = math.exp %v : f32
    linalg.yield %u : f32
  } -> tensor<3x1xf32>
  return %z : tensor<3x1xf32>
}
