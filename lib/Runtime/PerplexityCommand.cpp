// `model perplexity`: how well a language model predicts a text.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Files.h"
#include "bitnet/Runtime/NumPy.h"
#include "bitnet/Runtime/Session.h"
#include "bitnet/Runtime/Tokenizer.h"

#include <cmath>
#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct PerplexityOptions {
  const char *file = nullptr;
  int64_t window = 256;
  bool isJSON = false;
};

/// Negative logarithms of probabilities.
struct Loss {
  double sum = 0;
  int64_t count = 0;
};

} // namespace

static Status parseOptions(Arguments arguments, PerplexityOptions &options) {
  for (int i = 0; i < arguments.count; ++i) {
    const char *argument = arguments.items[i];
    if (!std::strcmp(argument, "--json")) {
      options.isJSON = true;
    } else if (!std::strcmp(argument, "--window")) {
      Result<const char *> text = optionValue(arguments, i);
      if (text.failed())
        return text.takeError();
      Result<int64_t> window = parseNumber(argument, *text, 2, 1 << 24);
      if (window.failed())
        return window.takeError();
      options.window = *window;
    } else if (!std::strncmp(argument, "--", 2)) {
      return Status::error("perplexity has no option '%s'; see --help",
                           argument);
    } else if (options.file) {
      return Status::error("perplexity wants one file, not also '%s'",
                           argument);
    } else {
      options.file = argument;
    }
  }
  return options.file
             ? Status::success()
             : Status::error("perplexity wants a file: text, or ids as .npy");
}

/// The ids in an array of integers, or those of a text.
static Result<Array<int64_t>> readIds(const char *path) {
  size_t size = std::strlen(path);
  if (size < 4 || std::strcmp(path + size - 4, ".npy")) {
    Result<const Tokenizer *> tokenizer = linkedTokenizer();
    if (tokenizer.failed())
      return tokenizer.takeError();
    Result<Array<uint8_t>> text = readFile(path);
    if (text.failed())
      return text.takeError();
    return (*tokenizer)
        ->encode(reinterpret_cast<const char *>(text->data()), text->size(),
                 /*addSpecial=*/true);
  }
  Result<Tensor> array = readNpy(path);
  if (array.failed())
    return array.takeError();
  Result<Tensor> wide = convert(std::move(*array), BITNET_I64);
  if (wide.failed())
    return Status::error("'%s' %s", path, wide.message());
  Array<int64_t> ids;
  for (int64_t i = 0; i < wide->elements(); ++i)
    ids.push(static_cast<const int64_t *>(wide->data())[i]);
  return ids;
}

/// Adds -log p of the ids after the first: ln sum e^logit - logit of the id.
static Status addLoss(const Tensor &logits, const int64_t *ids, int64_t count,
                      Loss &loss) {
  int64_t size =
      logits.shape.rank ? logits.shape.sizes[logits.shape.rank - 1] : 0;
  if (size < 1 || logits.elements() != size * count)
    return Status::error("the model gives no logits for each id");
  for (int64_t i = 0; i + 1 < count; ++i) {
    int64_t row = i * size;
    double largest = logits.floatAt(row), sum = 0;
    for (int64_t k = 1; k < size; ++k)
      largest = std::fmax(largest, logits.floatAt(row + k));
    for (int64_t k = 0; k < size; ++k)
      sum += std::exp(logits.floatAt(row + k) - largest);
    loss.sum += largest + std::log(sum) - logits.floatAt(row + ids[i + 1]);
    ++loss.count;
  }
  return Status::success();
}

/// Reads a window from an empty context.
static Status readWindow(const Model &model, const int64_t *ids, int64_t count,
                         Loss &loss) {
  const Signature &signature = model.signature;
  const Port *input = signature.findInput(Role::Ids);
  const Port *output = signature.findOutput(Role::Logits);
  Shape shape;
  for (size_t i = 0; i + 1 < input->dims.size(); ++i)
    shape.push(1);
  shape.push(count);
  Result<Tensor> tensor = Tensor::zeros(input->type, shape);
  if (tensor.failed())
    return tensor.takeError();
  for (int64_t i = 0; i < count; ++i)
    tensor->setInteger(i, ids[i]);
  Array<Tensor> inputs = model.noInputs();
  inputs[size_t(input - signature.inputs.data())] = std::move(*tensor);
  if (Status status = model.complete(inputs); status.failed())
    return status;
  Result<Array<Tensor>> outputs = model.run(inputs);
  if (outputs.failed())
    return outputs.takeError();
  return addLoss((*outputs)[size_t(output - signature.outputs.data())], ids,
                 count, loss);
}

Status bitnet::runtime::perplexityCommand(const Model &model,
                                          Arguments arguments) {
  PerplexityOptions options;
  if (Status status = parseOptions(arguments, options); status.failed())
    return status;
  Result<Session> session = Session::create(model);
  if (session.failed())
    return session.takeError();
  Result<Array<int64_t>> ids = readIds(options.file);
  if (ids.failed())
    return ids.takeError();
  if (Status status = session->checkIds(ids->data(), ids->size());
      status.failed())
    return Status::error("'%s': %s", options.file, status.message());
  Loss loss;
  int64_t size = int64_t(ids->size());
  for (int64_t start = 0; start < size; start += options.window) {
    int64_t count =
        size - start < options.window ? size - start : options.window;
    if (Status status = readWindow(model, ids->data() + start, count, loss);
        status.failed())
      return status;
  }
  if (!loss.count)
    return Status::error("'%s' has no two ids to predict one from the other",
                         options.file);
  double mean = loss.sum / double(loss.count);
  long long predicted = loss.count;
  if (options.isJSON)
    std::printf("{\"perplexity\": %.6f, \"mean_nll\": %.6f, "
                "\"predicted_tokens\": %lld, \"window\": %lld}\n",
                std::exp(mean), mean, predicted,
                static_cast<long long>(options.window));
  else
    std::printf("perplexity %.4f of %lld tokens, windows of %lld\n",
                std::exp(mean), predicted,
                static_cast<long long>(options.window));
  return Status::success();
}
