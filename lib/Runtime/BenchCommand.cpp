// `model bench`: how long a run takes.

#include "Breakdown.h"
#include "bitnet/Runtime/Caches.h"
#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/DeviceDriver.h"
#include "bitnet/Runtime/Session.h"
#include "bitnet/Runtime/ThreadPool.h"
#include "bitnet/Runtime/Variants.h"

#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct BenchOptions {
  int64_t prefill = 128;
  int64_t decode = 32;
  int64_t repeat = 5;
  bool isJSON = false;
  bool hasBreakdown = false;
  Array<Text> dimNames;
  Array<int64_t> dimSizes;
};

/// Times of the same thing, in milliseconds.
class Samples {
public:
  void add(double time) { times.push(time); }
  bool empty() const { return times.empty(); }
  double total() const {
    double sum = 0;
    for (double time : times)
      sum += time;
    return sum;
  }

  /// Sorts; then the best is the first and the median in the middle.
  void finish() {
    std::qsort(times.data(), times.size(), sizeof(double),
               [](const void *left, const void *right) {
                 double a = *static_cast<const double *>(left);
                 double b = *static_cast<const double *>(right);
                 return a < b ? -1 : a > b;
               });
  }
  double best() const { return times[0]; }
  double median() const {
    return (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
  }

private:
  Array<double> times;
};

} // namespace

static Status parseDim(const Model &model, const char *text,
                       BenchOptions &options) {
  const char *equals = std::strrchr(text, '=');
  if (!equals)
    return Status::error("--dim wants NAME=SIZE, not '%s'", text);
  Text name(text, size_t(equals - text));
  Result<int64_t> size = parseNumber("--dim", equals + 1, 0, INT32_MAX);
  if (size.failed())
    return size.takeError();
  Text known;
  for (const Port &input : model.signature.inputs)
    for (const Dimension &dim : input.dims) {
      if (dim.kind != Dimension::Symbol)
        continue;
      known.format(" '%s'", dim.text.c_str());
      if (!(dim.text == name))
        continue;
      options.dimNames.push(std::move(name));
      options.dimSizes.push(*size);
      return Status::success();
    }
  return Status::error("the model has no dimension '%s'; it has%s",
                       name.c_str(), known.empty() ? " none" : known.c_str());
}

static Status parseOption(const Model &model, Arguments arguments, int &index,
                          BenchOptions &options) {
  const char *option = arguments.items[index];
  bool *flag = !std::strcmp(option, "--json")        ? &options.isJSON
               : !std::strcmp(option, "--breakdown") ? &options.hasBreakdown
                                                     : nullptr;
  if (flag) {
    *flag = true;
    return Status::success();
  }
  int64_t *number = !std::strcmp(option, "--prefill")  ? &options.prefill
                    : !std::strcmp(option, "--decode") ? &options.decode
                    : !std::strcmp(option, "--repeat") ? &options.repeat
                                                       : nullptr;
  if (!number && std::strcmp(option, "--dim"))
    return Status::error("bench has no option '%s'; see --help", option);
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  if (!number)
    return parseDim(model, *text, options);
  int64_t least = number == &options.decode ? 0 : 1;
  Result<int64_t> value = parseNumber(option, *text, least, 1 << 24);
  if (value.failed())
    return value.takeError();
  *number = *value;
  return Status::success();
}

static Status timeDecode(Session &session, const BenchOptions &options,
                         Samples &decode) {
  for (int64_t i = 0; i < options.decode; ++i) {
    double start = milliseconds();
    Result<int64_t> id = session.best();
    if (id.failed())
      return id.takeError();
    if (Status status = session.feed(&*id, 1); status.failed())
      return status;
    decode.add(milliseconds() - start);
  }
  return Status::success();
}

/// One prefill and the decoding after it. Which ids are fed makes no difference
/// to the time, but all the same one would keep the embedding in cache.
static Status timeOnce(Session &session, const BenchOptions &options,
                       Samples &prefill, Samples &decode) {
  std::optional<int64_t> vocabulary = session.vocabulary();
  int64_t size = vocabulary && *vocabulary > 0 ? *vocabulary : 1;
  Array<int64_t> ids;
  for (int64_t i = 0; i < options.prefill; ++i)
    ids.push((i * 7919 + 1) % size);
  session.reset();
  double start = milliseconds();
  if (Status status = session.feed(ids.data(), ids.size()); status.failed())
    return status;
  prefill.add(milliseconds() - start);
  return timeDecode(session, options, decode);
}

