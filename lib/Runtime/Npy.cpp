// .npy: a magic, a version, the length of a Python dictionary, the dictionary,
// the elements.

#include "PythonLiteral.h"
#include "bitnet/Runtime/Files.h"
#include "bitnet/Runtime/NumPy.h"

using namespace bitnet::runtime;

static constexpr char kMagic[] = "\x93NUMPY";
static constexpr size_t kMagicSize = 6;

/// NumPy's own limit for headers of plain arrays is 10,000.
static constexpr size_t kMaxHeader = 1 << 16;

namespace {
struct TypeCode {
  const char *code; // without the byte order
  bitnet_type type;
};
} // namespace

// What NumPy lacks, ml_dtypes saves as raw bytes: bf16 becomes <V2.
static constexpr TypeCode kCodes[] = {
    {"f4", BITNET_F32}, {"f2", BITNET_F16}, {"V2", BITNET_BF16},
    {"f8", BITNET_F64}, {"i1", BITNET_I8},  {"i2", BITNET_I16},
    {"i4", BITNET_I32}, {"i8", BITNET_I64}, {"u1", BITNET_U8},
    {"u2", BITNET_U16}, {"u4", BITNET_U32}, {"u8", BITNET_U64},
    {"b1", BITNET_BOOL}};

static Result<bitnet_type> typeOf(const PythonLiteral &descr) {
  if (descr.kind == PythonLiteral::List)
    return Status::error("arrays of records are not supported");
  if (descr.kind != PythonLiteral::String || descr.string.size() < 2)
    return Status::error("malformed header: no type");
  const char *text = descr.string.c_str();
  for (const TypeCode &code : kCodes) {
    if (std::strcmp(text + 1, code.code))
      continue;
    if (*text == '>' && sizeOf(code.type) > 1)
      return Status::error("big-endian data ('%s') are not supported", text);
    if (std::strchr("<|=>", *text))
      return code.type;
  }
  return Status::error("elements of type '%s' are not supported", text);
}

static Result<Shape> shapeOf(const PythonLiteral &tuple) {
  Shape shape;
  if (tuple.kind != PythonLiteral::Tuple)
    return Status::error("malformed header: no shape");
  if (tuple.items.size() > BITNET_MAX_RANK)
    return Status::error("%zu dimensions are not supported, %d at most",
                         tuple.items.size(), BITNET_MAX_RANK);
  for (const PythonLiteral &size : tuple.items) {
    if (size.kind != PythonLiteral::Integer || size.integer < 0)
      return Status::error("malformed header: bad shape");
    shape.push(size.integer);
  }
  if (shape.elements() < 0)
    return Status::error("malformed header: absurd shape %s",
                         shape.text().c_str());
  return shape;
}

/// Where the dictionary begins and how long it is.
static Result<Bytes> findDictionary(Bytes bytes) {
  if (bytes.size < kMagicSize + 4 ||
      std::memcmp(bytes.data, kMagic, kMagicSize))
    return Status::error("not a .npy file");
  uint8_t major = bytes.data[kMagicSize];
  if (major < 1 || major > 3)
    return Status::error("version %d of .npy is not supported", major);
  const uint8_t *length = bytes.data + kMagicSize + 2;
  size_t start = kMagicSize + (major == 1 ? 4 : 6);
  if (bytes.size < start)
    return Status::error("truncated header");
  size_t size = length[0] | length[1] << 8;
  if (major > 1)
    size |= size_t(length[2]) << 16 | size_t(length[3]) << 24;
  if (size > bytes.size - start || size > kMaxHeader)
    return Status::error("truncated header");
  return Bytes{bytes.data + start, size};
}

Result<NpyHeader> bitnet::runtime::parseNpyHeader(Bytes bytes) {
  Result<Bytes> text = findDictionary(bytes);
  if (text.failed())
    return text.takeError();
  Result<PythonLiteral> dict = parsePythonLiteral(
      reinterpret_cast<const char *>(text->data), text->size);
  if (dict.failed())
    return Status::error("malformed header: %s", dict.message());
  const PythonLiteral *descr = dict->find("descr");
  const PythonLiteral *order = dict->find("fortran_order");
  const PythonLiteral *sizes = dict->find("shape");
  if (dict->items.size() != 6 || !descr || !order || !sizes ||
      order->kind != PythonLiteral::Bool)
    return Status::error("malformed header: descr, fortran_order and shape "
                         "are wanted");
  Result<bitnet_type> type = typeOf(*descr);
  if (type.failed())
    return type.takeError();
  Result<Shape> shape = shapeOf(*sizes);
  if (shape.failed())
    return shape.takeError();
  NpyHeader header;
  header.type = *type;
  header.fortranOrder = order->integer;
  header.shape = *shape;
  header.size = size_t(text->data - bytes.data) + text->size;
  return header;
}

