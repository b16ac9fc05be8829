// Element types, shapes and tensors.

#include "bitnet/Runtime/Tensor.h"

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
  std::free(owned);
  type = other.type;
  shape = other.shape;
  bytes = std::exchange(other.bytes, nullptr);
  owned = std::exchange(other.owned, nullptr);
  return *this;
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

Tensor Tensor::adopt(bitnet_type type, const Shape &shape, void *data,
                     void *owned) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = shape;
  tensor.bytes = data;
  tensor.owned = owned;
  return tensor;
}

void *Tensor::release() {
  bytes = nullptr;
  return std::exchange(owned, nullptr);
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
  uint32_t bits;
  std::memcpy(&bits, &real, sizeof(bits));
  switch (type) {
  case BITNET_F32:
    return fillWith(bytes, count, real);
  case BITNET_F64:
    return fillWith(bytes, count, double(value));
  case BITNET_BF16:
    return fillWith(bytes, count, uint16_t(bits >> 16));
  case BITNET_F16:
    return fillWith(bytes, count, uint16_t(value ? 0x3c00 : 0)); // 0 or 1
  default:
    for (int64_t i = 0; i < count; ++i)
      setInteger(i, value);
  }
}

/// The f32 of the same value.
static float fromHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
  uint32_t bits = sign | ((exponent + 112) << 23) | (fraction << 13);
  if (exponent == 31)
    bits = sign | 0x7f800000 | (fraction << 13);
  float value;
  if (exponent == 0) { // subnormal: a multiple of 2^-24
    value = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -value : value;
  }
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

double Tensor::floatAt(int64_t index) const {
  uint16_t half;
  switch (type) {
  case BITNET_F32:
    return static_cast<const float *>(bytes)[index];
  case BITNET_F64:
    return static_cast<const double *>(bytes)[index];
  case BITNET_F16:
    return fromHalf(static_cast<const uint16_t *>(bytes)[index]);
  case BITNET_BF16: {
    half = static_cast<const uint16_t *>(bytes)[index];
    uint32_t bits = uint32_t(half) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  default:
    return 0;
  }
}

/// True if every value of one integer type is a value of the other.
static bool isWidening(const TypeInfo &from, const TypeInfo &to) {
  return from.bits && to.bits > from.bits && (to.sign || !from.sign);
}

Result<Tensor> bitnet::runtime::widen(Tensor tensor, bitnet_type type) {
  if (tensor.type == type)
    return tensor;
  const TypeInfo &from = kTypes[tensor.type], &to = kTypes[type];
  if (!isWidening(from, to))
    return Status::error("has type %s, the model wants %s", from.name, to.name);
  Result<Tensor> wide = Tensor::zeros(type, tensor.shape);
  if (wide.failed())
    return wide;
  const char *bytes = static_cast<const char *>(tensor.data());
  for (int64_t i = 0, e = tensor.elements(); i < e; ++i) {
    const char *item = bytes + i * from.size;
    bool isNegative = from.sign && (item[from.size - 1] & 0x80);
    int64_t value = isNegative ? -1 : 0;
    std::memcpy(&value, item, from.size);
    wide->setInteger(i, value);
  }
  return wide;
}
