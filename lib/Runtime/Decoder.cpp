// Greedy decoding.

#include "bitnet/Runtime/Decoder.h"

using namespace bitnet::runtime;

bool Decoder::isLanguageModel(const Model &model) {
  return model.signature.findInput(Role::Ids) &&
         model.signature.findOutput(Role::Logits);
}

/// True if each cache that goes in also comes out.
static bool hasAllCaches(const Signature &signature) {
  size_t in = 0, out = 0;
  for (const Port &input : signature.inputs)
    in += input.role == Role::Past;
  for (const Port &output : signature.outputs)
    out += output.role == Role::Present;
  return in > 0 && in == out;
}

Result<Decoder> Decoder::create(const Model &model) {
  const Signature &signature = model.signature;
  if (!isLanguageModel(model))
    return Status::error(
        "'%s' is no language model: it has no %s", signature.model.c_str(),
        signature.findInput(Role::Ids) ? "output for logits" : "input for ids");
  for (const Port &input : signature.inputs)
    if (input.role == Role::None)
      return Status::error("input '%s' is missing: it is none of those that a "
                           "language model is fed with",
                           input.name.c_str());
  Decoder decoder;
  decoder.model = &model;
  const Port *ids = signature.findInput(Role::Ids);
  const Port *logits = signature.findOutput(Role::Logits);
  if (!isInteger(ids->type) || ids->dims.empty() || isInteger(logits->type) ||
      logits->dims.empty())
    return Status::error("malformed signature: input '%s' cannot hold ids or "
                         "output '%s' logits",
                         ids->name.c_str(), logits->name.c_str());
  decoder.idsInput = size_t(ids - signature.inputs.data());
  decoder.logitsOutput = size_t(logits - signature.outputs.data());
  decoder.cached = hasAllCaches(signature);
  decoder.reset();
  return decoder;
}

void Decoder::reset() {
  caches = model->noInputs();
  context.resize(0);
  logits = Tensor();
}

std::optional<int64_t> Decoder::vocabulary() const {
  const Port &output = model->signature.outputs[logitsOutput];
  const Dimension &last = output.dims[output.dims.size() - 1];
  if (last.kind != Dimension::Fixed)
    return std::nullopt;
  return last.size;
}

Status Decoder::checkIds(const int64_t *ids, size_t count) const {
  std::optional<int64_t> size = vocabulary();
  for (size_t i = 0; i < count; ++i)
    if (ids[i] < 0 || (size && ids[i] >= *size))
      return Status::error("id %lld is not in the vocabulary of %lld",
                           static_cast<long long>(ids[i]),
                           static_cast<long long>(size ? *size : 0));
  return Status::success();
}

Result<Tensor> Decoder::idsTensor(const int64_t *ids, size_t count) const {
  const Port &input = model->signature.inputs[idsInput];
  Shape shape;
  for (size_t i = 0; i + 1 < input.dims.size(); ++i)
    shape.push(1);
  shape.push(static_cast<int64_t>(count));
  Result<Tensor> tensor = Tensor::zeros(input.type, shape);
  if (tensor.failed())
    return tensor;
  for (size_t i = 0; i < count; ++i)
    tensor->setInteger(static_cast<int64_t>(i), ids[i]);
  return tensor;
}

Status Decoder::feed(const int64_t *ids, size_t count) {
  if (Status status = checkIds(ids, count); status.failed())
    return status;
  if (!cached) {
    for (size_t i = 0; i < count; ++i)
      context.push(ids[i]);
    ids = context.data();
    count = context.size();
  }
  Array<Tensor> inputs = std::exchange(caches, model->noInputs());
  Result<Tensor> tensor = idsTensor(ids, count);
  if (tensor.failed())
    return tensor.takeError();
  inputs[idsInput] = std::move(*tensor);
  if (Status status = model->complete(inputs); status.failed())
    return status;
  Result<Array<Tensor>> outputs = model->run(inputs);
  if (outputs.failed())
    return outputs.takeError();
  logits = std::move((*outputs)[logitsOutput]);
  if (cached)
    keepCaches(*outputs);
  return Status::success();
}

/// What comes out of one run goes into the next; only pointers move.
void Decoder::keepCaches(Array<Tensor> &outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Port &output = model->signature.outputs[i];
    if (output.role == Role::Present)
      caches[output.pastInput] = std::move(outputs[i]);
  }
}

/// The index of the largest of `size` values, the lowest of equals; -1 if one
/// is NaN. `load` gives a value.
template <typename Load>
static int64_t indexOfLargest(int64_t size, Load load) {
  int64_t best = 0;
  auto largest = load(0);
  bool hasNaN = false;
  for (int64_t i = 0; i < size; ++i) {
    auto value = load(i);
    hasNaN |= value != value;
    if (value > largest) {
      largest = value;
      best = i;
    }
  }
  return hasNaN ? -1 : best;
}

Result<int64_t> Decoder::best() const {
  int64_t elements = logits.elements(), size = 0;
  if (logits.shape.rank)
    size = logits.shape.sizes[logits.shape.rank - 1];
  if (size < 1 || elements < size)
    return Status::error("the model gave no logits");
  int64_t row = elements - size;
  const float *floats = static_cast<const float *>(logits.data()) + row;
  int64_t best =
      logits.type == BITNET_F32
          ? indexOfLargest(size, [=](int64_t i) { return floats[i]; })
          : indexOfLargest(size,
                           [&](int64_t i) { return logits.floatAt(row + i); });
  if (best < 0)
    return Status::error("the logits are not numbers (NaN)");
  return best;
}
