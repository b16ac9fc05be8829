// Registers the dialect and checks its attributes.
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bitnet;

#include "dialects/BitNet/BitNetDialect.cpp.inc"

#include "dialects/BitNet/BitNetEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/BitNet/BitNetTypes.cpp.inc"

/// "2", "1.6"
static std::string formatBits(double bits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", bits);
  return text;
}

/// Reads 2, 1.6 or 1 as the number of codes in a byte.
static ParseResult parseBits(AsmParser &parser, int64_t &fields) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t whole = 0;
  double bits = 0;
  OptionalParseResult integer = parser.parseOptionalInteger(whole);
  if (integer.has_value() ? failed(*integer) : failed(parser.parseFloat(bits)))
    return failure();
  if (integer.has_value())
    bits = static_cast<double>(whole);
  for (int64_t known : {4, 5, 8}) {
    fields = known;
    if (bits * static_cast<double>(known) == 8.0)
      return success();
  }
  return parser.emitError(loc)
         << "bits must be 1, 1.6 or 2, not " << formatBits(bits);
}

static void printBits(AsmPrinter &printer, int64_t fields) {
  printer << formatBits(8.0 / static_cast<double>(fields));
}

#define GET_ATTRDEF_CLASSES
#include "dialects/BitNet/BitNetAttrs.cpp.inc"

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
  addOperations<
#define GET_OP_LIST
#include "dialects/BitNet/BitNetDeviceOps.cpp.inc"
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
                                 int64_t lanes, int64_t fields) {
  assert((fields == 4 || fields == 5 || fields == 8) && "see PackedLayout.h");
  (void)fields;
  if (lanes < 1 || lanes > 64 || !llvm::isPowerOf2_64(lanes))
    return emitError() << "lanes must be a power of two up to 64, not "
                       << lanes;
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
  bool isBinary = getLayout().isBinary();
  if (isa<TritType>(elementType) && isBinary)
    return emitError() << "a trit takes 1.6 or 2 bits, not "
                       << formatBits(getBits());
  if (isa<BitType>(elementType) && !isBinary)
    return emitError() << "a bit takes 1 bit, not " << formatBits(getBits());
  return success();
}

PanelLayout PackedAttr::getLayout() const {
  PanelLayout layout;
  layout.lanes = getLanes();
  layout.fields = getFields();
  return layout;
}

RankedTensorType PackedAttr::getBytesType(RankedTensorType weights) const {
  PanelLayout layout = getLayout();
  return RankedTensorType::get({panelCount(weights.getDimSize(0), layout),
                                vectorCount(weights.getDimSize(1), layout),
                                layout.vectorBytes()},
                               IntegerType::get(getContext(), 8));
}
