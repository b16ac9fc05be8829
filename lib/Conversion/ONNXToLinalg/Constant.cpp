// Constants: elements of 2 and 4 bits are unpacked, unsigned ones relabelled.
#include "Elements.h"
#include "Patterns.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace bitnet;

/// Element `index` of elements of `width` bits, packed with low bits first.
static int8_t unpack(ArrayRef<char> bytes, int64_t index, IntegerType type) {
  unsigned width = type.getWidth(), perByte = 8 / width;
  auto byte = static_cast<uint8_t>(bytes[index / perByte]);
  APInt code(8, byte);
  code = code.extractBits(width, index % perByte * width);
  return type.isUnsigned() ? code.getZExtValue() : code.getSExtValue();
}

/// A resource with one byte for each element.
static TypedAttr unpackResource(DenseResourceElementsAttr resource,
                                RankedTensorType type) {
  ArrayRef<char> bytes = resource.getRawHandle().getBlob()->getData();
  auto element = cast<IntegerType>(resource.getElementType());
  SmallVector<int8_t> codes(type.getNumElements());
  for (auto [index, code] : llvm::enumerate(codes))
    code = unpack(bytes, index, element);
  return DenseResourceElementsAttr::get(
      type, resource.getRawHandle().getKey(),
      HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>(codes));
}

static TypedAttr convertResource(DenseResourceElementsAttr resource,
                                 RankedTensorType type) {
  Type element = resource.getElementType();
  if (element.isInteger(1)) {
    ArrayRef<char> bytes = resource.getRawHandle().getBlob()->getData();
    return DenseElementsAttr::get(
        type, llvm::map_to_vector(bytes, [](char byte) { return byte != 0; }));
  }
  if (element.getIntOrFloatBitWidth() < 8)
    return unpackResource(resource, type);
  return DenseResourceElementsAttr::get(type, resource.getRawHandle());
}

/// Bytes that a resource of this type holds.
static int64_t numBytesOf(ShapedType type) {
  unsigned width = type.getElementTypeBitWidth();
  return llvm::divideCeil(type.getNumElements() * (width == 1 ? 8 : width), 8);
}

static TypedAttr convertElements(DenseElementsAttr elements,
                                 RankedTensorType type) {
  if (elements.getType() == type)
    return elements;
  if (elements.getElementType().getIntOrFloatBitWidth() >= 8)
    return elements.bitcast(type.getElementType());
  bool isUnsigned = elements.getElementType().isUnsignedInteger();
  return elements.mapValues(type.getElementType(), [&](const APInt &x) {
    return isUnsigned ? x.zext(8) : x.sext(8);
  });
}

namespace {

struct ConvertConstant : OpConversionPattern<onnx::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    TypedAttr value;
    if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue())) {
      value = convertElements(elements, type);
    } else if (auto resource =
                   dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
      AsmResourceBlob *blob = resource.getRawHandle().getBlob();
      if (!blob)
        return refuse(rewriter, op, "the constant has no data");
      if (static_cast<int64_t>(blob->getData().size()) !=
          numBytesOf(op.getType()))
        return refuse(rewriter, op,
                      "the constant's data does not have the size of its type");
      value = convertResource(resource, type);
    } else {
      return refuse(rewriter, op, "the value is not dense");
    }
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};

/// ConstantOfShape(shape) -> fill, or scalars
struct ConvertConstantOfShape : OpConversionPattern<onnx::ConstantOfShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConstantOfShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    TypedAttr value = rewriter.getZeroAttr(type.getElementType());
    if (std::optional<ElementsAttr> given = op.getValue()) {
      auto elements = dyn_cast<DenseElementsAttr>(*given);
      if (!elements)
        return refuse(rewriter, op, "the value is not dense");
      elements = cast<DenseElementsAttr>(convertElements(
          elements, RankedTensorType::get(elements.getType().getShape(),
                                          type.getElementType())));
      value = cast<TypedAttr>(elements.getSplatValue<Attribute>());
    }
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    if (type.hasStaticShape() && isShapeLike(type)) {
      rewriter.replaceOpWithNewOp<arith::ConstantOp>(
          op, DenseElementsAttr::get(type, value));
      return success();
    }
    Sizes sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      Value size =
          toIndex(b, b.createOrFold<tensor::ExtractOp>(
                         adaptor.getInput(), ValueRange(indexOf(b, dim))));
      checkNotNegative(b, size, "a size is negative");
      sizes.push_back(getAsOpFoldResult(size));
    }
    Value filled = filledTensor(b, refine(b, sizes, type), value);
    rewriter.replaceOp(op, castTo(b, filled, type));
    return success();
  }
};

/// Identity(x) -> x
struct ForwardIdentity : OpConversionPattern<onnx::IdentityOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::IdentityOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op,
                       castTo(b, adaptor.getInput(),
                              getTypeConverter()->convertType(op.getType())));
    return success();
  }
};

} // namespace

void bitnet::populateConstantPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<ConvertConstant, ConvertConstantOfShape, ForwardIdentity>(
      converter, patterns.getContext());
}
