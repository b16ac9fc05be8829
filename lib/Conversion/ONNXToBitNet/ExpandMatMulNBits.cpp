// Says ONNX Runtime's product of codes in standard operators, so that nothing
// else has to know it.
#include "ConstantTensor.h"
#include "Raise.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// Codes of a matrix that start at a byte in each row.
struct PaddedCodes {
  std::vector<int8_t> bytes;
  int64_t rows;
  int64_t columns;
  unsigned bits;
};

} // namespace

/// A constant of the codes without padding, packed as ONNX packs them.
static Value createCodes(OpBuilder &b, Location loc, const PaddedCodes &codes) {
  int64_t rowBytes = codes.bytes.size() / codes.rows;
  unsigned perByte = 8 / codes.bits;
  int64_t count = codes.rows * codes.columns;
  std::vector<char> packed(llvm::divideCeil(count, perByte));
  for (int64_t i = 0; i < count; ++i) {
    int64_t column = i % codes.columns;
    auto byte = static_cast<uint8_t>(
        codes.bytes[i / codes.columns * rowBytes + column / perByte]);
    unsigned code =
        byte >> (column % perByte * codes.bits) & ((1u << codes.bits) - 1);
    packed[i / perByte] |=
        static_cast<char>(code << (i % perByte * codes.bits));
  }
  auto type =
      RankedTensorType::get({codes.rows, codes.columns},
                            b.getIntegerType(codes.bits, /*isSigned=*/false));
  auto value = DenseResourceElementsAttr::get(
      type, "codes",
      HeapAsmResourceBlob::allocateAndCopyInferAlign<char>(packed));
  return onnx::ConstantOp::create(b, loc, type, value);
}

/// Codes of the zero points, one for each block.
static FailureOr<Value>
createZeroPoints(OpBuilder &b, onnx::MatMulNBitsOp matmul, int64_t blocks) {
  auto bits = static_cast<unsigned>(matmul.getBits());
  int64_t rowBytes = llvm::divideCeil(blocks * bits, 8);
  PaddedCodes codes{{}, matmul.getN(), blocks, bits};
  if (!matmul.getZeroPoints()) {
    codes.bytes.assign(codes.rows * rowBytes,
                       bits == 2 ? 0xaa - 256 : 0x88 - 256);
    return createCodes(b, matmul.getLoc(), codes);
  }
  ElementsAttr constant = getConstant(matmul.getZeroPoints());
  std::optional<std::vector<int8_t>> bytes;
  if (constant)
    bytes = getCodes(constant);
  if (!bytes || static_cast<int64_t>(bytes->size()) != codes.rows * rowBytes)
    return matmul.emitOpError("has zero points that are not constant bytes");
  codes.bytes = std::move(*bytes);
  return createCodes(b, matmul.getLoc(), codes);
}

/// The scales as a matrix.
static FailureOr<Value> createScales(OpBuilder &b, onnx::MatMulNBitsOp matmul,
                                     int64_t blocks) {
  Type element = getElementTypeOrSelf(matmul.getA());
  ElementsAttr scales = getConstant(matmul.getScales());
  if (!scales || scales.getElementType() != element ||
      scales.getNumElements() != matmul.getN() * blocks)
    return matmul.emitOpError("has scales that are not constant ") << element;
  auto type = RankedTensorType::get({matmul.getN(), blocks}, element);
  ElementsAttr value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(scales))
    value = DenseResourceElementsAttr::get(type, resource.getRawHandle());
  else
    value = cast<DenseElementsAttr>(scales).reshape(type);
  return onnx::ConstantOp::create(b, matmul.getLoc(), type, value).getResult();
}

LogicalResult bitnet::expandMatMulNBits(onnx::MatMulNBitsOp matmul) {
  OpBuilder b(matmul);
  Location loc = matmul.getLoc();
  int64_t n = matmul.getN(), k = matmul.getK();
  int64_t blocks = llvm::divideCeil(k, matmul.getBlockSize());
  ElementsAttr constant = getConstant(matmul.getB());
  std::optional<std::vector<int8_t>> bytes;
  if (constant)
    bytes = getCodes(constant);
  if (!bytes)
    return matmul.emitOpError("has weights that are not constant bytes");
  FailureOr<Value> scales = createScales(b, matmul, blocks);
  if (failed(scales))
    return failure();
  FailureOr<Value> zeroPoints = createZeroPoints(b, matmul, blocks);
  if (failed(zeroPoints))
    return failure();
  Value codes = createCodes(
      b, loc,
      {std::move(*bytes), n, k, static_cast<unsigned>(matmul.getBits())});

  codes.getDefiningOp()->setAttr("bitnet.form", b.getStringAttr("W9"));
  Type element = getElementTypeOrSelf(*scales);
  auto weights = onnx::DequantizeLinearOp::create(
      b, loc, RankedTensorType::get({n, k}, element), codes, *scales,
      *zeroPoints, /*axis=*/1, matmul.getBlockSize(), /*output_dtype=*/0);
  auto turned =
      onnx::TransposeOp::create(b, loc, RankedTensorType::get({k, n}, element),
                                weights, b.getDenseI64ArrayAttr({1, 0}));
  auto product =
      onnx::MatMulOp::create(b, loc, matmul.getType(), matmul.getA(), turned);
  if (Attribute dims = matmul->getAttr(onnx::kDimsAttr))
    product->setAttr(onnx::kDimsAttr, dims);
  matmul.replaceAllUsesWith(product.getResult());
  matmul.erase();
  return success();
}
