// See TritBytes.h. A model of two billion weights is half a gigabyte so, not
// two, between raise and optimize.
#include "dialects/BitNet/TritBytes.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <array>
#include <cassert>
#include <cstring>

using namespace mlir;

/// Weights in a byte of two-bit codes.
static constexpr int64_t kInByte = 4;

/// Fewer weights stay bytes, which are easier to read.
static constexpr size_t kFewest = 1024;

/// The weights of each byte.
static constexpr std::array<std::array<int8_t, kInByte>, 256> makeTable() {
  std::array<std::array<int8_t, kInByte>, 256> table = {};
  for (int byte = 0; byte < 256; ++byte)
    for (int i = 0; i < kInByte; ++i) {
      int code = byte >> (2 * i) & 3;
      table[byte][i] = static_cast<int8_t>(code < 2 ? code : code - 4);
    }
  return table;
}

static constexpr std::array<std::array<int8_t, kInByte>, 256> kTable =
    makeTable();

AsmResourceBlob bitnet::makeTrits(ArrayRef<int8_t> weights) {
  if (weights.size() < kFewest || weights.size() % kInByte != 0)
    return HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>(weights);
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      weights.size() / kInByte, /*align=*/64, /*dataIsMutable=*/true);
  const int8_t *from = weights.data();
  for (char &byte : blob.getMutableData()) {
    byte = static_cast<char>((from[0] & 3) | (from[1] & 3) << 2 |
                             (from[2] & 3) << 4 | (from[3] & 3) << 6);
    from += kInByte;
  }
  return blob;
}

static ArrayRef<char> getBytes(ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

/// True for two bits each.
static bool arePacked(ArrayRef<char> bytes, int64_t count) {
  return count >= static_cast<int64_t>(kFewest) &&
         static_cast<int64_t>(bytes.size()) * kInByte == count;
}

bool bitnet::hasTrits(ElementsAttr value) {
  ArrayRef<char> bytes = getBytes(value);
  int64_t count = value.getNumElements();
  return static_cast<int64_t>(bytes.size()) == count || arePacked(bytes, count);
}

void bitnet::readTrits(ElementsAttr value, int64_t first,
                       MutableArrayRef<int8_t> weights) {
  ArrayRef<char> bytes = getBytes(value);
  if (!arePacked(bytes, value.getNumElements())) {
    std::memcpy(weights.data(), bytes.data() + first, weights.size());
    return;
  }
  assert(first % kInByte == 0 && "a weight in the middle of a byte");
  const char *from = bytes.data() + first / kInByte;
  while (!weights.empty()) {
    size_t count = std::min<size_t>(weights.size(), kInByte);
    std::memcpy(weights.data(), kTable[static_cast<uint8_t>(*from++)].data(),
                count);
    weights = weights.drop_front(count);
  }
}

std::vector<int8_t> bitnet::readTrits(ElementsAttr value) {
  std::vector<int8_t> weights(value.getNumElements());
  readTrits(value, 0, weights);
  return weights;
}
