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

/// Codes of a matrix in bytes, each row starting with a new one.
struct PaddedCodes {
  std::vector<int8_t> bytes;
  int64_t rows;
  int64_t columns;
  unsigned bits;

  uint8_t at(int64_t row, int64_t column) const {
    int64_t rowBytes = bytes.size() / rows, perByte = 8 / bits;
    auto byte = static_cast<uint8_t>(bytes[row * rowBytes + column / perByte]);
    return byte >> (column % perByte * bits) & ((1u << bits) - 1);
  }
};

/// The weights of a product, taken apart.
struct BlockedWeights {
  PaddedCodes codes;
  /// One for each block of each row.
  std::vector<float> scales, zeroPoints;
  int64_t blocks;
  /// The block of each input.
  std::vector<int64_t> places;
};

} // namespace

/// A constant of codes, packed as ONNX packs them.
static Value createCodes(OpBuilder &b, Location loc, const PaddedCodes &codes) {
  unsigned perByte = 8 / codes.bits;
  int64_t count = codes.rows * codes.columns;
  std::vector<char> packed(llvm::divideCeil(count, perByte));
  for (int64_t i = 0; i < count; ++i)
    packed[i / perByte] |=
        static_cast<char>(codes.at(i / codes.columns, i % codes.columns)
                          << (i % perByte * codes.bits));
  auto type =
      RankedTensorType::get({codes.rows, codes.columns},
                            b.getIntegerType(codes.bits, /*isSigned=*/false));
  auto value = DenseResourceElementsAttr::get(
      type, "codes",
      HeapAsmResourceBlob::allocateAndCopyInferAlign<char>(packed));
  return onnx::ConstantOp::create(b, loc, type, value);
}

/// A constant matrix of `n` rows of floats, of the type of the activations.
static Value createFloats(OpBuilder &b, onnx::MatMulNBitsOp matmul,
                          ArrayRef<float> floats, StringRef name) {
  Location loc = matmul.getLoc();
  int64_t rows = matmul.getN();
  auto element = cast<FloatType>(getElementTypeOrSelf(matmul.getA()));
  auto columns = static_cast<int64_t>(floats.size()) / rows;
  auto type = RankedTensorType::get({rows, columns}, element);
  if (!element.isF32()) {
    std::vector<APFloat> halves;
    for (float value : floats) {
      bool losesInfo = false;
      halves.emplace_back(value);
      halves.back().convert(element.getFloatSemantics(),
                            APFloat::rmNearestTiesToEven, &losesInfo);
    }
    return onnx::ConstantOp::create(b, loc, type,
                                    DenseElementsAttr::get(type, halves));
  }
  auto value = DenseResourceElementsAttr::get(
      type, name,
      HeapAsmResourceBlob::allocateAndCopyInferAlign<float>(floats));
  return onnx::ConstantOp::create(b, loc, type, value);
}

/// The bytes of a constant of codes.
static std::optional<std::vector<int8_t>> getBytes(Value value) {
  ElementsAttr constant = getConstant(value);
  return constant ? getCodes(constant) : std::nullopt;
}

/// The zero points, given as floats or packed, or in the middle of the codes.
static FailureOr<std::vector<float>> getZeroPoints(onnx::MatMulNBitsOp matmul,
                                                   int64_t blocks) {
  int64_t n = matmul.getN(), bits = matmul.getBits();
  if (!matmul.getZeroPoints())
    return std::vector<float>(n * blocks, static_cast<float>(1 << (bits - 1)));
  std::optional<std::vector<float>> zeros = getFloats(matmul.getZeroPoints());
  if (zeros && static_cast<int64_t>(zeros->size()) == n * blocks)
    return *zeros;
  std::optional<std::vector<int8_t>> bytes = getBytes(matmul.getZeroPoints());
  if (!bytes ||
      static_cast<int64_t>(bytes->size()) !=
          n * static_cast<int64_t>(llvm::divideCeil(blocks * bits, 8)))
    return matmul.emitOpError("has zero points that are not constant codes");
  PaddedCodes codes{std::move(*bytes), n, blocks, static_cast<unsigned>(bits)};
  std::vector<float> result;
  for (int64_t row = 0; row < n; ++row)
    for (int64_t block = 0; block < blocks; ++block)
      result.push_back(codes.at(row, block));
  return result;
}

/// The block of each input.
static FailureOr<std::vector<int64_t>> getPlaces(onnx::MatMulNBitsOp matmul,
                                                 int64_t blocks) {
  std::vector<int64_t> places;
  for (int64_t input = 0; input < matmul.getK(); ++input)
    places.push_back(input / matmul.getBlockSize());
  if (!matmul.getGIdx())
    return places;
  std::optional<std::vector<int64_t>> given = getIntegers(matmul.getGIdx());
  if (!given || given->size() != places.size())
    return matmul.emitOpError("has no constant block for each input");
  for (int64_t block : *given)
    if (block < 0 || block >= blocks)
      return matmul.emitOpError("puts an input into block ")
             << block << " of " << blocks;
  return *given;
}

