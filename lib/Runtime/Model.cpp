// Running a compiled model: inputs to descriptors, descriptors to outputs.

#include "bitnet/Runtime/Model.h"

#include "bitnet/Runtime/Caches.h"
#include "bitnet/Runtime/DeviceDriver.h"
#include "bitnet/Runtime/Failure.h"
#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/Variants.h"
#include "bitnet/Runtime/Weights.h"

using namespace bitnet::runtime;

Array<Tensor> Model::noInputs() const {
  Array<Tensor> inputs;
  inputs.resize(signature.inputs.size());
  return inputs;
}

// A memref descriptor: allocated and aligned pointer, offset, sizes, strides.
static constexpr size_t kShapeWord = 3;

static size_t descriptorWords(size_t rank) { return kShapeWord + 2 * rank; }

static void writeDescriptor(const Tensor &tensor, int64_t *words) {
  int64_t pointer = reinterpret_cast<int64_t>(tensor.data());
  int64_t *sizes = words + kShapeWord, *strides = sizes + tensor.shape.rank;
  words[0] = words[1] = pointer;
  words[2] = 0;
  uint64_t stride = 1; // of an empty tensor it may wrap, and nobody minds
  for (int32_t i = tensor.shape.rank - 1; i >= 0; --i) {
    sizes[i] = tensor.shape.sizes[i];
    strides[i] = static_cast<int64_t>(stride);
    stride *= static_cast<uint64_t>(sizes[i]);
  }
}

static Tensor readDescriptor(const Port &output, const int64_t *words) {
  Shape shape;
  for (size_t i = 0; i < output.dims.size(); ++i)
    shape.push(words[kShapeWord + i]);
  char *aligned = reinterpret_cast<char *>(words[1]);
  void *data = aligned + words[2] * int64_t(sizeOf(output.type));
  void *owned = reinterpret_cast<void *>(words[0]);
  return runningDevice()
             ? Tensor::adoptOnDevice(output.type, shape, data, owned)
             : Tensor::adopt(output.type, shape, data, owned);
}

/// Calls the model and comes back even if it fails. In this frame and below
/// nothing has a destructor, so that a jump out of the model skips none.
__attribute__((noinline)) static const char *call(EntryPoint entry,
                                                  int64_t *results,
                                                  void *const *arguments,
                                                  FailureFrame &frame) {
  frame.outer = currentFrame;
  currentFrame = &frame;
  const char *message = nullptr;
  if (setjmp(frame.target))
    message = frame.message;
  else
    entry(results, arguments);
  currentFrame = frame.outer;
  return message;
}

static bool sharesData(const Tensor &tensor, const Tensor *others,
                       size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (others[i].data() == tensor.data())
      return true;
  return false;
}

/// Gives every output a buffer of its own. A model may return one value twice,
/// or an input; whatever is freed later must be freed once.
static Status separate(const Array<Tensor> &inputs, Array<Tensor> &outputs) {
  Status status;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor &output = outputs[i];
    if (!output.isGiven() && !output.shape.rank) // found in a cache
      continue;
    if (!sharesData(output, inputs.data(), inputs.size()) &&
        !sharesData(output, outputs.data(), i))
      continue;
    Result<Tensor> copy = Tensor::zeros(output.type, output.shape);
    if (!copy.failed())
      std::memcpy(copy->data(), output.data(), output.byteSize());
    output.release(); // by the one it is shared with
    output = std::move(*copy);
    if (copy.failed())
      status = copy.takeError();
  }
  return status;
}

namespace {

/// What the entry point is given.
class Call {
public:
  /// `copies`, if there are any, are of inputs that are elsewhere.
  Call(const Array<Tensor> &inputs, const Array<Tensor> &storage,
       const Array<Tensor> &copies) {
    size_t count = 0;
    for (const Tensor &input : inputs)
      count += descriptorWords(input.shape.rank);
    words.resize(count);
    count = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      bool isCopied = copies.size() && copies[i].isGiven();
      const Tensor &given = isCopied ? copies[i] : inputs[i];
      const Tensor &tensor = storage[i].isGiven() ? storage[i] : given;
      writeDescriptor(tensor, &words[count]);
      pointers.push(&words[count]);
      count += descriptorWords(tensor.shape.rank);
    }
  }

  /// One more argument, which has to outlive the call.
  void add(int64_t &number) { pointers.push(&number); }

  void *const *arguments() { return pointers.data(); }

private:
  Array<int64_t> words;
  Array<void *> pointers;
};

} // namespace

