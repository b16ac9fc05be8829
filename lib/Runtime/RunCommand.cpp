// `model run`: NumPy files in, NumPy files out.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/NumPy.h"

#include <cstdio>

using namespace bitnet::runtime;

static bool endsWith(const char *text, const char *end) {
  size_t size = std::strlen(text), tail = std::strlen(end);
  return size >= tail && !std::strcmp(text + size - tail, end);
}

static Status setInput(const Model &model, const char *name, Tensor tensor,
                       Array<Tensor> &inputs) {
  const Port *input = model.signature.findInput(name);
  if (!input)
    return Status::error("the model has no input '%s'; its inputs are %s", name,
                         model.signature.inputNames().c_str());
  Tensor &place = inputs[size_t(input - model.signature.inputs.data())];
  if (place.isGiven())
    return Status::error("input '%s' is given twice", name);
  place = std::move(tensor);
  return Status::success();
}

static Status readArchive(const Model &model, const char *path,
                          Array<Tensor> &inputs) {
  Result<Array<NamedTensor>> entries = readNpz(path);
  if (entries.failed())
    return entries.takeError();
  for (NamedTensor &entry : *entries)
    if (Status status = setInput(model, entry.name.c_str(),
                                 std::move(entry.tensor), inputs);
        status.failed())
      return Status::error("'%s': %s", path, status.message());
  return Status::success();
}

/// Where the file begins in NAME=FILE; a name may contain '=' itself.
static const char *findFile(const Model &model, const char *argument) {
  for (const Port &input : model.signature.inputs) {
    size_t size = input.name.size();
    if (!std::strncmp(argument, input.name.c_str(), size) &&
        argument[size] == '=')
      return argument + size + 1;
  }
  const char *equals = std::strchr(argument, '=');
  return equals ? equals + 1 : nullptr;
}

static Status readArgument(const Model &model, const char *argument,
                           Array<Tensor> &inputs) {
  const char *file = findFile(model, argument);
  if (!file && endsWith(argument, ".npz"))
    return readArchive(model, argument, inputs);
  if (!file)
    return Status::error("'%s' is neither NAME=FILE.npy nor FILE.npz",
                         argument);
  Text name(argument, size_t(file - argument) - 1);
  Result<Tensor> tensor = readNpy(file);
  if (tensor.failed())
    return tensor.takeError();
  return setInput(model, name.c_str(), std::move(*tensor), inputs);
}

static Status checkOutput(const Model &model, const char *path) {
  if (!endsWith(path, ".npz") && !endsWith(path, ".npy"))
    return Status::error("-o wants a file that ends in .npz or .npy, not '%s'",
                         path);
  size_t count = model.signature.outputs.size();
  if (endsWith(path, ".npy") && count != 1)
    return Status::error("a .npy file holds one array, the model has %zu "
                         "outputs: write a .npz file",
                         count);
  return Status::success();
}

static Status writeOutputs(const Model &model, const char *path,
                           Array<Tensor> &outputs) {
  for (Tensor &output : outputs) {
    Result<Tensor> written = forNumPy(std::move(output));
    if (written.failed())
      return written.takeError();
    output = std::move(*written);
  }
  if (endsWith(path, ".npy"))
    return writeNpy(path, outputs[0]);
  Array<NamedView> views;
  for (size_t i = 0; i < outputs.size(); ++i)
    views.push({model.signature.outputs[i].name.c_str(), &outputs[i]});
  return writeNpz(path, views);
}

static void printShapes(const Model &model, const Array<Tensor> &outputs) {
  for (size_t i = 0; i < outputs.size(); ++i)
    std::printf("%s %s %s\n", model.signature.outputs[i].name.c_str(),
                nameOf(outputs[i].type), outputs[i].shape.text().c_str());
}

/// Nothing is filled in: what a model is run on is what the user gave. Only a
/// past may be left out as a whole, since the model's file may have none.
static Status checkAllGiven(const Model &model, const Array<Tensor> &inputs) {
  bool hasPast = false;
  for (size_t i = 0; i < inputs.size(); ++i)
    hasPast |= inputs[i].isGiven() && isPast(model.signature.inputs[i].role);
  for (size_t i = 0; i < inputs.size(); ++i)
    if (const Port &port = model.signature.inputs[i];
        !inputs[i].isGiven() && (hasPast || !isPast(port.role)))
      return Status::error("input '%s' is missing: %s %s", port.name.c_str(),
                           nameOf(port.type), port.shapeText().c_str());
  return Status::success();
}

Status bitnet::runtime::runCommand(const Model &model, Arguments arguments) {
  Array<Tensor> inputs = model.noInputs();
  const char *output = nullptr;
  for (int i = 0; i < arguments.count; ++i) {
    if (!std::strcmp(arguments.items[i], "-o")) {
      Result<const char *> path = optionValue(arguments, i);
      if (path.failed())
        return path.takeError();
      output = *path;
      if (Status status = checkOutput(model, output); status.failed())
        return status;
    } else if (Status status = readArgument(model, arguments.items[i], inputs);
               status.failed()) {
      return status;
    }
  }
  if (Status status = checkAllGiven(model, inputs); status.failed())
    return status;
  if (Status status = model.complete(inputs); status.failed())
    return status;
  Result<Array<Tensor>> outputs = model.run(inputs);
  if (outputs.failed())
    return outputs.takeError();
  if (output)
    return writeOutputs(model, output, *outputs);
  printShapes(model, *outputs);
  return Status::success();
}