namespace {

/// What one prefill and some steps of decoding were made of.
struct LanguageBreakdown {
  Array<KindTime> prefill, decode;
};

} // namespace

/// Steps of decoding read the caches once, up to what they have just appended.
static void addCacheBytes(Array<KindTime> &kinds, const Session &session,
                          int64_t steps) {
  double perPosition = double(bytesPerPosition(session.signature()));
  double positions =
      double(steps) * (double(session.length()) - double(steps - 1) / 2);
  for (KindTime &kind : kinds)
    if (!std::strcmp(kind.kind, "attention"))
      kind.bytes = perPosition * positions;
}

/// Runs once more, and looks at the regions.
static Status breakDown(Session &session, const BenchOptions &options,
                        LanguageBreakdown &breakdown) {
  Samples prefill, decode, none;
  BenchOptions first;
  first.prefill = options.prefill;
  first.decode = 0;
  startBreakdown();
  if (Status status = timeOnce(session, first, prefill, none); status.failed())
    return status;
  breakdown.prefill = finishBreakdown(prefill.total());
  startBreakdown();
  if (Status status = timeDecode(session, options, decode); status.failed())
    return status;
  breakdown.decode = finishBreakdown(decode.total());
  addCacheBytes(breakdown.decode, session, options.decode);
  return Status::success();
}

static void printTimes(const char *what, const Samples &samples) {
  std::printf("%-24s %10.4f ms best %10.4f ms median\n", what, samples.best(),
              samples.median());
}

static void printTimesJSON(const char *what, const Samples &samples) {
  std::printf("\"%s\": {\"best\": %.5f, \"median\": %.5f}, ", what,
              samples.best(), samples.median());
}

/// What times depend on, at the end of the output.
static void printSetting(bool isJSON) {
  const bitnet_variant *variant = runningVariant();
  Text device = deviceName();
  if (isJSON) {
    if (variant)
      std::printf("\"variant\": %s, ", jsonString(variant->name).c_str());
    if (device.size())
      std::printf("\"device\": %s, ", jsonString(device.c_str()).c_str());
    std::printf("\"threads\": %d}\n", threadCount());
    return;
  }
  std::printf("%d threads", threadCount());
  if (variant)
    std::printf(", variant %s", variant->name);
  if (device.size())
    std::printf(", device %s", device.c_str());
  std::printf("\n");
}

static void printCache(const Signature &signature, bool isJSON) {
  const char *type = nullptr;
  for (const Port &input : signature.inputs)
    if (isPast(input.role))
      type = nameOf(input.type);
  if (!type)
    return;
  std::printf(isJSON ? "\"cache\": {\"bytes_per_position\": %lld, "
                       "\"type\": \"%s\"}, "
                     : "the cache takes %lld bytes per position (%s)\n",
              static_cast<long long>(bytesPerPosition(signature)), type);
}

