// Room for keys and values.

#include "bitnet/Runtime/Caches.h"

#include "bitnet/Runtime/DeviceDriver.h"

using namespace bitnet::runtime;

int64_t bitnet::runtime::cacheLength(const Signature &signature,
                                     const Array<Tensor> &inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (signature.inputs[i].role == Role::Cache)
      return inputs[i].shape.sizes[kPositions];
  return 0;
}

int64_t bitnet::runtime::bytesPerPosition(const Signature &signature) {
  int64_t total = 0;
  for (const Port &input : signature.inputs) {
    if (!isPast(input.role))
      continue;
    auto bytes = int64_t(sizeOf(input.type));
    // Batch and positions are the sizes that the signature leaves open.
    for (const Dimension &dim : input.dims)
      bytes *= dim.kind == Dimension::Fixed ? dim.size : 1;
    total += bytes;
  }
  return total;
}

Place bitnet::runtime::placeOf(Role role) {
  return role == Role::Cache && runningDevice() ? Place::Device : Place::Host;
}

Result<Tensor> bitnet::runtime::withRoom(const Tensor &cache, int64_t length,
                                         int64_t capacity, Place place) {
  Shape shape = cache.shape;
  shape.sizes[kPositions] = capacity;
  Result<Tensor> room = place == Place::Device
                            ? Tensor::zerosOnDevice(cache.type, shape)
                            : Tensor::zeros(cache.type, shape);
  if (room.failed())
    return room;
  size_t row = size_t(shape.sizes[kCacheRank - 1]) * sizeOf(cache.type);
  size_t from = row * size_t(cache.shape.sizes[kPositions]);
  size_t to = row * size_t(capacity);
  int64_t heads = shape.sizes[0] * shape.sizes[1];
  for (int64_t i = 0; i < heads && length; ++i)
    if (Status status =
            copyBytes({*room, size_t(i) * to}, {cache, size_t(i) * from},
                      row * size_t(length));
        status.failed())
      return status;
  return room;
}

Result<Array<Tensor>> bitnet::runtime::roomForRun(const Signature &signature,
                                                  const Array<Tensor> &inputs) {
  Symbols symbols;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Status status =
            bindShape(signature.inputs[i], inputs[i].shape, symbols);
        status.failed())
      return status;
  Array<Tensor> storage;
  storage.resize(inputs.size());
  for (const Port &output : signature.outputs) {
    size_t input = output.pastInput;
    if (output.role != Role::Present ||
        signature.inputs[input].role != Role::Cache)
      continue;
    std::optional<int64_t> capacity = symbols.sizeOf(output.dims[kPositions]);
    int64_t length = inputs[input].shape.sizes[kPositions];
    if (!capacity || *capacity < length)
      return Status::error("output '%s' has a length that cannot be computed",
                           output.name.c_str());
    Result<Tensor> room =
        withRoom(inputs[input], length, *capacity, placeOf(Role::Cache));
    if (room.failed())
      return Status::error("output '%s': %s", output.name.c_str(),
                           room.message());
    storage[input] = std::move(*room);
  }
  return storage;
}