static FailureOr<BlockedWeights> getWeights(onnx::MatMulNBitsOp matmul) {
  int64_t blocks = llvm::divideCeil(matmul.getK(), matmul.getBlockSize());
  std::optional<std::vector<int8_t>> bytes = getBytes(matmul.getB());
  if (!bytes)
    return matmul.emitOpError("has weights that are not constant bytes");
  Type element = getElementTypeOrSelf(matmul.getA());
  std::optional<std::vector<float>> scales = getFloats(matmul.getScales());
  if (!scales || getElementTypeOrSelf(matmul.getScales()) != element ||
      static_cast<int64_t>(scales->size()) != matmul.getN() * blocks)
    return matmul.emitOpError("has scales that are not constant ") << element;
  FailureOr<std::vector<float>> zeros = getZeroPoints(matmul, blocks);
  if (failed(zeros))
    return failure();
  FailureOr<std::vector<int64_t>> places = getPlaces(matmul, blocks);
  if (failed(places))
    return failure();
  return BlockedWeights{{std::move(*bytes), static_cast<int64_t>(matmul.getN()),
                         static_cast<int64_t>(matmul.getK()),
                         static_cast<unsigned>(matmul.getBits())},
                        std::move(*scales),
                        std::move(*zeros),
                        blocks,
                        std::move(*places)};
}

/// Zero points as codes; nothing if one is no code.
static std::optional<PaddedCodes>
packZeroPoints(const BlockedWeights &weights) {
  const PaddedCodes &codes = weights.codes;
  int64_t perByte = 8 / codes.bits;
  int64_t rowBytes = llvm::divideCeil(weights.blocks, perByte);
  PaddedCodes packed{std::vector<int8_t>(codes.rows * rowBytes), codes.rows,
                     weights.blocks, codes.bits};
  for (auto [i, zero] : llvm::enumerate(weights.zeroPoints)) {
    auto code = static_cast<unsigned>(std::clamp(zero, 0.0f, 255.0f));
    if (static_cast<float>(code) != zero || code >= (1u << codes.bits))
      return std::nullopt;
    int64_t block = i % weights.blocks;
    packed.bytes[i / weights.blocks * rowBytes + block / perByte] |=
        static_cast<int8_t>(code << (block % perByte * codes.bits));
  }
  return packed;
}

/// The weights as [n, k] where DequantizeLinear can say them, as what they
/// multiply to elsewhere.
static Value createWeights(OpBuilder &b, onnx::MatMulNBitsOp matmul,
                           const BlockedWeights &weights) {
  Location loc = matmul.getLoc();
  int64_t n = matmul.getN(), k = matmul.getK();
  std::optional<PaddedCodes> zeros = packZeroPoints(weights);
  bool areNeighbours = llvm::all_of(llvm::seq(k), [&](int64_t input) {
    return weights.places[input] ==
           input / static_cast<int64_t>(matmul.getBlockSize());
  });
  if (zeros && areNeighbours) {
    Value codes = createCodes(b, loc, weights.codes);
    codes.getDefiningOp()->setAttr("bitnet.form", b.getStringAttr("W9"));
    return onnx::DequantizeLinearOp::create(
        b, loc,
        RankedTensorType::get({n, k}, getElementTypeOrSelf(matmul.getA())),
        codes, createFloats(b, matmul, weights.scales, "scales"),
        createCodes(b, loc, *zeros), /*axis=*/1, matmul.getBlockSize(),
        /*output_dtype=*/0);
  }
  std::vector<float> floats;
  for (int64_t row = 0; row < n; ++row)
    for (int64_t input = 0; input < k; ++input) {
      int64_t block = row * weights.blocks + weights.places[input];
      floats.push_back(
          (weights.codes.at(row, input) - weights.zeroPoints[block]) *
          weights.scales[block]);
    }
  Value constant = createFloats(b, matmul, floats, "weights");
  constant.getDefiningOp()->setAttr("bitnet.form", b.getStringAttr("W9"));
  return constant;
}

LogicalResult bitnet::expandMatMulNBits(onnx::MatMulNBitsOp matmul) {
  OpBuilder b(matmul);
  Location loc = matmul.getLoc();
  FailureOr<BlockedWeights> weights = getWeights(matmul);
  if (failed(weights))
    return failure();
  auto type = RankedTensorType::get({matmul.getK(), matmul.getN()},
                                    getElementTypeOrSelf(matmul.getA()));
  auto turned = onnx::TransposeOp::create(b, loc, type,
                                          createWeights(b, matmul, *weights),
                                          b.getDenseI64ArrayAttr({1, 0}));
  SmallVector<Operation *> made = {
      onnx::MatMulOp::create(b, loc, matmul.getType(), matmul.getA(), turned)};
  if (matmul.getBias())
    made.push_back(onnx::AddOp::create(b, loc, matmul.getType(),
                                       made.front()->getResult(0),
                                       matmul.getBias()));
  if (Attribute dims = matmul->getAttr(onnx::kDimsAttr))
    for (Operation *op : made)
      op->setAttr(onnx::kDimsAttr, dims);
  matmul.replaceAllUsesWith(made.back()->getResult(0));
  matmul.erase();
  return success();
}
