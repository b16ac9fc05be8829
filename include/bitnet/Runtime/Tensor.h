// Tensors as the runtime holds them, and the element types.

#ifndef BITNET_RUNTIME_TENSOR_H
#define BITNET_RUNTIME_TENSOR_H

#include "bitnet/Runtime/Library.h"
#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

/// The bytes of one element, and its name in signatures ("f32").
size_t sizeOf(bitnet_type type);
const char *nameOf(bitnet_type type);

/// True for all but floating-point types; `bool` counts as an integer.
bool isInteger(bitnet_type type);

/// The type of that name; an error that names the text.
Result<bitnet_type> parseType(const char *name);

struct Shape {
  int32_t rank = 0;
  int64_t sizes[BITNET_MAX_RANK] = {};

  /// Appends a dimension; the caller has checked that there is room.
  void push(int64_t size) { sizes[rank++] = size; }

  /// The product of the sizes; negative when it is absurd (beyond 2^56).
  int64_t elements() const;

  /// "1x8"; "scalar" for rank 0.
  Text text() const;
};

/// Dense and row-major. Without data it stands for "not given".
class Tensor {
public:
  Tensor() = default;
  Tensor(Tensor &&other) noexcept { *this = std::move(other); }
  Tensor &operator=(Tensor &&other) noexcept;
  ~Tensor() { drop(); }

  /// Zeros, aligned to 64 bytes.
  static Result<Tensor> zeros(bitnet_type type, const Shape &shape);

  /// The same on the device that is open.
  static Result<Tensor> zerosOnDevice(bitnet_type type, const Shape &shape);

  /// A tensor in memory of someone else (`owned` null) or malloc'ed memory that
  /// is taken over.
  static Tensor adopt(bitnet_type type, const Shape &shape, void *data,
                      void *owned);

  /// The same with memory of the device that is open; `owned` is from its
  /// allocator.
  static Tensor adoptOnDevice(bitnet_type type, const Shape &shape, void *data,
                              void *owned);

  /// The same memory, which stays with this tensor, in another shape.
  Tensor view(const Shape &shape) const;

  bool isGiven() const { return bytes != nullptr; }

  /// Where `data` is an address of the device.
  bool isOnDevice() const { return onDevice; }
  void *data() { return bytes; }
  const void *data() const { return bytes; }
  int64_t elements() const { return shape.elements(); }
  size_t byteSize() const { return size_t(elements()) * sizeOf(type); }

  /// One element of an integer tensor.
  void setInteger(int64_t index, int64_t value);
  /// All elements, of any type.
  void fill(int value);
  /// One element of a floating-point tensor; 0 for another type.
  double floatAt(int64_t index) const;

  /// Hands the memory to the caller, who frees it.
  void *release();

  bitnet_type type = BITNET_F32;
  Shape shape;

private:
  void drop();

  void *bytes = nullptr;
  void *owned = nullptr;
  bool onDevice = false;
};

/// A place in a tensor's memory.
struct TensorBytes {
  const Tensor &tensor;
  size_t offset;
};

/// Copies bytes, from and to where they are.
Status copyBytes(TensorBytes to, TensorBytes from, size_t bytes);

/// The tensor, or its copy on the host if it is on the device.
Result<Tensor> onHost(Tensor tensor);

/// `tensor` as the type that a model wants: integers in a wider type where
/// every value fits, f32 rounded to f16 or bf16, halves to even; an error for
/// all other pairs of different types.
Result<Tensor> convert(Tensor tensor, bitnet_type type);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TENSOR_H