/// Copies on the device of the inputs that are not there; the others stay
/// empty.
static Result<Array<Tensor>> copyInputs(const Array<Tensor> &inputs,
                                        const Array<Tensor> &storage) {
  Array<Tensor> copies;
  copies.resize(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (storage[i].isGiven() || inputs[i].isOnDevice())
      continue;
    Result<Tensor> copy =
        Tensor::zerosOnDevice(inputs[i].type, inputs[i].shape);
    if (copy.failed())
      return copy.takeError();
    Status status = copyBytes({*copy, 0}, {inputs[i], 0}, inputs[i].byteSize());
    if (status.failed())
      return status;
    copies[i] = std::move(*copy);
  }
  return copies;
}

/// Copies outputs to the host, and frees those of the device.
static Status fetchOutputs(const Array<Tensor> &inputs,
                           Array<Tensor> &outputs) {
  // A model may return one value twice, or an input: it is freed once.
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].isGiven() &&
        (sharesData(outputs[i], inputs.data(), inputs.size()) ||
         sharesData(outputs[i], outputs.data(), i)))
      outputs[i].release();
  Array<Tensor> copies;
  for (Tensor &output : outputs) {
    Result<Tensor> copy = onHost(output.view(output.shape));
    if (copy.failed())
      return copy.takeError();
    copies.push(std::move(*copy));
  }
  outputs = std::move(copies);
  return Status::success();
}

/// True if the output is found in a cache and not returned.
static bool isInCache(const Signature &signature, const Port &output) {
  return output.role == Role::Present &&
         signature.inputs[output.pastInput].role == Role::Cache;
}

Result<Array<Tensor>> Model::step(const Array<Tensor> &inputs,
                                  const Array<Tensor> &storage,
                                  int64_t logitCount) const {
  int64_t length = cacheLength(signature, inputs);
  Result<Array<Tensor>> copies = runningDevice()
                                     ? copyInputs(inputs, storage)
                                     : Result<Array<Tensor>>(Array<Tensor>());
  if (copies.failed())
    return copies;
  Call arguments(inputs, storage, *copies);
  if (signature.countsLogits)
    arguments.add(logitCount);
  arguments.add(length);
  Array<int64_t> results;
  size_t count = 0;
  for (const Port &output : signature.outputs)
    count += descriptorWords(output.dims.size());
  results.resize(count);

  FailureFrame frame;
  if (const char *message =
          call(entry, results.data(), arguments.arguments(), frame))
    return Status::error("%s", message);

  Array<Tensor> outputs;
  count = 0;
  for (const Port &output : signature.outputs) {
    if (isInCache(signature, output)) {
      outputs.push(Tensor());
      continue;
    }
    outputs.push(readDescriptor(output, &results[count]));
    count += descriptorWords(output.dims.size());
  }
  Status status = runningDevice() ? fetchOutputs(*copies, outputs)
                                  : separate(inputs, outputs);
  if (status.failed())
    return status;
  return outputs;
}

Result<Array<Tensor>> Model::run(Array<Tensor> &inputs) const {
  Result<Array<Tensor>> storage = roomForRun(signature, inputs);
  if (storage.failed())
    return storage;
  Result<Array<Tensor>> outputs = step(inputs, *storage, INT64_MAX);
  if (outputs.failed())
    return outputs;
  for (size_t i = 0; i < outputs->size(); ++i) {
    const Port &output = signature.outputs[i];
    if (!isInCache(signature, output))
      continue;
    Result<Tensor> present = onHost(std::move((*storage)[output.pastInput]));
    if (present.failed())
      return present.takeError();
    (*outputs)[i] = std::move(*present);
  }
  return outputs;
}

Result<Model> bitnet::runtime::linkedModel(bool run) {
  Result<Signature> signature = parseSignature(bitnet_signature);
  if (signature.failed())
    return signature.takeError();
  Result<const bitnet_variant *> variant = linkedVariant();
  if (variant.failed())
    return variant.takeError();
  Status status = mapWeights();
  if (status.failed())
    return status;
  Model model;
  model.signature = std::move(*signature);
  model.entry = *variant ? (*variant)->main : bitnet_main;
  if (!run)
    return model;
  Result<const bitnet_device_code *> device = linkedDevice();
  if (device.failed())
    return device.takeError();
  if (*device && (*device)->main)
    model.entry = (*device)->main;
  return model;
}
