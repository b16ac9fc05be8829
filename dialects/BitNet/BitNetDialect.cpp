// Registers the dialect and checks its attributes.
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bitnet;

#include "dialects/BitNet/BitNetDialect.cpp.inc"

#include "dialects/BitNet/BitNetEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/BitNet/BitNetTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/BitNet/BitNetAttrs.cpp.inc"

/// Columns that one byte lane of a vector holds.
static constexpr int64_t kColumns = 4;

void BitNetDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/BitNet/BitNetTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/BitNet/BitNetAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/BitNet/BitNetOps.cpp.inc"
      >();
}

Operation *BitNetDialect::materializeConstant(OpBuilder &builder,
                                              Attribute value, Type type,
                                              Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!elements || !tensor || elements.getType() != type ||
      !isa<TritType, BitType>(tensor.getElementType()))
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

LogicalResult
QuantizerAttr::verify(function_ref<InFlightDiagnostic()> emitError, Scheme,
                      Granularity, FloatAttr limit, FloatAttr floor,
                      int64_t low, int64_t high, bool) {
  Type type = limit.getType();
  if (type != floor.getType() ||
      !(type.isF32() || type.isF16() || type.isBF16()))
    return emitError() << "limit and floor must both be f32, f16 or bf16";
  if (low < INT8_MIN || high > INT8_MAX || low >= high)
    return emitError() << "codes must lie in -128..127, not " << low << ".."
                       << high;
  return success();
}

FloatType QuantizerAttr::getArithmeticType() const {
  return cast<FloatType>(getLimit().getType());
}

LogicalResult PackedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t lanes, int64_t bits) {
  if (lanes < 1 || lanes > 64 || !llvm::isPowerOf2_64(lanes))
    return emitError() << "lanes must be a power of two up to 64, not "
                       << lanes;
  if (bits != 1 && bits != 2)
    return emitError() << "bits must be 1 or 2, not " << bits;
  return success();
}

LogicalResult
PackedAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2)
    return emitError() << "packed weights have 2 dimensions, not "
                       << shape.size();
  if (!isa<TritType, BitType>(elementType))
    return emitError() << "packed weights are trits or bits, not "
                       << elementType;
  if (isa<TritType>(elementType) && getBits() != 2)
    return emitError() << "a trit takes 2 bits, not " << getBits();
  return success();
}

RankedTensorType PackedAttr::getBytesType(RankedTensorType weights) const {
  int64_t panels = llvm::divideCeil(weights.getDimSize(0), getPanelRows());
  int64_t vectors = llvm::divideCeil(weights.getDimSize(1), kColumns);
  return RankedTensorType::get({panels, vectors, getLanes() * kColumns},
                               IntegerType::get(getContext(), 8));
}
