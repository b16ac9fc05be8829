// Prefill and decoding with caches that are kept.

#include "bitnet/Runtime/Session.h"

#include "bitnet/Runtime/Caches.h"

using namespace bitnet::runtime;

/// Ids that are read at once. A longer prompt is cut, which changes no bit of
/// the result and bounds the memory.
static constexpr size_t kChunk = 512;

/// Room for the first positions, where no capacity was asked for.
static constexpr int64_t kFirstRoom = 128;

bool Session::isLanguageModel(const Model &model) {
  return model.signature.findInput(Role::Ids) &&
         model.signature.findOutput(Role::Logits);
}

/// True if each cache that goes in also comes out.
static bool hasAllCaches(const Signature &signature) {
  size_t in = 0, out = 0;
  for (const Port &input : signature.inputs)
    in += isPast(input.role);
  for (const Port &output : signature.outputs)
    out += output.role == Role::Present;
  return in > 0 && in == out;
}

Result<Session> Session::create(const Model &model,
                                const SessionOptions &options) {
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
  const Port *ids = signature.findInput(Role::Ids);
  const Port *logits = signature.findOutput(Role::Logits);
  if (!isInteger(ids->type) || ids->dims.empty() || isInteger(logits->type) ||
      logits->dims.empty())
    return Status::error("malformed signature: input '%s' cannot hold ids or "
                         "output '%s' logits",
                         ids->name.c_str(), logits->name.c_str());
  if (options.batch < 1 || options.capacity < 0 ||
      (options.batch > 1 && ids->dims.size() != 2))
    return Status::error("a session of %lld sequences and %lld positions is "
                         "not possible with this model",
                         static_cast<long long>(options.batch),
                         static_cast<long long>(options.capacity));
  if (signature.context && options.capacity > signature.context)
    return Status::error("the model has %lld positions, %lld are wanted",
                         static_cast<long long>(signature.context),
                         static_cast<long long>(options.capacity));
  Session session;
  session.model = &model;
  session.options = options;
  session.idsInput = size_t(ids - signature.inputs.data());
  session.logitsOutput = size_t(logits - signature.outputs.data());
  session.cached = hasAllCaches(signature);
  session.inPlace = session.cached && !signature.findInput(Role::Past);
  session.contexts.resize(size_t(options.batch));
  session.caches = model.noInputs();
  return session;
}

void Session::reset() {
  for (Array<int64_t> &context : contexts)
    context.resize(0);
  newest.resize(0);
  for (size_t i = 0; i < caches.size(); ++i)
    if (model->signature.inputs[i].role == Role::Past)
      caches[i] = Tensor();
}

void Session::rewind(int64_t length) {
  if (length >= this->length())
    return;
  if (cached && !inPlace)
    return reset();
  for (Array<int64_t> &context : contexts)
    context.resize(size_t(length));
  newest.resize(0);
}

Result<size_t> Session::become(const Array<int64_t> &ids) {
  size_t same = 0, size = ids.size();
  while (same < size && same < size_t(length()) &&
         contexts[0][same] == ids[same])
    ++same;
  if (same && same == size && size == size_t(length()) && !newest.empty())
    return size_t(0);
  // The last one is read for its logits.
  rewind(int64_t(same && same == size ? same - 1 : same));
  same = size_t(length());
  if (Status status = feed(ids.data() + same, size - same); status.failed())
    return status;
  return size - same;
}

Status Session::slide(int64_t kept) {
  int64_t rest = length() - kept;
  if (rest < 2)
    return Status::error("a context of %lld ids cannot slide and keep %lld",
                         static_cast<long long>(length()),
                         static_cast<long long>(kept));
  Array<int64_t> ids;
  for (int64_t i = 0; i < length(); ++i)
    if (i < kept || i >= kept + (rest + 1) / 2)
      ids.push(contexts[0][size_t(i)]);
  Result<size_t> read = become(ids);
  return read.failed() ? read.takeError() : Status::success();
}

