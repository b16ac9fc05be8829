// `model generate`: continues ids.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Sampler.h"
#include "bitnet/Runtime/Session.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct GenerateOptions {
  Array<int64_t> ids;
  int64_t count = 32;
  int64_t stop = -1;
  int64_t maxContext = 0;
  bool isJSON = false;
  SamplingOptions sampling;
};

struct Generation {
  Array<int64_t> ids;
  double prefillTime = 0;
  double decodeTime = 0;
};

/// An option with a number, and where it goes.
struct IntegerOption {
  const char *name;
  int64_t *value;
  int64_t low, high;
};

struct RealOption {
  const char *name;
  double *value;
  double low, high;
};

} // namespace

static constexpr int64_t kMaxCount = 1 << 24;

/// The number in `text`, from `low` to `high`.
static Status parseReal(const RealOption &option, const char *text) {
  char *end;
  double value = std::strtod(text, &end);
  if (end == text || *end || !(value >= option.low && value <= option.high))
    return Status::error("%s wants a number from %g to %g, not '%s'",
                         option.name, option.low, option.high, text);
  *option.value = value;
  return Status::success();
}

static Status parseValue(const char *option, const char *text,
                         GenerateOptions &options) {
  SamplingOptions &sampling = options.sampling;
  int64_t seed = int64_t(sampling.seed);
  const IntegerOption integers[] = {
      {"-n", &options.count, 0, kMaxCount},
      {"--stop", &options.stop, 0, INT32_MAX},
      {"--max-context", &options.maxContext, 1, kMaxCount},
      {"--top-k", &sampling.topK, 0, INT32_MAX},
      {"--seed", &seed, 0, INT64_MAX}};
  const RealOption reals[] = {
      {"--temperature", &sampling.temperature, 0, 1000},
      {"--top-p", &sampling.topP, 0, 1},
      {"--min-p", &sampling.minP, 0, 1},
      {"--repeat-penalty", &sampling.repeatPenalty, 0.001, 1000}};
  for (const IntegerOption &integer : integers) {
    if (std::strcmp(option, integer.name))
      continue;
    Result<int64_t> number =
        parseNumber(option, text, integer.low, integer.high);
    if (number.failed())
      return number.takeError();
    *integer.value = *number;
    sampling.seed = uint64_t(seed);
    return Status::success();
  }
  for (const RealOption &real : reals)
    if (!std::strcmp(option, real.name))
      return parseReal(real, text);
  Result<Array<int64_t>> ids = parseNumbers(option, text);
  if (ids.failed())
    return ids.takeError();
  options.ids = std::move(*ids);
  return Status::success();
}

static Status parseOption(Arguments arguments, int &index,
                          GenerateOptions &options) {
  static constexpr const char *kWithValue[] = {
      "--ids",   "-n",      "--stop",  "--max-context",    "--temperature",
      "--top-k", "--top-p", "--min-p", "--repeat-penalty", "--seed"};
  const char *option = arguments.items[index];
  if (!std::strcmp(option, "--json")) {
    options.isJSON = true;
    return Status::success();
  }
  for (const char *known : kWithValue) {
    if (std::strcmp(option, known))
      continue;
    Result<const char *> text = optionValue(arguments, index);
    if (text.failed())
      return text.takeError();
    return parseValue(option, *text, options);
  }
  return Status::error("generate has no option '%s'; see --help", option);
}

/// Reads the prompt; then draws ids and reads each.
static Status generate(Session &session, const GenerateOptions &options,
                       Generation &generation) {
  Sampler sampler(options.sampling);
  double start = milliseconds();
  if (Status status = session.feed(options.ids.data(), options.ids.size());
      status.failed())
    return status;
  generation.prefillTime = milliseconds() - start;
  start = milliseconds();
  while (generation.ids.size() < size_t(options.count)) {
    Result<const float *> logits = session.logits();
    if (logits.failed())
      return logits.takeError();
    Result<int64_t> id =
        sampler.draw(*logits, session.logitCount(), session.context());
    if (id.failed())
      return id.takeError();
    // As it comes, so that a reader can follow.
    if (!options.isJSON) {
      std::printf(generation.ids.empty() ? "%lld" : ",%lld",
                  static_cast<long long>(*id));
      std::fflush(stdout);
    }
    generation.ids.push(*id);
    if (*id == options.stop || generation.ids.size() == size_t(options.count))
      break;
    if (Status status = session.feed(&*id, 1); status.failed())
      return status;
  }
  generation.decodeTime = milliseconds() - start;
  return Status::success();
}

static void printJSON(const Generation &generation) {
  size_t count = generation.ids.size();
  double steps = count > 1 ? double(count - 1) : 1;
  std::printf("{\"ids\": [");
  for (size_t i = 0; i < count; ++i)
    std::printf(i ? ", %lld" : "%lld",
                static_cast<long long>(generation.ids[i]));
  std::printf("], \"prefill_ms\": %.4f, \"decode_ms_per_token\": %.4f, "
              "\"threads\": %d}\n",
              generation.prefillTime, generation.decodeTime / steps,
              threadCount());
}

Status bitnet::runtime::generateCommand(const Model &model,
                                        Arguments arguments) {
  GenerateOptions options;
  for (int i = 0; i < arguments.count; ++i)
    if (Status status = parseOption(arguments, i, options); status.failed())
      return status;
  if (options.ids.empty())
    return Status::error("generate wants --ids, the ids to continue");
  SessionOptions wanted;
  wanted.capacity = options.maxContext;
  Result<Session> session = Session::create(model, wanted);
  if (session.failed())
    return session.takeError();
  if (!session->hasCaches())
    std::fprintf(stderr, "warning: the model has no caches: every id is "
                         "computed from all before it, which is slow\n");
  Generation generation;
  Status status = generate(*session, options, generation);
  size_t count = generation.ids.size();
  if (!options.isJSON && count + !status.failed())
    std::printf("\n");
  if (status.failed() && count)
    return Status::error("after %zu new ids: %s", count, status.message());
  if (!status.failed() && options.isJSON)
    printJSON(generation);
  return status;
}
