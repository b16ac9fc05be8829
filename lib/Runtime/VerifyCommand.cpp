// `model verify`: are the outputs those that someone has recorded?

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/NumPy.h"

#include <cmath>
#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct VerifyOptions {
  const char *file = nullptr;
  double relative = 1e-4;
  double absolute = 1e-5;
};

/// Inputs and outputs that were recorded together: `in.NAME`, `out.NAME`, or
/// `in2.NAME`, `out2.NAME` and so on.
struct Recording {
  Text number; // "", "2", ...
  Array<Tensor> inputs;
  Array<NamedTensor *> outputs; // by output of the signature; null: not there
};

/// How far two tensors are apart.
struct Difference {
  double largest = 0; // of the elements that are farther apart than allowed, or
                      // of all
  int64_t count = 0;  // of those
};

} // namespace

static Status parseOptions(Arguments arguments, VerifyOptions &options) {
  for (int i = 0; i < arguments.count; ++i) {
    const char *argument = arguments.items[i];
    double *bound = !std::strcmp(argument, "--rtol")   ? &options.relative
                    : !std::strcmp(argument, "--atol") ? &options.absolute
                                                       : nullptr;
    if (bound) {
      Result<const char *> text = optionValue(arguments, i);
      if (text.failed())
        return text.takeError();
      Result<double> value = parseReal(argument, *text, 0, 1e30);
      if (value.failed())
        return value.takeError();
      *bound = *value;
    } else if (!std::strncmp(argument, "--", 2)) {
      return Status::error("verify has no option '%s'; see --help", argument);
    } else if (options.file) {
      return Status::error("verify wants one file, not also '%s'", argument);
    } else {
      options.file = argument;
    }
  }
  return options.file ? Status::success()
                      : Status::error("verify wants a file .npz with arrays "
                                      "in.NAME and out.NAME");
}

/// The number and the name in `in2.NAME`; null if `entry` is no such name.
static const char *splitName(const char *entry, const char *prefix,
                             Text &number) {
  size_t size = std::strlen(prefix);
  if (std::strncmp(entry, prefix, size))
    return nullptr;
  size_t digits = std::strspn(entry + size, "0123456789");
  if (entry[size + digits] != '.')
    return nullptr;
  number = Text(entry + size, digits);
  return entry + size + digits + 1;
}

static Recording &findRecording(const Model &model, const Text &number,
                                Array<Recording> &recordings) {
  for (Recording &recording : recordings)
    if (recording.number == number)
      return recording;
  Recording &recording = recordings.push(Recording());
  recording.number = Text(number.c_str());
  recording.inputs = model.noInputs();
  recording.outputs.resize(model.signature.outputs.size());
  return recording;
}

/// Sorts the arrays of a file by what they were recorded with. Those of other
/// names, and of inputs and outputs that the model does not have, are notes.
static Array<Recording> collect(const Model &model,
                                Array<NamedTensor> &entries) {
  const Signature &signature = model.signature;
  Array<Recording> recordings;
  for (NamedTensor &entry : entries) {
    Text number;
    if (const char *name = splitName(entry.name.c_str(), "in", number)) {
      const Port *port = signature.findInput(name);
      if (port)
        findRecording(model, number, recordings)
            .inputs[size_t(port - signature.inputs.data())] =
            std::move(entry.tensor);
    } else if (const char *name =
                   splitName(entry.name.c_str(), "out", number)) {
      for (size_t i = 0; i < signature.outputs.size(); ++i)
        if (signature.outputs[i].name == name)
          findRecording(model, number, recordings).outputs[i] = &entry;
    }
  }
  return recordings;
}

static double elementAt(const Tensor &tensor, int64_t index) {
  if (!isInteger(tensor.type))
    return tensor.floatAt(index);
  int64_t value = 0;
  std::memcpy(&value,
              static_cast<const char *>(tensor.data()) +
                  size_t(index) * sizeOf(tensor.type),
              sizeOf(tensor.type));
  return static_cast<double>(value);
}

/// |found - wanted| <= absolute + relative * largest |wanted|, as NumPy's
/// allclose but for the largest: rounding errors of a sum are relative to its
/// terms.
static Difference compare(const Tensor &found, const Tensor &wanted,
                          const VerifyOptions &options) {
  double scale = 0;
  int64_t count = wanted.elements();
  for (int64_t i = 0; i < count; ++i)
    scale = std::fmax(scale, std::fabs(elementAt(wanted, i)));
  double allowed = options.absolute + options.relative * scale;
  Difference difference;
  for (int64_t i = 0; i < count; ++i) {
    double apart = std::fabs(elementAt(found, i) - elementAt(wanted, i));
    difference.count += !(apart <= allowed);
    if (!(apart <= difference.largest))
      difference.largest = apart;
  }
  return difference;
}

/// Prints a line for each output; counts those that differ.
static Status verify(const Model &model, Recording &recording,
                     const VerifyOptions &options, int &failures) {
  const Signature &signature = model.signature;
  if (Status status = model.complete(recording.inputs); status.failed())
    return status;
  Result<Array<Tensor>> outputs = model.run(recording.inputs);
  if (outputs.failed())
    return outputs.takeError();
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if (!recording.outputs[i])
      continue;
    const Tensor &wanted = recording.outputs[i]->tensor, &found = (*outputs)[i];
    Text name;
    name.format("out%s.%s", recording.number.c_str(),
                signature.outputs[i].name.c_str());
    if (!(wanted.shape.text() == found.shape.text())) {
      ++failures;
      std::printf("%-32s shape %s, recorded %s\n", name.c_str(),
                  found.shape.text().c_str(), wanted.shape.text().c_str());
      continue;
    }
    Difference difference = compare(found, wanted, options);
    failures += difference.count != 0;
    std::printf("%-32s largest difference %.3g, %lld of %lld too large\n",
                name.c_str(), difference.largest,
                static_cast<long long>(difference.count),
                static_cast<long long>(wanted.elements()));
  }
  return Status::success();
}

Status bitnet::runtime::verifyCommand(const Model &model, Arguments arguments) {
  VerifyOptions options;
  if (Status status = parseOptions(arguments, options); status.failed())
    return status;
  Result<Array<NamedTensor>> entries = readNpz(options.file);
  if (entries.failed())
    return entries.takeError();
  Array<Recording> recordings = collect(model, *entries);
  int failures = 0;
  bool hasOutputs = false;
  for (Recording &recording : recordings) {
    for (const NamedTensor *output : recording.outputs)
      hasOutputs |= output != nullptr;
    if (Status status = verify(model, recording, options, failures);
        status.failed())
      return Status::error("'%s', in%s: %s", options.file,
                           recording.number.c_str(), status.message());
  }
  if (!hasOutputs)
    return Status::error("'%s' has no array out.NAME for an output of the "
                         "model",
                         options.file);
  if (failures)
    return Status::error("%d outputs differ from those in '%s'", failures,
                         options.file);
  return Status::success();
}
