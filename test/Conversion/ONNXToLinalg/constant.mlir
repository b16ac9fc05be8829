// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @relabels(
// CHECK:         arith.constant dense<[-1, 1]> : tensor<2xi8>
func.func @relabels() -> tensor<2xui8> {
  %w = onnx.Constant {value = dense<[255, 1]> : tensor<2xui8>} : () -> tensor<2xui8>
  return %w : tensor<2xui8>
}

// CHECK-LABEL: func @fills(
// CHECK:         cf.assert %{{.*}}, "a size is negative"
// CHECK:         linalg.fill
func.func @fills(%n: tensor<1xi64>) -> tensor<?xi64> {
  %y = onnx.ConstantOfShape %n {value = dense<7> : tensor<1xi64>} : (tensor<1xi64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// Packed codes, low bits first: 0b11'01'00'10 is -2, 0, 1, -1.
// CHECK-LABEL: func @unpacks(
// CHECK:         %[[W:.*]] = arith.constant dense_resource<codes{{.*}}> : tensor<4xi8>
// CHECK:         return %[[W]]
// CHECK:       codes{{.*}}: "0x{{[0-9A-F]*}}FE0001FF"
func.func @unpacks() -> tensor<4xi2> {
  %w = onnx.Constant {value = dense_resource<codes> : tensor<4xi2>} : () -> tensor<4xi2>
  return %w : tensor<4xi2>
}

{-#
  dialect_resources: {
    builtin: {
      codes: "0x01000000D2"
    }
  }
#-}
