// Lays constant weights out as their encoding says. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/PackedLayout.h"
#include "dialects/BitNet/TritBytes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "llvm/Support/xxhash.h"

#include <unordered_map>

namespace bitnet {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-pack-weights"

static constexpr StringLiteral kEncoding = "bitnet.encoding";

/// Bytes of weights are read by whole vectors.
static constexpr size_t kAlignment = 64;

/// The bytes of a constant; none if they are not at hand.
static ArrayRef<char> getBytes(ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

/// The same weights in the layout of `packed`, or null if their bytes are not
/// at hand.
static ElementsAttr packBytes(ElementsAttr value, RankedTensorType packed) {
  int64_t n = packed.getDimSize(0), k = packed.getDimSize(1);
  if (!bitnet::hasTrits(value))
    return {};
  auto encoding = cast<bitnet::PackedAttr>(packed.getEncoding());
  bitnet::PanelLayout layout = encoding.getLayout();

  AsmResourceBlob bytes = HeapAsmResourceBlob::allocate(
      bitnet::packedSize(n, k, layout), kAlignment, /*dataIsMutable=*/true);
  auto *to = reinterpret_cast<uint8_t *>(bytes.getMutableData().data());
  // Panels lie one after the other, so each can be packed by itself.
  parallelFor(value.getContext(), 0, bitnet::panelCount(n, layout),
              [&](size_t panel) {
                int64_t first = static_cast<int64_t>(panel) * layout.rows();
                int64_t rows = std::min(layout.rows(), n - first);
                std::vector<int8_t> trits(rows * k);
                bitnet::readTrits(value, first * k, trits);
                bitnet::packPanel(trits.data(), rows, k, layout,
                                  to + bitnet::packedSize(first, k, layout));
              });
  auto resource = cast<DenseResourceElementsAttr>(value);
  std::string key = (resource.getRawHandle().getKey() + "_packed").str();
  return DenseResourceElementsAttr::get(packed, key, std::move(bytes));
}

namespace {

struct PackWeights : bitnet::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([&](bitnet::MatmulOp matmul) {
      auto encoding = matmul->getAttrOfType<bitnet::PackedAttr>(kEncoding);
      return !encoding || succeeded(pack(matmul, encoding))
                 ? WalkResult::advance()
                 : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult pack(bitnet::MatmulOp matmul, bitnet::PackedAttr encoding) {
    auto constant = matmul.getWeights().getDefiningOp<bitnet::ConstantOp>();
    if (!constant)
      return matmul.emitOpError("has an encoding, but no constant weights");
    RankedTensorType type = matmul.getWeights().getType();
    Type element = type.getElementType();
    if (encoding.getLayout().isBinary())
      element = bitnet::BitType::get(type.getContext());
    auto packed = RankedTensorType::get(type.getShape(), element, encoding);
    ElementsAttr &value = cache[{findEqual(constant.getValue()), encoding}];
    if (!value)
      value = packBytes(constant.getValue(), packed);
    if (!value)
      return constant.emitOpError("needs one byte for each weight");

    OpBuilder builder(constant);
    auto weights =
        bitnet::ConstantOp::create(builder, constant.getLoc(), value);
    matmul.getWeightsMutable().assign(weights);
    matmul->removeAttr(kEncoding);
    if (constant->use_empty())
      constant->erase();
    return success();
  }

  /// The first constant of these weights, which layers may share: each of them
  /// has its own when it is raised.
  ElementsAttr findEqual(ElementsAttr value) {
    ArrayRef<char> bytes = getBytes(value);
    auto hash = static_cast<size_t>(
        llvm::xxh3_64bits(StringRef(bytes.data(), bytes.size())));
    SmallVector<ElementsAttr> &candidates = byContent[hash];
    for (ElementsAttr candidate : candidates)
      if (candidate.getType() == value.getType() &&
          getBytes(candidate) == bytes)
        return candidate;
    candidates.push_back(value);
    return value;
  }

  DenseMap<std::pair<Attribute, Attribute>, ElementsAttr> cache;
  std::unordered_map<size_t, SmallVector<ElementsAttr>> byContent;
};

} // namespace
