// Large constants become offsets into one block. See Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/WeightBlock.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"

#include <map>

namespace bitnet {
#define GEN_PASS_DEF_SEPARATEWEIGHTS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-separate-weights"

static constexpr StringLiteral kBlock = "bitnet_weights";
static constexpr StringLiteral kBase = "bitnet_weights_base";
static constexpr StringLiteral kFile = "bitnet_weights_file";
static constexpr StringLiteral kDeviceBlock = "bitnet_device_weights";
static constexpr StringLiteral kDeviceSize = "bitnet_device_weights_size";
static constexpr StringLiteral kDeviceBase = "bitnet_device_weights_base";

/// The bytes of a constant that is a resource.
static ArrayRef<char> getBytes(LLVM::GlobalOp global) {
  auto value =
      dyn_cast_or_null<DenseResourceElementsAttr>(global.getValueOrNull());
  AsmResourceBlob *blob = value ? value.getRawHandle().getBlob() : nullptr;
  return blob && global.getConstant() ? blob->getData() : ArrayRef<char>();
}

/// The values of a constant as they lie in memory, a bool in a byte.
static std::string layOut(DenseElementsAttr value) {
  std::string bytes;
  if (value.getElementType().isInteger(1)) {
    for (bool bit : value.getValues<bool>())
      bytes.push_back(bit ? 1 : 0);
    return bytes;
  }
  ArrayRef<char> raw = value.getRawData();
  int64_t copies = value.isSplat() ? value.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i)
    bytes.append(raw.data(), raw.size());
  return bytes;
}

/// Gives a constant that is written out the form of a large one.
static void makeResource(LLVM::GlobalOp global) {
  auto value = dyn_cast_or_null<DenseElementsAttr>(global.getValueOrNull());
  if (!value || !global.getConstant() || !value.getElementType().isIntOrFloat())
    return;
  std::string bytes = layOut(value);
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())},
                                    IntegerType::get(global.getContext(), 8));
  global.setValueAttr(DenseResourceElementsAttr::get(
      type, global.getSymName(),
      HeapAsmResourceBlob::allocateAndCopyInferAlign(
          ArrayRef<char>(bytes.data(), bytes.size()))));
}

/// Size and hash of the block, and the name of its file.
static std::string describeFile(ModuleOp module, StringRef file) {
  std::vector<bitnet::WeightPart> parts = bitnet::getWeightParts(module);
  std::string text(16, '\0');
  llvm::support::endian::write64le(text.data(), bitnet::getBlockSize(parts));
  llvm::support::endian::write64le(text.data() + 8, bitnet::hashBlock(parts));
  return text + file.str() + '\0';
}

namespace {

struct SeparateWeights : bitnet::impl::SeparateWeightsBase<SeparateWeights> {
  using SeparateWeightsBase::SeparateWeightsBase;

  void runOnOperation() override {
    readBlock();
    if (device)
      for (auto global : getOperation().getOps<LLVM::GlobalOp>())
        makeResource(global);
    llvm::StringMap<int64_t> offsets = place();
    if (device)
      describeDeviceBlock();
    if (parts.empty())
      return;
    declare();
    getOperation().walk([&](LLVM::AddressOfOp address) {
      auto found = offsets.find(address.getGlobalName());
      if (found != offsets.end())
        replace(address, found->second);
    });
  }

private:
  /// What other modules have put into the block.
  void readBlock() {
    parts.clear();
    known.clear();
    size = 0;
    auto entries =
        getOperation()->getAttrOfType<ArrayAttr>(bitnet::kWeightsAttr);
    if (!entries)
      return;
    llvm::append_range(parts, entries);
    for (const bitnet::WeightPart &part :
         bitnet::getWeightParts(getOperation())) {
      known.insert({hashOf(part.bytes), part});
      size = part.offset + static_cast<int64_t>(part.bytes.size());
    }
  }

  static uint64_t hashOf(ArrayRef<char> bytes) {
    return llvm::xxh3_64bits(StringRef(bytes.data(), bytes.size()));
  }