/// Copies elements whose first index runs fastest to where the last one does.
static void transpose(const uint8_t *from, Tensor &tensor) {
  const Shape &shape = tensor.shape;
  size_t size = sizeOf(tensor.type);
  int64_t strides[BITNET_MAX_RANK], index[BITNET_MAX_RANK] = {};
  int64_t stride = 1, offset = 0;
  for (int32_t d = shape.rank - 1; d >= 0; stride *= shape.sizes[d--])
    strides[d] = stride;
  for (int64_t i = 0, e = tensor.elements(); i < e; ++i) {
    std::memcpy(static_cast<char *>(tensor.data()) + offset * size,
                from + i * size, size);
    for (int32_t d = 0; d < shape.rank; ++d) {
      offset += strides[d];
      if (++index[d] < shape.sizes[d])
        break;
      offset -= strides[d] * shape.sizes[d];
      index[d] = 0;
    }
  }
}

Result<Tensor> bitnet::runtime::parseNpy(Bytes bytes) {
  Result<NpyHeader> header = parseNpyHeader(bytes);
  if (header.failed())
    return header.takeError();
  // Compared before anything is allocated: the header may lie.
  size_t wanted = size_t(header->shape.elements()) * sizeOf(header->type);
  size_t found = bytes.size - header->size;
  if (wanted != found)
    return Status::error("shape %s of %s takes %zu bytes, but %zu follow",
                         header->shape.text().c_str(), nameOf(header->type),
                         wanted, found);
  Result<Tensor> tensor = Tensor::zeros(header->type, header->shape);
  if (tensor.failed())
    return tensor;
  const uint8_t *elements = bytes.data + header->size;
  if (header->fortranOrder && header->shape.rank > 1)
    transpose(elements, *tensor);
  else
    std::memcpy(tensor->data(), elements, wanted);
  return tensor;
}

Result<Tensor> bitnet::runtime::readNpy(const char *path) {
  Result<Array<uint8_t>> bytes = readFile(path);
  if (bytes.failed())
    return bytes.takeError();
  Result<Tensor> tensor = parseNpy({bytes->data(), bytes->size()});
  if (tensor.failed())
    return Status::error("cannot read '%s': %s", path, tensor.message());
  return tensor;
}

Text bitnet::runtime::npyHeader(bitnet_type type, const Shape &shape) {
  const char *code = "";
  for (const TypeCode &entry : kCodes)
    if (entry.type == type)
      code = entry.code;
  char order = sizeOf(type) == 1 ? '|' : '<';
  Text dict;
  dict.format("{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
              code);
  for (int32_t i = 0; i < shape.rank; ++i)
    dict.format(i ? " %lld," : "%lld,", static_cast<long long>(shape.sizes[i]));
  if (shape.rank > 1) // NumPy ends only tuples of one with a comma
    dict = Text(dict.c_str(), dict.size() - 1);
  dict.append("), }");
  // The elements begin at a multiple of 64.
  while ((kMagicSize + 4 + dict.size() + 1) % 64)
    dict.append(" ");
  dict.append("\n");

  char start[kMagicSize + 4];
  std::memcpy(start, kMagic, kMagicSize);
  start[6] = 1;
  start[7] = 0;
  start[8] = static_cast<char>(dict.size() & 255);
  start[9] = static_cast<char>(dict.size() >> 8);
  return std::move(
      Text(start, sizeof(start)).append(dict.c_str(), dict.size()));
}

Result<Tensor> bitnet::runtime::forNumPy(Tensor tensor) {
  if (tensor.type != BITNET_BF16)
    return tensor;
  Result<Tensor> floats = Tensor::zeros(BITNET_F32, tensor.shape);
  if (floats.failed())
    return floats;
  auto *to = static_cast<float *>(floats->data());
  for (int64_t i = 0, e = tensor.elements(); i < e; ++i)
    to[i] = static_cast<float>(tensor.floatAt(i));
  return floats;
}

Status bitnet::runtime::writeNpy(const char *path, const Tensor &tensor) {
  OutputFile file;
  if (Status status = file.open(path); status.failed())
    return status;
  Text header = npyHeader(tensor.type, tensor.shape);
  file.write(header.c_str(), header.size());
  file.write(tensor.data(), tensor.byteSize());
  return file.commit();
}
