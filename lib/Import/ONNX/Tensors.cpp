// Tensors: the bytes are those of TensorProto.raw_data, little endian, with
// elements of 2 and 4 bits packed, the first in the low bits. Small tensors of
// such elements are unpacked, as `dense` attributes want them.

#include "Tensors.h"

#include "ImportError.h"
#include "Types.h"
#include "WireFormat.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"

#include <sys/mman.h>

using namespace mlir;
using namespace bitnet;
using namespace bitnet::importer;
using ::onnx::TensorProto;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "raw_data is little endian");

static std::string describe(const TensorProto &tensor) {
  return tensor.name().empty() ? "a constant"
                               : "tensor '" + tensor.name() + "'";
}

static ArrayRef<int64_t> getShape(const TensorProto &tensor) {
  return ArrayRef<int64_t>(tensor.dims().data(), tensor.dims_size());
}

size_t bitnet::importer::countBytes(const TensorProto &tensor) {
  int64_t elements = countElements(getShape(tensor), describe(tensor));
  if (tensor.data_type() == TensorProto::STRING ||
      tensor.data_type() == TensorProto::UNDEFINED ||
      tensor.data_type() == TensorProto::COMPLEX64 ||
      tensor.data_type() == TensorProto::COMPLEX128 ||
      !::onnx::TensorProto_DataType_IsValid(tensor.data_type()))
    fail(describe(tensor) + " has unsupported elements of type " +
         getDataTypeName(tensor.data_type()));
  return llvm::divideCeil(elements * getElementBits(tensor.data_type()), 8);
}

template <typename Stored, typename Values>
static std::string storeAs(const Values &values) {
  std::string bytes;
  bytes.reserve(values.size() * sizeof(Stored));
  for (auto value : values) {
    Stored stored = static_cast<Stored>(value);
    bytes.append(reinterpret_cast<const char *>(&stored), sizeof(Stored));
  }
  return bytes;
}

/// Packs values of fewer than 8 bits: they come one to an integer from ONNX's
/// text syntax, and packed in bytes, one byte to an integer, from everyone
/// else.
static std::string storeNarrow(const TensorProto &tensor) {
  int64_t elements = countElements(getShape(tensor), describe(tensor));
  if (tensor.int32_data_size() != elements)
    return storeAs<uint8_t>(tensor.int32_data());
  unsigned bits = getElementBits(tensor.data_type());
  std::string bytes(countBytes(tensor), '\0');
  for (int64_t i = 0; i < elements; ++i) {
    unsigned code = tensor.int32_data(i) & ((1u << bits) - 1);
    bytes[i * bits / 8] |= char(code << (i * bits % 8));
  }
  return bytes;
}

/// The bytes of a tensor whose values are in a field of their type.
static std::string storeTypedValues(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return storeAs<float>(tensor.float_data());
  case TensorProto::DOUBLE:
    return storeAs<double>(tensor.double_data());
  case TensorProto::INT64:
    return storeAs<int64_t>(tensor.int64_data());
  case TensorProto::UINT32:
    return storeAs<uint32_t>(tensor.uint64_data());
  case TensorProto::UINT64:
    return storeAs<uint64_t>(tensor.uint64_data());
  default:
    break;
  }
  switch (getElementBits(tensor.data_type())) {
  case 32:
    return storeAs<int32_t>(tensor.int32_data());
  case 16:
    return storeAs<uint16_t>(tensor.int32_data());
  case 8:
    return storeAs<uint8_t>(tensor.int32_data());
  default:
    return storeNarrow(tensor);
  }
}

static void checkSize(const TensorProto &tensor, size_t found) {
  size_t wanted = countBytes(tensor);
  if (found != wanted)
    fail(describe(tensor) + " has " + Twine(found) +
         " bytes of data, its shape and type need " + Twine(wanted));
}

static RankedTensorType getTensorType(const TensorProto &tensor,
                                      MLIRContext &context) {
  Type element = getElementType(tensor.data_type(), context);
  if (!element)
    fail(describe(tensor) + " has unsupported elements of type " +
         getDataTypeName(tensor.data_type()));
  return RankedTensorType::get(getShape(tensor), element);
}

/// Elements of less than a byte, and booleans: one APInt for each.
static ElementsAttr unpack(RankedTensorType type, unsigned bits,
                           StringRef bytes) {
  SmallVector<APInt> values;
  unsigned width = type.getElementTypeBitWidth();
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    unsigned code = uint8_t(bytes[i * bits / 8]) >> (i * bits % 8);
    code &= (1u << bits) - 1;
    values.push_back(width == 1 ? APInt(1, code != 0) : APInt(width, code));
  }
  if (isa<IntegerType>(type.getElementType()))
    return DenseElementsAttr::get(type, values);
  SmallVector<APFloat> floats;
  const auto &semantics =
      cast<FloatType>(type.getElementType()).getFloatSemantics();
  for (const APInt &value : values)
    floats.emplace_back(semantics, value);
  return DenseElementsAttr::get(type, floats);
}

static ElementsAttr makeDense(const TensorProto &tensor, StringRef bytes,
                              MLIRContext &context) {
  RankedTensorType type = getTensorType(tensor, context);
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  unsigned bits = getElementBits(tensor.data_type());
  if (bits < 8 || tensor.data_type() == TensorProto::BOOL)
    return unpack(type, bits, bytes);
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef<char>(bytes.data(), bytes.size()));
}

/// The largest power of two, up to 64, that the bytes are aligned to.
static size_t getAlignment(StringRef bytes) {
  uintptr_t address = reinterpret_cast<uintptr_t>(bytes.data());
  return size_t(1) << std::min(6, llvm::countr_zero(address));
}

ElementsAttr bitnet::importer::importTensor(const TensorProto &tensor,
                                            MLIRContext &context) {
  std::string typed;
  if (!tensor.has_raw_data())
    typed = storeTypedValues(tensor);
  StringRef bytes = tensor.has_raw_data() ? tensor.raw_data() : typed;
  checkSize(tensor, bytes.size());
  if (bytes.size() <= kLargeTensorBytes)
    return makeDense(tensor, bytes, context);
  return DenseResourceElementsAttr::get(
      getTensorType(tensor, context),
      tensor.name().empty() ? "constant" : tensor.name(),
      HeapAsmResourceBlob::allocateAndCopyWithAlign(
          ArrayRef<char>(bytes.data(), bytes.size()), /*align=*/64));
}

/// Gives back the memory of mapped bytes whose tensor is not needed any more,
/// while others keep the file mapped. Whole pages only.
static void forgetPages(char *data, size_t size) {
  size_t page = llvm::sys::Process::getPageSizeEstimate();
  uintptr_t begin = llvm::alignTo(reinterpret_cast<uintptr_t>(data), page);
  uintptr_t end =
      llvm::alignDown(reinterpret_cast<uintptr_t>(data) + size, page);
  if (begin < end)
    ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

ElementsAttr bitnet::importer::importTensor(const LargeTensor &tensor,
                                            MLIRContext &context) {
  checkSize(tensor.header, tensor.bytes.size());
  AsmResourceBlob::DeleterFn unmap = [file = tensor.file](void *data,
                                                          size_t size, size_t) {
    if (file->getBufferKind() == llvm::MemoryBuffer::MemoryBuffer_MMap)
      forgetPages(static_cast<char *>(data), size);
  };
  AsmResourceBlob blob(ArrayRef<char>(tensor.bytes.data(), tensor.bytes.size()),
                       getAlignment(tensor.bytes), std::move(unmap),
                       /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(getTensorType(tensor.header, context),
                                        tensor.header.name(), std::move(blob));
}
