// `model generate`: continues a text, or ids.

#include "GenerationOptions.h"
#include "GenerationPrinter.h"
#include "bitnet/Runtime/Session.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <cmath>
#include <cstdio>

using namespace bitnet::runtime;

namespace {

struct GenerateOptions : GenerationOptions {
  const char *prompt = nullptr; // or
  Array<int64_t> ids;
  bool logProbabilities = false;
  bool slides = false;
  int64_t kept = 4; // as many as attention leans on (arXiv:2309.17453)
};

struct Generation {
  Array<int64_t> ids;
  Array<double> logProbabilities;
  double prefillTime = 0;
  double decodeTime = 0;
};

} // namespace

static Status parseOption(Arguments arguments, int &index,
                          GenerateOptions &options) {
  const char *option = arguments.items[index];
  bool *flag = !std::strcmp(option, "--sliding")    ? &options.slides
               : !std::strcmp(option, "--logprobs") ? &options.logProbabilities
                                                    : nullptr;
  if (flag) {
    *flag = true;
    return Status::success();
  }
  bool isPrompt = !std::strcmp(option, "--prompt");
  bool isKept = !std::strcmp(option, "--keep");
  if (!isPrompt && !isKept && std::strcmp(option, "--ids")) {
    Result<bool> found = parseGenerationOption(arguments, index, options);
    if (found.failed())
      return found.takeError();
    return *found ? Status::success()
                  : Status::error("generate has no option '%s'; see --help",
                                  option);
  }
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  if (isPrompt) {
    options.prompt = *text;
    return Status::success();
  }
  if (isKept) {
    Result<int64_t> kept = parseNumber(option, *text, 0, INT32_MAX);
    options.kept = kept.failed() ? 0 : *kept;
    return kept.failed() ? kept.takeError() : Status::success();
  }
  Result<Array<int64_t>> ids = parseNumbers(option, *text);
  if (ids.failed())
    return ids.takeError();
  options.ids = std::move(*ids);
  return Status::success();
}

/// ln p of an id, by the logits as they are.
static double logProbability(const float *logits, int64_t count, int64_t id) {
  double largest = logits[0], sum = 0;
  for (int64_t i = 1; i < count; ++i)
    largest = std::fmax(largest, double(logits[i]));
  for (int64_t i = 0; i < count; ++i)
    sum += std::exp(double(logits[i]) - largest);
  return double(logits[id]) - largest - std::log(sum);
}

static Result<int64_t> drawNext(const Session &session, Sampler &sampler,
                                const GenerateOptions &options,
                                Generation &generation) {
  Result<const float *> logits = session.logits();
  if (logits.failed())
    return logits.takeError();
  int64_t count = session.logitCount();
  Result<int64_t> id = sampler.draw(*logits, count, session.context());
  if (!id.failed() && options.logProbabilities)
    generation.logProbabilities.push(logProbability(*logits, count, *id));
  return id;
}

/// Reads the prompt; then draws ids and reads each.
static Status generate(Session &session, const GenerateOptions &options,
                       GenerationPrinter &printer, Generation &generation) {
  Sampler sampler(options.sampling);
  double start = milliseconds();
  if (Status status = session.feed(options.ids.data(), options.ids.size());
      status.failed())
    return status;
  generation.prefillTime = milliseconds() - start;
  start = milliseconds();
  while (generation.ids.size() < size_t(options.count)) {
    Result<int64_t> id = drawNext(session, sampler, options, generation);
    if (id.failed())
      return id.takeError();
    generation.ids.push(*id);
    if (options.prompt && *id == options.stopId)
      break; // it ends the text and is no part of it
    bool goesOn = printer.push(*id) && *id != options.stopId;
    if (!goesOn || generation.ids.size() == size_t(options.count))
      break;
    Status status = Status::success();
    if (options.slides && !session.hasRoom(1))
      status = session.slide(options.kept);
    if (!status.failed())
      status = session.feed(&*id, 1);
    if (status.failed())
      return status;
  }
  generation.decodeTime = milliseconds() - start;
  return Status::success();
}

static void printJSON(const GenerateOptions &options,
                      const GenerationPrinter &printer,
                      const Generation &generation) {
  size_t count = generation.ids.size();
  double steps = count > 1 ? double(count - 1) : 1;
  std::printf("{\"ids\": [");
  for (size_t i = 0; i < count; ++i)
    std::printf(i ? ", %lld" : "%lld",
                static_cast<long long>(generation.ids[i]));
  std::printf("], ");
  if (options.prompt)
    std::printf("\"text\": %s, ", jsonString(printer.text().c_str()).c_str());
  if (options.logProbabilities) {
    std::printf("\"logprobs\": [");
    for (size_t i = 0; i < count; ++i)
      std::printf(i ? ", %.6f" : "%.6f", generation.logProbabilities[i]);
    std::printf("], ");
  }
  std::printf("\"prefill_ms\": %.4f, \"decode_ms_per_token\": %.4f, "
              "\"threads\": %d}\n",
              generation.prefillTime, generation.decodeTime / steps,
              threadCount());
}

/// The ids of the prompt; the text ends where the tokenizer says, if the user
/// has not said.
static Result<const Tokenizer *> readPrompt(GenerateOptions &options) {
  if (!options.prompt == options.ids.empty())
    return Status::error("generate wants either --prompt, a text, or --ids, "
                         "the ids to continue");
  if (!options.prompt)
    return static_cast<const Tokenizer *>(nullptr);
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  if (tokenizer.failed())
    return tokenizer;
  Result<Array<int64_t>> ids =
      (*tokenizer)
          ->encode(options.prompt, std::strlen(options.prompt),
                   /*addSpecial=*/true);
  if (ids.failed())
    return ids.takeError();
  options.ids = std::move(*ids);
  if (options.stopId < 0)
    options.stopId = (*tokenizer)->eos().value_or(-1);
  return tokenizer;
}

Status bitnet::runtime::generateCommand(const Model &model,
                                        Arguments arguments) {
  GenerateOptions options;
  for (int i = 0; i < arguments.count; ++i)
    if (Status status = parseOption(arguments, i, options); status.failed())
      return status;
  Result<const Tokenizer *> tokenizer = readPrompt(options);
  if (tokenizer.failed())
    return tokenizer.takeError();
  if (options.stopText && !*tokenizer)
    return Status::error("--stop wants an id where ids are continued, not "
                         "'%s'",
                         options.stopText);
  SessionOptions wanted;
  wanted.capacity = options.maxContext;
  Result<Session> session = Session::create(model, wanted);
  if (session.failed())
    return session.takeError();
  if (!session->hasCaches())
    std::fprintf(stderr, "warning: the model has no caches: every id is "
                         "computed from all before it, which is slow\n");
  GenerationPrinter printer(*tokenizer, options.stopText, options.isJSON);
  Generation generation;
  Status status = generate(*session, options, printer, generation);
  size_t count = generation.ids.size();
  if (count || !status.failed())
    printer.finish();
  if (status.failed() && count)
    return Status::error("after %zu new ids: %s", count, status.message());
  if (!status.failed() && options.isJSON)
    printJSON(options, printer, generation);
  return status;
}
