// `model generate`: greedy continuation of ids.

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Decoder.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct GenerateOptions {
  Array<int64_t> ids;
  int64_t count = 32;
  int64_t stop = -1;
  bool isJSON = false;
};

struct Generation {
  Array<int64_t> ids;
  double prefillTime = 0;
  double decodeTime = 0;
};

} // namespace

static constexpr int64_t kMaxCount = 1 << 24;

static Status parseOption(Arguments arguments, int &index,
                          GenerateOptions &options) {
  const char *option = arguments.items[index];
  if (!std::strcmp(option, "--json")) {
    options.isJSON = true;
    return Status::success();
  }
  bool isIds = !std::strcmp(option, "--ids");
  bool isStop = !std::strcmp(option, "--stop");
  if (!isIds && !isStop && std::strcmp(option, "-n"))
    return Status::error("generate has no option '%s'; see --help", option);
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  if (isIds) {
    Result<Array<int64_t>> ids = parseNumbers(option, *text);
    if (ids.failed())
      return ids.takeError();
    options.ids = std::move(*ids);
    return Status::success();
  }
  Result<int64_t> number =
      parseNumber(option, *text, 0, isStop ? INT32_MAX : kMaxCount);
  if (number.failed())
    return number.takeError();
  (isStop ? options.stop : options.count) = *number;
  return Status::success();
}

static Status generate(Decoder &decoder, const GenerateOptions &options,
                       Generation &generation) {
  double start = milliseconds();
  if (Status status = decoder.feed(options.ids.data(), options.ids.size());
      status.failed())
    return status;
  generation.prefillTime = milliseconds() - start;
  start = milliseconds();
  while (generation.ids.size() < size_t(options.count)) {
    Result<int64_t> id = decoder.best();
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
    if (Status status = decoder.feed(&*id, 1); status.failed())
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
  Result<Decoder> decoder = Decoder::create(model);
  if (decoder.failed())
    return decoder.takeError();
  Generation generation;
  Status status = generate(*decoder, options, generation);
  size_t count = generation.ids.size();
  if (!options.isJSON && count + !status.failed())
    std::printf("\n");
  if (status.failed() && count)
    return Status::error("after %zu new ids: %s", count, status.message());
  if (!status.failed() && options.isJSON)
    printJSON(generation);
  return status;
}
