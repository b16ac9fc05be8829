// See GenerationOptions.h.

#include "GenerationOptions.h"

using namespace bitnet::runtime;

namespace {

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

/// A number is an id, anything else text.
static void parseStop(const char *text, GenerationOptions &options) {
  if (*text && !text[std::strspn(text, "0123456789")] && std::strlen(text) < 10)
    options.stopId = std::strtoll(text, nullptr, 10);
  else
    options.stopText = text;
}

static Result<bool> parseInteger(Arguments arguments, int &index,
                                 const IntegerOption &option) {
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  Result<int64_t> number =
      parseNumber(option.name, *text, option.low, option.high);
  if (number.failed())
    return number.takeError();
  *option.value = *number;
  return true;
}

static Result<bool> parseReal(Arguments arguments, int &index,
                              const RealOption &option) {
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  Result<double> number =
      parseReal(option.name, *text, option.low, option.high);
  if (number.failed())
    return number.takeError();
  *option.value = *number;
  return true;
}

/// Those with a number.
static Result<bool> parseNumeric(Arguments arguments, int &index,
                                 GenerationOptions &options) {
  SamplingOptions &sampling = options.sampling;
  int64_t seed = int64_t(sampling.seed);
  const IntegerOption integers[] = {
      {"-n", &options.count, 0, kMaxCount},
      {"--max-context", &options.maxContext, 1, kMaxCount},
      {"--top-k", &sampling.topK, 0, INT32_MAX},
      {"--seed", &seed, 0, INT64_MAX}};
  const RealOption reals[] = {
      {"--temperature", &sampling.temperature, 0, 1000},
      {"--top-p", &sampling.topP, 0, 1},
      {"--min-p", &sampling.minP, 0, 1},
      {"--repeat-penalty", &sampling.repeatPenalty, 0.001, 1000}};
  const char *name = arguments.items[index];
  Result<bool> found = false;
  for (const IntegerOption &integer : integers)
    if (!std::strcmp(name, integer.name))
      found = parseInteger(arguments, index, integer);
  for (const RealOption &real : reals)
    if (!std::strcmp(name, real.name))
      found = parseReal(arguments, index, real);
  sampling.seed = uint64_t(seed);
  return found;
}

Result<bool>
bitnet::runtime::parseGenerationOption(Arguments arguments, int &index,
                                       GenerationOptions &options) {
  const char *name = arguments.items[index];
  if (!std::strcmp(name, "--json")) {
    options.isJSON = true;
    return true;
  }
  if (std::strcmp(name, "--stop"))
    return parseNumeric(arguments, index, options);
  Result<const char *> text = optionValue(arguments, index);
  if (text.failed())
    return text.takeError();
  parseStop(*text, options);
  return true;
}