  /// Where the constant is in the block: at the end, if it was not there.
  int64_t findPlace(LLVM::GlobalOp global) {
    ArrayRef<char> bytes = getBytes(global);
    uint64_t hash = hashOf(bytes);
    auto [first, last] = known.equal_range(hash);
    for (auto it = first; it != last; ++it)
      if (it->second.bytes == bytes)
        return it->second.offset;
    Builder b(&getContext());
    auto offset =
        static_cast<int64_t>(llvm::alignTo(size, bitnet::kWeightAlignment));
    parts.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("offset", b.getI64IntegerAttr(offset)),
         b.getNamedAttr("value", *global.getValue())}));
    known.insert({hash, {offset, bytes}});
    size = offset + static_cast<int64_t>(bytes.size());
    return offset;
  }

  /// Removes the constants and writes down where they are.
  llvm::StringMap<int64_t> place() {
    llvm::StringMap<int64_t> offsets;
    for (auto global :
         llvm::make_early_inc_range(getOperation().getOps<LLVM::GlobalOp>())) {
      auto bytes = static_cast<int64_t>(getBytes(global).size());
      if (bytes == 0 || (bytes < smallest && !device))
        continue;
      offsets[global.getSymName()] = findPlace(global);
      global.erase();
    }
    if (!parts.empty())
      getOperation()->setAttr(bitnet::kWeightsAttr,
                              ArrayAttr::get(&getContext(), parts));
    return offsets;
  }

  LLVM::GlobalOp create(ImplicitLocOpBuilder &b, Type type, StringRef name,
                        Attribute value) {
    bool isConstant = name != kBase && name != kDeviceBase;
    return LLVM::GlobalOp::create(b, type, isConstant, LLVM::Linkage::External,
                                  name, value);
  }

  /// Where the runtime finds what it is to copy to the device, and where it
  /// says that it did.
  void describeDeviceBlock() {
    auto b = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                getOperation().getBody());
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    create(b, pointer, kDeviceBase, Attribute());
    create(b, b.getI64Type(), kDeviceSize, b.getI64IntegerAttr(size));
    LLVM::GlobalOp block = create(b, pointer, kDeviceBlock, Attribute());
    b.createBlock(&block.getInitializerRegion());
    Value host;
    if (size && file.empty())
      host = LLVM::AddressOfOp::create(b, pointer, kBlock);
    else
      host = LLVM::ZeroOp::create(b, pointer);
    LLVM::ReturnOp::create(b, host);
  }

  /// Declares the block, or what the runtime has to know of its file.
  void declare() {
    auto b = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                getOperation().getBody());
    if (file.empty()) {
      auto type = LLVM::LLVMArrayType::get(b.getI8Type(), size);
      create(b, type, kBlock, Attribute())
          .setAlignment(bitnet::kWeightAlignment);
      return;
    }
    create(b, LLVM::LLVMPointerType::get(&getContext()), kBase, Attribute());
    std::string text = describeFile(getOperation(), file);
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
    create(b, type, kFile, b.getStringAttr(text)).setAlignment(8);
  }

  void replace(LLVM::AddressOfOp address, int64_t offset) {
    ImplicitLocOpBuilder b(address.getLoc(), address);
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    bool isVariable = device || !file.empty();
    StringRef name = device ? kDeviceBase : isVariable ? kBase : kBlock;
    Value base = LLVM::AddressOfOp::create(b, pointer, name);
    if (isVariable) {
      auto load = LLVM::LoadOp::create(b, pointer, base);
      // It is written once, before the model runs.
      load.setInvariant(true);
      base = load;
    }
    Value distance = LLVM::ConstantOp::create(b, b.getI64IntegerAttr(offset));
    Value at = LLVM::GEPOp::create(b, pointer, b.getI8Type(), base,
                                   ArrayRef<LLVM::GEPArg>{distance});
    address.replaceAllUsesWith(at);
    address.erase();
  }

  /// What is in the block, also by its hash, and how large that is.
  SmallVector<Attribute> parts;
  std::multimap<uint64_t, bitnet::WeightPart> known;
  int64_t size = 0;
};

} // namespace
