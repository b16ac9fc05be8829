// Element types, tensor types and the names of dimensions.

#include "Types.h"

#include "ImportError.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::importer;
using ::onnx::TensorProto;

/// No tensor has more elements than this: their bytes, and sums of a few of
/// their sizes, stay far from overflow.
static constexpr int64_t kMaxElements = int64_t(1) << 48;

static Type getFloatType(int dataType, Builder &builder) {
  switch (dataType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::FLOAT8E4M3FN:
    return builder.getType<Float8E4M3FNType>();
  case TensorProto::FLOAT8E4M3FNUZ:
    return builder.getType<Float8E4M3FNUZType>();
  case TensorProto::FLOAT8E5M2:
    return builder.getType<Float8E5M2Type>();
  case TensorProto::FLOAT8E5M2FNUZ:
    return builder.getType<Float8E5M2FNUZType>();
  case TensorProto::FLOAT8E8M0:
    return builder.getType<Float8E8M0FNUType>();
  case TensorProto::FLOAT4E2M1:
    return builder.getType<Float4E2M1FNType>();
  default:
    return Type();
  }
}

Type bitnet::importer::getElementType(int dataType, MLIRContext &context) {
  Builder builder(&context);
  switch (dataType) {
  case TensorProto::BOOL:
    return builder.getI1Type();
  case TensorProto::INT2:
  case TensorProto::INT4:
  case TensorProto::INT8:
  case TensorProto::INT16:
  case TensorProto::INT32:
  case TensorProto::INT64:
    return builder.getIntegerType(getElementBits(dataType));
  case TensorProto::UINT2:
  case TensorProto::UINT4:
  case TensorProto::UINT8:
  case TensorProto::UINT16:
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return builder.getIntegerType(getElementBits(dataType), /*isSigned=*/false);
  default:
    return getFloatType(dataType, builder);
  }
}

unsigned bitnet::importer::getElementBits(int dataType) {
  switch (dataType) {
  case TensorProto::INT2:
  case TensorProto::UINT2:
    return 2;
  case TensorProto::INT4:
  case TensorProto::UINT4:
  case TensorProto::FLOAT4E2M1:
    return 4;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 16;
  case TensorProto::INT32:
  case TensorProto::UINT32:
  case TensorProto::FLOAT:
    return 32;
  case TensorProto::INT64:
  case TensorProto::UINT64:
  case TensorProto::DOUBLE:
    return 64;
  default:
    return 8;
  }
}

std::string bitnet::importer::getDataTypeName(int dataType) {
  if (::onnx::TensorProto_DataType_IsValid(dataType))
    return ::onnx::TensorProto_DataType_Name(
        static_cast<::onnx::TensorProto_DataType>(dataType));
  return "number " + std::to_string(dataType);
}

int64_t bitnet::importer::countElements(ArrayRef<int64_t> shape,
                                        const Twine &what) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0)
      fail(what + " has a dimension of size " + Twine(size));
    if (llvm::MulOverflow(count, size, count) || count > kMaxElements)
      fail(what + " has more than 2^48 elements");
  }
  return count;
}

static StringRef getKind(const ::onnx::TypeProto &type) {
  switch (type.value_case()) {
  case ::onnx::TypeProto::kSequenceType:
    return "a sequence";
  case ::onnx::TypeProto::kMapType:
    return "a map";
  case ::onnx::TypeProto::kOptionalType:
    return "an optional";
  case ::onnx::TypeProto::kSparseTensorType:
    return "a sparse tensor";
  default:
    return "of no known type";
  }
}

RankedTensorType bitnet::importer::importType(const ::onnx::TypeProto &type,
                                              const Twine &what,
                                              MLIRContext &context) {
  if (!type.has_tensor_type())
    fail(what + " is " + getKind(type) + ", only tensors are supported");
  const ::onnx::TypeProto_Tensor &tensor = type.tensor_type();
  Type element = getElementType(tensor.elem_type(), context);
  if (!element)
    fail(what + " has unsupported elements of type " +
         getDataTypeName(tensor.elem_type()));
  if (!tensor.has_shape())
    return RankedTensorType();

  SmallVector<int64_t> shape, known;
  for (const ::onnx::TensorShapeProto_Dimension &dim : tensor.shape().dim()) {
    shape.push_back(dim.has_dim_value() ? dim.dim_value()
                                        : ShapedType::kDynamic);
    if (dim.has_dim_value())
      known.push_back(dim.dim_value());
  }
  countElements(known, what);
  return RankedTensorType::get(shape, element);
}

ArrayAttr bitnet::importer::importDims(const ::onnx::TypeProto &type,
                                       MLIRContext &context) {
  Builder builder(&context);
  SmallVector<Attribute> names;
  for (const auto &dim : type.tensor_type().shape().dim())
    names.push_back(builder.getStringAttr(dim.dim_param()));
  return builder.getArrayAttr(names);
}