static Status benchLanguageModel(const Model &model,
                                 const BenchOptions &options) {
  Result<Session> session = Session::create(model);
  if (session.failed())
    return session.takeError();
  Samples prefill, decode, warmUp;
  for (int64_t i = 0; i <= options.repeat; ++i)
    if (Status status = timeOnce(*session, options, i ? prefill : warmUp,
                                 i ? decode : warmUp);
        status.failed())
      return status;
  prefill.finish();
  decode.finish();
  LanguageBreakdown breakdown;
  if (options.hasBreakdown)
    if (Status status = breakDown(*session, options, breakdown);
        status.failed())
      return status;
  double tokenCount = double(options.prefill), steps = double(options.decode);
  long long tokens = options.prefill;
  if (options.isJSON) {
    std::printf("{\"model\": %s, \"prefill_tokens\": %lld, ",
                jsonString(model.signature.model.c_str()).c_str(), tokens);
    printTimesJSON("prefill_ms", prefill);
    if (!decode.empty())
      printTimesJSON("decode_ms", decode);
    if (options.hasBreakdown)
      std::printf("\"breakdown\": {\"prefill\": %s, \"decode\": %s, "
                  "\"read_limit_gb_per_s\": %.3f}, ",
                  breakdownJSON(breakdown.prefill, 1, tokenCount).c_str(),
                  decode.empty()
                      ? "[]"
                      : breakdownJSON(breakdown.decode, steps, 1).c_str(),
                  readLimit());
    printCache(model.signature, /*isJSON=*/true);
    printSetting(/*isJSON=*/true);
    return Status::success();
  }
  Text title;
  title.format("prefill of %lld tokens", tokens);
  printTimes(title.c_str(), prefill);
  if (options.hasBreakdown)
    printBreakdown(breakdown.prefill, 1, tokenCount);
  if (!decode.empty())
    printTimes("decode of 1 token", decode);
  if (options.hasBreakdown && !decode.empty())
    printBreakdown(breakdown.decode, steps, 1);
  if (options.hasBreakdown)
    std::printf("memory is read at %.2f GB/s at most\n", readLimit());
  printCache(model.signature, /*isJSON=*/false);
  printSetting(/*isJSON=*/false);
  return Status::success();
}

/// The size of every symbol: as asked for, else 1.
static Status bindDims(const Model &model, const BenchOptions &options,
                       Symbols &symbols) {
  for (size_t i = 0; i < options.dimNames.size(); ++i)
    if (Status status = symbols.bind(options.dimNames[i].c_str(),
                                     options.dimSizes[i], "--dim");
        status.failed())
      return status;
  for (const Port &input : model.signature.inputs)
    for (const Dimension &dim : input.dims)
      if (dim.kind == Dimension::Symbol && !symbols.find(dim.text.c_str()))
        if (Status status = symbols.bind(dim.text.c_str(), 1, "");
            status.failed())
          return status;
  return Status::success();
}

/// Ones, but zeros for ids and the like, since 1 may be out of range.
static Result<Array<Tensor>> exampleInputs(const Model &model,
                                           const Symbols &symbols) {
  Array<Tensor> inputs;
  for (const Port &port : model.signature.inputs) {
    Shape shape;
    for (const Dimension &dim : port.dims) {
      std::optional<int64_t> size = symbols.sizeOf(dim);
      shape.push(size ? *size : 1);
    }
    Result<Tensor> tensor = Tensor::zeros(port.type, shape);
    if (tensor.failed())
      return Status::error("input '%s': %s", port.name.c_str(),
                           tensor.message());
    if (!isInteger(port.type) || port.role == Role::Mask)
      tensor->fill(1);
    inputs.push(std::move(*tensor));
  }
  return inputs;
}

static Status benchAnyModel(const Model &model, const BenchOptions &options) {
  Symbols symbols;
  if (Status status = bindDims(model, options, symbols); status.failed())
    return status;
  Result<Array<Tensor>> inputs = exampleInputs(model, symbols);
  if (inputs.failed())
    return inputs.takeError();
  if (Status status = model.complete(*inputs); status.failed())
    return status;
  Samples samples;
  for (int64_t i = 0; i <= options.repeat; ++i) {
    double start = milliseconds();
    Result<Array<Tensor>> outputs = model.run(*inputs);
    if (outputs.failed())
      return outputs.takeError();
    if (i)
      samples.add(milliseconds() - start);
  }
  samples.finish();
  if (options.isJSON) {
    std::printf("{\"model\": %s, ",
                jsonString(model.signature.model.c_str()).c_str());
    printTimesJSON("run_ms", samples);
    printSetting(/*isJSON=*/true);
    return Status::success();
  }
  printTimes("run", samples);
  printSetting(/*isJSON=*/false);
  return Status::success();
}

Status bitnet::runtime::benchCommand(const Model &model, Arguments arguments) {
  BenchOptions options;
  for (int i = 0; i < arguments.count; ++i)
    if (Status status = parseOption(model, arguments, i, options);
        status.failed())
      return status;
  if (Session::isLanguageModel(model) && options.dimNames.empty())
    return benchLanguageModel(model, options);
  return benchAnyModel(model, options);
}