Result<Session> Session::fork() const {
  Result<Session> copy = create(*model, options);
  if (copy.failed())
    return copy;
  for (size_t i = 0; i < caches.size(); ++i) {
    if (!caches[i].isGiven())
      continue;
    Role role = model->signature.inputs[i].role;
    int64_t positions = caches[i].shape.sizes[kPositions];
    Result<Tensor> room =
        withRoom(caches[i], role == Role::Cache ? length() : positions,
                 positions, placeOf(role));
    if (room.failed())
      return room.takeError();
    copy->caches[i] = std::move(*room);
  }
  for (size_t i = 0; i < contexts.size(); ++i)
    for (int64_t id : contexts[i])
      copy->contexts[i].push(id);
  for (float logit : newest)
    copy->newest.push(logit);
  return copy;
}

std::optional<int64_t> Session::vocabulary() const {
  const Port &output = model->signature.outputs[logitsOutput];
  const Dimension &last = output.dims[output.dims.size() - 1];
  if (last.kind != Dimension::Fixed)
    return std::nullopt;
  return last.size;
}

int64_t Session::logitCount() const {
  return int64_t(newest.size()) / options.batch;
}

bool Session::hasRoom(size_t count) const {
  return !capacity() || (count <= size_t(capacity()) &&
                         length() <= capacity() - int64_t(count));
}

Status Session::checkIds(const int64_t *ids, size_t count) const {
  std::optional<int64_t> size = vocabulary();
  for (size_t i = 0; i < count; ++i)
    if (ids[i] < 0 || (size && ids[i] >= *size))
      return Status::error("id %lld is not in the vocabulary of %lld",
                           static_cast<long long>(ids[i]),
                           static_cast<long long>(size ? *size : 0));
  return Status::success();
}

/// Columns of a matrix of ids, whose rows are `stride` apart, as an input.
Result<Tensor> Session::idsTensor(const int64_t *ids, size_t count,
                                  size_t stride) const {
  const Port &input = model->signature.inputs[idsInput];
  Shape shape;
  for (size_t i = 0; i + 1 < input.dims.size(); ++i)
    shape.push(i + 2 == input.dims.size() ? options.batch : 1);
  shape.push(static_cast<int64_t>(count));
  Result<Tensor> tensor = Tensor::zeros(input.type, shape);
  if (tensor.failed())
    return tensor;
  for (size_t row = 0; row < contexts.size(); ++row)
    for (size_t i = 0; i < count; ++i)
      tensor->setInteger(int64_t(row * count + i), ids[row * stride + i]);
  return tensor;
}

/// Everything read so far and the new ids.
Result<Tensor> Session::contextTensor(const int64_t *ids, size_t count,
                                      size_t stride) const {
  Array<int64_t> all;
  for (size_t row = 0; row < contexts.size(); ++row) {
    for (int64_t id : contexts[row])
      all.push(id);
    for (size_t i = 0; i < count; ++i)
      all.push(ids[row * stride + i]);
  }
  size_t length = contexts[0].size() + count;
  return idsTensor(all.data(), length, length);
}

Status Session::feed(const int64_t *ids, size_t count) {
  if (!hasRoom(count))
    return Status::error("the context is full: %lld ids and %zu more exceed "
                         "its %lld positions",
                         static_cast<long long>(length()), count,
                         static_cast<long long>(capacity()));
  if (Status status = checkIds(ids, count * contexts.size()); status.failed())
    return status;
  size_t before = size_t(length());
  size_t chunk = inPlace && count > kChunk ? kChunk : count;
  Status status = count ? Status::success() : Status::error("no ids to read");
  Tensor logits;
  for (size_t first = 0; first < count && !status.failed(); first += chunk) {
    size_t size = count - first < chunk ? count - first : chunk;
    status = feedChunk(ids + first, size, count, logits);
  }
  if (!status.failed())
    status = keepLogits(logits);
  // What was written to the caches behind the length is not looked at again.
  for (Array<int64_t> &context : contexts)
    if (status.failed())
      context.resize(before);
  return status;
}

