// Checks the inputs of a run, and fills in those that only say where a sequence
// stands, for which there is one natural value.

#include "bitnet/Runtime/Model.h"

using namespace bitnet::runtime;

static bool canBeOmitted(const Port &input) {
  switch (input.role) {
  case Role::Past:
  case Role::Cache:
  case Role::Types:
    return true;
  case Role::Mask: // beyond two dimensions there are many conventions
    return input.dims.size() <= 2;
  case Role::Positions:
    return input.dims.size() <= 2 && isInteger(input.type);
  default:
    return false;
  }
}

namespace {

class Completion {
public:
  Completion(const Signature &signature, Array<Tensor> &inputs)
      : signature(signature), inputs(inputs) {}

  Status run() {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (Status status = acceptGiven(i); status.failed())
        return status;
    readSequence();
    // First the caches: masks and positions depend on their length.
    for (size_t i = 0; i < inputs.size(); ++i)
      if (isPast(signature.inputs[i].role))
        if (Status status = fillIn(i); status.failed())
          return status;
    readPast();
    for (size_t i = 0; i < inputs.size(); ++i)
      if (Status status = fillIn(i); status.failed())
        return status;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (Status status =
              checkExpressions(signature.inputs[i], inputs[i].shape, symbols);
          status.failed())
        return status;
    return Status::success();
  }

private:
  Status acceptGiven(size_t index) {
    const Port &port = signature.inputs[index];
    Tensor &tensor = inputs[index];
    if (!tensor.isGiven())
      return canBeOmitted(port) ? Status::success() : missing(port);
    Result<Tensor> typed = convert(std::move(tensor), port.type);
    if (typed.failed())
      return Status::error("input '%s' %s", port.name.c_str(), typed.message());
    tensor = std::move(*typed);
    return bindShape(port, tensor.shape, symbols);
  }

  static Status missing(const Port &port) {
    return Status::error("input '%s' is missing: %s %s", port.name.c_str(),
                         nameOf(port.type), port.shapeText().c_str());
  }

  /// Batch and length of the ids.
  void readSequence() {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Shape &shape = inputs[i].shape;
      if (signature.inputs[i].role != Role::Ids || !shape.rank)
        continue;
      batch = shape.rank > 1 ? shape.sizes[0] : 1;
      sequence = shape.sizes[shape.rank - 1];
      batchName =
          shape.rank > 1 ? signature.inputs[i].dims[0].text.c_str() : "";
    }
  }

  /// The length of the caches: their first dimension that is neither fixed nor
  /// the batch.
  void readPast() {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Port &port = signature.inputs[i];
      if (!isPast(port.role))
        continue;
      for (size_t d = 0; d < port.dims.size(); ++d) {
        if (port.dims[d].kind == Dimension::Fixed || isBatch(port, d))
          continue;
        past = inputs[i].shape.sizes[d];
        return;
      }
    }
  }

  static bool isUnnamed(const Dimension &dim) {
    return dim.kind == Dimension::Unnamed;
  }

  bool isBatch(const Port &port, size_t d) const {
    return isUnnamed(port.dims[d]) ? d == 0 : port.dims[d].text == batchName;
  }

  /// The size of a dimension of an input that was not given.
  int64_t guess(const Port &port, size_t d) const {
    if (std::optional<int64_t> size = symbols.sizeOf(port.dims[d]))
      return *size;
    bool isLast = d + 1 == port.dims.size();
    if (isPast(port.role))
      return isBatch(port, d) ? batch : 0;
    if (!isLast)
      return batch;
    return port.role == Role::Mask ? past + sequence : sequence;
  }

  Status fillIn(size_t index) {
    const Port &port = signature.inputs[index];
    if (inputs[index].isGiven())
      return Status::success();
    Shape shape;
    for (size_t d = 0; d < port.dims.size(); ++d)
      shape.push(guess(port, d));
    Result<Tensor> tensor = Tensor::zeros(port.type, shape);
    if (tensor.failed())
      return Status::error("input '%s': %s", port.name.c_str(),
                           tensor.message());
    if (port.role == Role::Mask)
      tensor->fill(1);
    if (port.role == Role::Positions)
      count(*tensor);
    inputs[index] = std::move(*tensor);
    return bindShape(port, shape, symbols);
  }

  /// Every row: past, past + 1, ...
  void count(Tensor &positions) const {
    const Shape &shape = positions.shape;
    int64_t length = shape.rank ? shape.sizes[shape.rank - 1] : 1;
    for (int64_t i = 0, e = positions.elements(); i < e; ++i)
      positions.setInteger(i, past + i % length);
  }

  const Signature &signature;
  Array<Tensor> &inputs;
  Symbols symbols;
  int64_t batch = 1, sequence = 1, past = 0;
  const char *batchName = "";
};

} // namespace

Status Model::complete(Array<Tensor> &inputs) const {
  return Completion(signature, inputs).run();
}
