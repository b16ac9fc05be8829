// NumPy's files: .npy holds one array, .npz several by name.

#ifndef BITNET_RUNTIME_NUMPY_H
#define BITNET_RUNTIME_NUMPY_H

#include "bitnet/Runtime/Tensor.h"

namespace bitnet::runtime {

/// Bytes of someone else.
struct Bytes {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

struct NamedTensor {
  Text name;
  Tensor tensor;
};

struct NamedView {
  const char *name = nullptr;
  const Tensor *tensor = nullptr;
};

/// What stands before the elements in a .npy file.
struct NpyHeader {
  bitnet_type type = BITNET_F32;
  bool fortranOrder = false;
  Shape shape;
  size_t size = 0; // in bytes, with the magic
};

/// Decodes bytes of a file; messages don't name the file.
Result<NpyHeader> parseNpyHeader(Bytes bytes);
Result<Tensor> parseNpy(Bytes bytes);
Result<Array<NamedTensor>> parseNpz(Bytes bytes);

/// Reads a file; messages name it.
Result<Tensor> readNpy(const char *path);
Result<Array<NamedTensor>> readNpz(const char *path);

/// The header NumPy would write for such a tensor.
Text npyHeader(bitnet_type type, const Shape &shape);

/// `tensor` in a type that NumPy has by itself: bf16 becomes f32, which keeps
/// every value.
Result<Tensor> forNumPy(Tensor tensor);

/// Writes a file. It appears whole or not at all.
Status writeNpy(const char *path, const Tensor &tensor);
Status writeNpz(const char *path, const Array<NamedView> &entries);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_NUMPY_H
