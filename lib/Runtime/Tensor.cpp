// Element types, shapes and tensors.

#include "bitnet/Runtime/Tensor.h"

#include "HalfFloats.h"
#include "bitnet/Runtime/DeviceDriver.h"

using namespace bitnet::runtime;

namespace {
struct TypeInfo {
  const char *name;
  size_t size;
  int bits;  // of an integer's value; 0 for floating point
  bool sign; // of an integer
};
} // namespace

// In the order of bitnet_type.
static constexpr TypeInfo kTypes[] = {
    {"f32", 4, 0, false},  {"f16", 2, 0, false},  {"bf16", 2, 0, false},
    {"f64", 8, 0, false},  {"i8", 1, 7, true},    {"i16", 2, 15, true},
    {"i32", 4, 31, true},  {"i64", 8, 63, true},  {"u8", 1, 8, false},
    {"u16", 2, 16, false}, {"u32", 4, 32, false}, {"u64", 8, 64, false},
    {"bool", 1, 1, false}};

/// Beyond this no machine holds the elements, and sizes in bytes still fit.
static constexpr int64_t kMaxElements = int64_t(1) << 56;

size_t bitnet::runtime::sizeOf(bitnet_type type) { return kTypes[type].size; }

const char *bitnet::runtime::nameOf(bitnet_type type) {
  return kTypes[type].name;
}

bool bitnet::runtime::isInteger(bitnet_type type) {
  return kTypes[type].bits > 0;
}

Result<bitnet_type> bitnet::runtime::parseType(const char *name) {
  for (int type = BITNET_F32; type <= BITNET_BOOL; ++type)
    if (!std::strcmp(name, kTypes[type].name))
      return static_cast<bitnet_type>(type);
  return Status::error("unknown type '%s'", name);
}

int64_t Shape::elements() const {
  int64_t product = 1;
  bool isEmpty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (sizes[i] < 0 || sizes[i] > kMaxElements)
      return -1;
    if (!sizes[i])
      isEmpty = true;
    else if (__builtin_mul_overflow(product, sizes[i], &product) ||
             product > kMaxElements)
      return -1;
  }
  return isEmpty ? 0 : product;
}

Text Shape::text() const {
  if (!rank)
    return Text("scalar");
  Text text;
  for (int32_t i = 0; i < rank; ++i)
    text.format(i ? "x%lld" : "%lld", static_cast<long long>(sizes[i]));
  return text;
}

Tensor &Tensor::operator=(Tensor &&other) noexcept {
  if (this == &other)
    return *this;
  drop();
  type = other.type;
  shape = other.shape;
  bytes = std::exchange(other.bytes, nullptr);
  owned = std::exchange(other.owned, nullptr);
  onDevice = other.onDevice;
  return *this;
}

void Tensor::drop() {
  if (onDevice)
    freeOnDevice(owned);
  else
    std::free(owned);
}

Result<Tensor> Tensor::zeros(bitnet_type type, const Shape &shape) {
  int64_t elements = shape.elements();
  size_t size = elements < 0 ? 0 : size_t(elements) * sizeOf(type);
  void *memory = nullptr;
  // Never null, so that an empty tensor is not a missing one.
  if (elements < 0 || posix_memalign(&memory, 64, size ? size : 1))
    return Status::error("no memory for a tensor of shape %s",
                         shape.text().c_str());
  std::memset(memory, 0, size);
  return adopt(type, shape, memory, memory);
}

Result<Tensor> Tensor::zerosOnDevice(bitnet_type type, const Shape &shape) {
  int64_t elements = shape.elements();
  if (elements < 0)
    return Status::error("no memory for a tensor of shape %s",
                         shape.text().c_str());
  int64_t size = elements * int64_t(sizeOf(type));
  Result<void *> memory = allocateOnDevice(size);
  if (memory.failed())
    return memory.takeError();
  Tensor tensor = adoptOnDevice(type, shape, *memory, *memory);
  if (Status status = clearOnDevice(*memory, size); status.failed())
    return status;
  return tensor;
}

Tensor Tensor::view(const Shape &shape) const {
  Tensor tensor = adopt(type, shape, bytes, nullptr);
  tensor.onDevice = onDevice;
  return tensor;
}

Tensor Tensor::adopt(bitnet_type type, const Shape &shape, void *data,
                     void *owned) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = shape;
  tensor.bytes = data;
  tensor.owned = owned;
  return tensor;
}

Tensor Tensor::adoptOnDevice(bitnet_type type, const Shape &shape, void *data,
                             void *owned) {
  Tensor tensor = adopt(type, shape, data, owned);
  tensor.onDevice = true;
  return tensor;
}

