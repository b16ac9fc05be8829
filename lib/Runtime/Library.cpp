// The C interface of a model in a shared library.

#include "bitnet/Runtime/Library.h"

#include "LoadedModel.h"
#include "bitnet/Runtime/DeviceDriver.h"
#include "bitnet/Runtime/Weights.h"

#include <atomic>
#include <cstdio>
#include <pthread.h>

using namespace bitnet::runtime;

// Parsed at the first call and kept until the library is unloaded.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static Result<Model> *loaded;
static std::atomic<int> users; // zero, as all that is static

// Drivers can't be called when the process ends, since they may have ended
// before us; but they have to be when the library is unloaded. Handlers of the
// exit run before anything ends, so one tells the two apart.
static bool isExiting;
extern "C" int __cxa_atexit(void (*function)(void *), void *argument,
                            void *library);
extern "C" void __cxa_finalize(void *library);

static void load() {
  void *memory = std::malloc(sizeof(*loaded));
  if (!memory)
    bitnet_fail("out of memory");
  loaded = new (memory) Result<Model>(linkedModel());
  if (runningDevice())
    __cxa_atexit([](void *) { isExiting = true; }, nullptr, &isExiting);
}

ModelUser::ModelUser() { ++users; }
ModelUser::~ModelUser() { --users; }

Result<const Model *> ModelUser::model() const {
  pthread_once(&once, load);
  if (loaded->failed())
    return Status::error("%s", loaded->message());
  return &**loaded;
}

/// Also called when the process ends, and then another thread may be in a run.
__attribute__((destructor)) static void unload() {
  bool mayClose = !isExiting;
  if (runningDevice())
    __cxa_finalize(&isExiting); // takes the handler back
  if (!loaded || users.load())
    return;
  loaded->~Result();
  std::free(loaded);
  if (mayClose)
    closeDevice();
  unmapWeights();
}

/// The index of the input that a given tensor is for.
static Result<size_t> findInput(const Signature &signature,
                                const bitnet_tensor &tensor, size_t place) {
  if (!tensor.name && place < signature.inputs.size())
    return place;
  const Port *input = tensor.name ? signature.findInput(tensor.name) : nullptr;
  if (!input)
    return Status::error("the model has no input '%s'; its inputs are %s",
                         tensor.name ? tensor.name : "(nameless)",
                         signature.inputNames().c_str());
  return size_t(input - signature.inputs.data());
}

static Result<Tensor> viewOf(const bitnet_tensor &tensor, const char *name) {
  Shape shape;
  if (tensor.rank < 0 || tensor.rank > BITNET_MAX_RANK ||
      tensor.type < BITNET_F32 || tensor.type > BITNET_BOOL)
    return Status::error("input '%s' is malformed: type %d, rank %d", name,
                         static_cast<int>(tensor.type), tensor.rank);
  for (int32_t i = 0; i < tensor.rank; ++i)
    shape.push(tensor.shape[i]);
  int64_t elements = shape.elements();
  if (elements < 0)
    return Status::error("input '%s' has the absurd shape %s", name,
                         shape.text().c_str());
  if (!tensor.data && elements)
    return Status::error("input '%s' has no data", name);
  if (!tensor.data) // empty, but given
    return Tensor::zeros(tensor.type, shape);
  return Tensor::adopt(tensor.type, shape, tensor.data, nullptr);
}

static Status gather(const Signature &signature, const bitnet_tensor *tensors,
                     size_t count, Array<Tensor> &inputs) {
  for (size_t i = 0; i < count; ++i) {
    Result<size_t> index = findInput(signature, tensors[i], i);
    if (index.failed())
      return index.takeError();
    const char *name = signature.inputs[*index].name.c_str();
    if (inputs[*index].isGiven())
      return Status::error("input '%s' is given twice", name);
    Result<Tensor> view = viewOf(tensors[i], name);
    if (view.failed())
      return view.takeError();
    inputs[*index] = std::move(*view);
  }
  return Status::success();
}

static void handOver(const Port &port, Tensor &tensor, bitnet_tensor &output) {
  output.name = port.name.c_str();
  output.type = tensor.type;
  output.rank = tensor.shape.rank;
  std::memcpy(output.shape, tensor.shape.sizes, sizeof(output.shape));
  output.data = tensor.data();
  output.owner = tensor.release();
}

static Status run(const bitnet_tensor *tensors, size_t count,
                  bitnet_tensor *outputs, size_t outputCount) {
  ModelUser user;
  Result<const Model *> found = user.model();
  if (found.failed())
    return found.takeError();
  const Model &model = **found;
  size_t wanted = model.signature.outputs.size();
  if (outputCount != wanted)
    return Status::error("the model has %zu outputs, room is for %zu", wanted,
                         outputCount);
  Array<Tensor> inputs = model.noInputs();
  Status status = gather(model.signature, tensors, count, inputs);
  if (!status.failed())
    status = model.complete(inputs);
  if (status.failed())
    return status;
  Result<Array<Tensor>> results = model.run(inputs);
  if (results.failed())
    return results.takeError();
  for (size_t i = 0; i < wanted; ++i)
    handOver(model.signature.outputs[i], (*results)[i], outputs[i]);
  return Status::success();
}

int bitnet_run(const bitnet_tensor *inputs, size_t input_count,
               bitnet_tensor *outputs, size_t output_count, char *error,
               size_t error_size) {
  if (!outputs)
    output_count = 0;
  if (output_count)
    std::memset(outputs, 0, output_count * sizeof(*outputs));
  Status status = run(inputs, input_count, outputs, output_count);
  if (status.failed() && error)
    std::snprintf(error, error_size, "%s", status.message());
  return status.failed();
}

int bitnet_version(void) { return BITNET_VERSION; }

const char *bitnet_signature_text(void) { return bitnet_signature; }

void bitnet_release(bitnet_tensor *outputs, size_t count) {
  for (size_t i = 0; i < count; ++i)
    std::free(outputs[i].owner);
  if (count)
    std::memset(outputs, 0, count * sizeof(*outputs));
}
