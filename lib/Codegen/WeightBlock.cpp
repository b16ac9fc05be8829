// See WeightBlock.h.
#include "bitnet/Codegen/WeightBlock.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using bitnet::WeightPart;

std::vector<WeightPart> bitnet::getWeightParts(ModuleOp module) {
  std::vector<WeightPart> parts;
  auto entries = module->getAttrOfType<ArrayAttr>(kWeightsAttr);
  if (!entries)
    return parts;
  for (auto entry : entries.getAsRange<DictionaryAttr>()) {
    auto value = entry.getAs<DenseResourceElementsAttr>("value");
    parts.push_back({entry.getAs<IntegerAttr>("offset").getInt(),
                     value.getRawHandle().getBlob()->getData()});
  }
  return parts;
}

int64_t bitnet::getBlockSize(ArrayRef<WeightPart> parts) {
  return parts.empty() ? 0
                       : parts.back().offset +
                             static_cast<int64_t>(parts.back().bytes.size());
}

uint64_t bitnet::hashBlock(ArrayRef<WeightPart> parts) {
  std::vector<uint64_t> hashes;
  for (const WeightPart &part : parts) {
    hashes.push_back(static_cast<uint64_t>(part.offset));
    hashes.push_back(
        llvm::xxh3_64bits(StringRef(part.bytes.data(), part.bytes.size())));
  }
  return llvm::xxh3_64bits(
      StringRef(reinterpret_cast<const char *>(hashes.data()),
                hashes.size() * sizeof(uint64_t)));
}

void bitnet::writeBlock(ArrayRef<WeightPart> parts, llvm::raw_ostream &os) {
  int64_t written = 0;
  for (const WeightPart &part : parts) {
    os.write_zeros(part.offset - written);
    os.write(part.bytes.data(), part.bytes.size());
    written = part.offset + static_cast<int64_t>(part.bytes.size());
  }
}