void *Tensor::release() {
  bytes = nullptr;
  return std::exchange(owned, nullptr);
}

Status bitnet::runtime::copyBytes(TensorBytes to, TensorBytes from,
                                  size_t bytes) {
  auto *target = const_cast<char *>(
      static_cast<const char *>(to.tensor.data()) + to.offset);
  const char *source =
      static_cast<const char *>(from.tensor.data()) + from.offset;
  bool toDevice = to.tensor.isOnDevice(), fromDevice = from.tensor.isOnDevice();
  if (toDevice && fromDevice)
    return copyOnDevice(target, source, int64_t(bytes));
  if (toDevice)
    return upload(target, source, int64_t(bytes));
  if (fromDevice)
    return download(target, source, int64_t(bytes));
  std::memcpy(target, source, bytes);
  return Status::success();
}

Result<Tensor> bitnet::runtime::onHost(Tensor tensor) {
  if (!tensor.isOnDevice())
    return tensor;
  Result<Tensor> copy = Tensor::zeros(tensor.type, tensor.shape);
  if (copy.failed())
    return copy;
  if (Status status = copyBytes({*copy, 0}, {tensor, 0}, tensor.byteSize());
      status.failed())
    return status;
  return copy;
}

/// Little endian is what all targets are, so the low bytes come first.
void Tensor::setInteger(int64_t index, int64_t value) {
  size_t size = sizeOf(type);
  std::memcpy(static_cast<char *>(bytes) + index * size, &value, size);
}

template <typename T>
static void fillWith(void *bytes, int64_t elements, T value) {
  T *items = static_cast<T *>(bytes);
  for (int64_t i = 0; i < elements; ++i)
    items[i] = value;
}

void Tensor::fill(int value) {
  int64_t count = elements();
  float real = static_cast<float>(value);
  switch (type) {
  case BITNET_F32:
    return fillWith(bytes, count, real);
  case BITNET_F64:
    return fillWith(bytes, count, double(value));
  case BITNET_BF16:
    return fillWith(bytes, count, toBF16(real));
  case BITNET_F16:
    return fillWith(bytes, count, toF16(real));
  default:
    for (int64_t i = 0; i < count; ++i)
      setInteger(i, value);
  }
}

double Tensor::floatAt(int64_t index) const {
  switch (type) {
  case BITNET_F32:
    return static_cast<const float *>(bytes)[index];
  case BITNET_F64:
    return static_cast<const double *>(bytes)[index];
  case BITNET_F16:
    return fromF16(static_cast<const uint16_t *>(bytes)[index]);
  case BITNET_BF16:
    return fromBF16(static_cast<const uint16_t *>(bytes)[index]);
  default:
    return 0;
  }
}

/// True if every value of one integer type is a value of the other.
static bool isWidening(const TypeInfo &from, const TypeInfo &to) {
  return from.bits && to.bits > from.bits && (to.sign || !from.sign);
}

static void widen(const Tensor &tensor, Tensor &wide) {
  const TypeInfo &from = kTypes[tensor.type];
  const char *bytes = static_cast<const char *>(tensor.data());
  for (int64_t i = 0, e = tensor.elements(); i < e; ++i) {
    const char *item = bytes + i * from.size;
    bool isNegative = from.sign && (item[from.size - 1] & 0x80);
    int64_t value = isNegative ? -1 : 0;
    std::memcpy(&value, item, from.size);
    wide.setInteger(i, value);
  }
}

static void roundFloats(const Tensor &tensor, Tensor &halves) {
  auto *from = static_cast<const float *>(tensor.data());
  auto *to = static_cast<uint16_t *>(halves.data());
  for (int64_t i = 0, e = tensor.elements(); i < e; ++i)
    to[i] = halves.type == BITNET_BF16 ? toBF16(from[i]) : toF16(from[i]);
}

Result<Tensor> bitnet::runtime::convert(Tensor tensor, bitnet_type type) {
  if (tensor.type == type)
    return tensor;
  const TypeInfo &from = kTypes[tensor.type], &to = kTypes[type];
  bool isRounding =
      tensor.type == BITNET_F32 && (type == BITNET_F16 || type == BITNET_BF16);
  if (!isRounding && !isWidening(from, to))
    return Status::error("has type %s, the model wants %s", from.name, to.name);
  Result<Tensor> converted = Tensor::zeros(type, tensor.shape);
  if (converted.failed())
    return converted;
  if (isRounding)
    roundFloats(tensor, *converted);
  else
    widen(tensor, *converted);
  return converted;
}