/// Reads the same columns of all rows of ids.
Status Session::feedChunk(const int64_t *ids, size_t count, size_t stride,
                          Tensor &logits) {
  Array<Tensor> inputs = model->noInputs();
  Result<Tensor> tensor = cached ? idsTensor(ids, count, stride)
                                 : contextTensor(ids, count, stride);
  if (tensor.failed())
    return tensor.takeError();
  inputs[idsInput] = std::move(*tensor);
  lendCaches(inputs);
  if (Status status = model->complete(inputs); status.failed())
    return status;
  if (Status status = makeRoom(inputs, int64_t(count)); status.failed())
    return status;
  Result<Array<Tensor>> outputs = model->step(inputs, caches, /*logitCount=*/1);
  if (outputs.failed())
    return outputs.takeError();
  logits = std::move((*outputs)[logitsOutput]);
  keepCaches(*outputs);
  for (size_t row = 0; row < contexts.size(); ++row)
    for (size_t i = 0; i < count; ++i)
      contexts[row].push(ids[row * stride + i]);
  return Status::success();
}

/// Shows the model what is valid of the caches.
void Session::lendCaches(Array<Tensor> &inputs) const {
  for (size_t i = 0; i < caches.size(); ++i) {
    if (!caches[i].isGiven())
      continue;
    Shape shape = caches[i].shape;
    if (model->signature.inputs[i].role == Role::Cache)
      shape.sizes[kPositions] = length();
    inputs[i] = caches[i].view(shape);
  }
}

/// Grows the caches by half at least, up to the capacity.
Status Session::makeRoom(const Array<Tensor> &inputs, int64_t count) {
  int64_t wanted = length() + count;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (model->signature.inputs[i].role != Role::Cache)
      continue;
    int64_t room = caches[i].isGiven() ? caches[i].shape.sizes[kPositions] : 0;
    if (room >= wanted)
      continue;
    int64_t grown = room + room / 2 > kFirstRoom ? room + room / 2 : kFirstRoom;
    grown = grown < wanted ? wanted : grown;
    if (capacity() && grown > capacity())
      grown = capacity();
    if (options.capacity)
      grown = options.capacity;
    const Tensor &old = caches[i].isGiven() ? caches[i] : inputs[i];
    Result<Tensor> larger =
        withRoom(old, length(), grown, placeOf(Role::Cache));
    if (larger.failed())
      return Status::error("the context cannot grow: %s", larger.message());
    caches[i] = std::move(*larger);
  }
  return Status::success();
}

Status Session::keepLogits(const Tensor &logits) {
  const Shape &shape = logits.shape;
  int64_t size = shape.rank ? shape.sizes[shape.rank - 1] : 0;
  int64_t rows = size > 0 ? logits.elements() / size : 0;
  if (rows < options.batch || rows % options.batch)
    return Status::error("the model gave no logits");
  newest.resize(size_t(size * options.batch));
  for (int64_t b = 0; b < options.batch; ++b) {
    int64_t last = ((b + 1) * (rows / options.batch) - 1) * size;
    float *to = &newest[size_t(b * size)];
    if (logits.type == BITNET_F32)
      std::memcpy(to, static_cast<const float *>(logits.data()) + last,
                  size_t(size) * sizeof(float));
    else
      for (int64_t i = 0; i < size; ++i)
        to[i] = static_cast<float>(logits.floatAt(last + i));
  }
  return Status::success();
}

/// What comes out of one run goes into the next; only pointers move.
void Session::keepCaches(Array<Tensor> &outputs) {
  for (size_t i = 0; cached && i < outputs.size(); ++i) {
    const Port &output = model->signature.outputs[i];
    if (output.role == Role::Present &&
        model->signature.inputs[output.pastInput].role == Role::Past)
      caches[output.pastInput] = std::move(outputs[i]);
  }
}

Result<const float *> Session::logits(int64_t sequence) const {
  if (newest.empty() || sequence < 0 || sequence >= options.batch)
    return Status::error("the model gave no logits");
  return static_cast<const float *>(newest.data()) + sequence * logitCount();
}

Result<int64_t> Session::best(int64_t sequence) const {
  Result<const float *> row = logits(sequence);
  if (row.failed())
    return row.takeError();
  const float *values = *row;
  int64_t best = 0;
  bool hasNaN = false;
  for (int64_t i = 0, e = logitCount(); i < e; ++i) {
    hasNaN |= values[i] != values[i];
    if (values[i] > values[best])
      best = i;
  }
  if (hasNaN)
    return Status::error("the logits are not numbers (NaN)");
  return best;
}
