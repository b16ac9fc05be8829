// Reads `dense` and `dense_resource` constants into plain numbers.
#include "ConstantTensor.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

#include <cstring>

using namespace mlir;

ElementsAttr bitnet::getConstant(Value value) {
  ElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)))
    return nullptr;
  return elements;
}

/// The bytes behind a resource, if they are `size` many.
static std::optional<ArrayRef<char>>
getBytes(DenseResourceElementsAttr resource, size_t size) {
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob || blob->getData().size() < size)
    return std::nullopt;
  return blob->getData().take_front(size);
}

/// Copies little-endian elements out of a resource.
template <typename T>
static std::optional<std::vector<T>> copyResource(ElementsAttr constant) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  if (!resource)
    return std::nullopt;
  std::vector<T> values(constant.getNumElements());
  std::optional<ArrayRef<char>> bytes =
      getBytes(resource, values.size() * sizeof(T));
  if (!bytes)
    return std::nullopt;
  std::memcpy(values.data(), bytes->data(), bytes->size());
  return values;
}

/// Widens the bits of f16 or bf16.
static std::optional<std::vector<float>> widen(ElementsAttr constant) {
  std::optional<std::vector<uint16_t>> bits = copyResource<uint16_t>(constant);
  if (!bits)
    return std::nullopt;
  const llvm::fltSemantics &semantics =
      cast<FloatType>(constant.getElementType()).getFloatSemantics();
  std::vector<float> values;
  values.reserve(bits->size());
  for (uint16_t half : *bits)
    values.push_back(APFloat(semantics, APInt(16, half)).convertToFloat());
  return values;
}

std::optional<std::vector<float>> bitnet::getFloats(ElementsAttr constant) {
  Type type = constant.getElementType();
  if (!type.isF32() && !type.isF16() && !type.isBF16())
    return std::nullopt;
  auto dense = dyn_cast<DenseFPElementsAttr>(constant);
  if (!dense)
    return type.isF32() ? copyResource<float>(constant) : widen(constant);
  std::vector<float> values;
  values.reserve(dense.getNumElements());
  for (const APFloat &value : dense)
    values.push_back(value.convertToFloat());
  return values;
}

std::optional<std::vector<float>> bitnet::getFloats(Value value) {
  ElementsAttr constant = getConstant(value);
  return constant ? getFloats(constant) : std::nullopt;
}

std::optional<float> bitnet::getScalar(Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || constant.getNumElements() != 1)
    return std::nullopt;
  std::optional<std::vector<float>> values = getFloats(value);
  return values ? std::optional<float>(values->front()) : std::nullopt;
}

/// The elements of a resource of 32 or 64 bits each.
static std::optional<std::vector<int64_t>> copyIntegers(ElementsAttr constant) {
  if (constant.getElementType().isInteger(64))
    return copyResource<int64_t>(constant);
  if (!constant.getElementType().isInteger(32))
    return std::nullopt;
  std::optional<std::vector<int32_t>> narrow = copyResource<int32_t>(constant);
  if (!narrow)
    return std::nullopt;
  return std::vector<int64_t>(narrow->begin(), narrow->end());
}

std::optional<std::vector<int64_t>> bitnet::getIntegers(Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || !isa<IntegerType>(constant.getElementType()))
    return std::nullopt;
  auto dense = dyn_cast<DenseIntElementsAttr>(constant);
  if (!dense)
    return copyIntegers(constant);
  std::vector<int64_t> values;
  values.reserve(dense.getNumElements());
  for (const APInt &value : dense.getValues<APInt>())
    values.push_back(value.getSExtValue());
  return values;
}

/// Code `index` of a packed array, as two's complement where `isSigned`.
static int8_t unpackCode(ArrayRef<char> bytes, size_t index, unsigned bits,
                         bool isSigned) {
  size_t bit = index * bits;
  unsigned code =
      (static_cast<uint8_t>(bytes[bit / 8]) >> (bit % 8)) & ((1u << bits) - 1);
  bool negative = isSigned && (code >> (bits - 1)) != 0;
  return static_cast<int8_t>(negative ? code - (1u << bits) : code);
}

std::optional<std::vector<int8_t>> bitnet::getCodes(ElementsAttr constant) {
  auto type = dyn_cast<IntegerType>(constant.getElementType());
  if (!type ||
      (type.getWidth() != 2 && type.getWidth() != 4 && type.getWidth() != 8))
    return std::nullopt;
  unsigned bits = type.getWidth();
  bool isSigned = !type.isUnsigned();
  std::vector<int8_t> codes(constant.getNumElements());

  if (auto dense = dyn_cast<DenseIntElementsAttr>(constant)) {
    size_t i = 0;
    for (const APInt &code : dense.getValues<APInt>())
      codes[i++] = static_cast<int8_t>(type.isUnsigned() ? code.getZExtValue()
                                                         : code.getSExtValue());
    return codes;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  std::optional<ArrayRef<char>> bytes;
  if (resource)
    bytes = getBytes(resource, (codes.size() * bits + 7) / 8);
  if (!bytes)
    return std::nullopt;
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = unpackCode(*bytes, i, bits, isSigned);
  return codes;
}

/// Whatever can be read of a constant, as floats.
static std::vector<float> getAllNumbers(ElementsAttr constant) {
  if (std::optional<std::vector<float>> floats = bitnet::getFloats(constant))
    return std::move(*floats);
  std::optional<std::vector<int8_t>> codes = bitnet::getCodes(constant);
  return codes ? std::vector<float>(codes->begin(), codes->end())
               : std::vector<float>();
}

std::vector<float> bitnet::getSample(ElementsAttr constant, int64_t count) {
  count = std::min(count, constant.getNumElements());
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant);
  if (resource && constant.getElementType().isF32()) {
    // A large matrix is not copied for a glance at it.
    std::vector<float> sample(count);
    std::optional<ArrayRef<char>> bytes =
        getBytes(resource, sample.size() * sizeof(float));
    if (bytes)
      std::memcpy(sample.data(), bytes->data(), bytes->size());
    else
      sample.clear();
    return sample;
  }
  std::vector<float> numbers = getAllNumbers(constant);
  numbers.resize(std::min<size_t>(numbers.size(), count));
  return numbers;
}
