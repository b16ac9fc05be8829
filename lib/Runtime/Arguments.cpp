// What the commands share: options, numbers, time.

#include "bitnet/Runtime/Commands.h"

#include <cerrno>
#include <ctime>

using namespace bitnet::runtime;

Result<int64_t> bitnet::runtime::parseNumber(const char *option,
                                             const char *text, int64_t low,
                                             int64_t high) {
  char *end;
  errno = 0;
  long long value = std::strtoll(text, &end, 10);
  bool isNumber = *text >= '0' && *text <= '9' && !*end && !errno;
  if (!isNumber || value < low || value > high)
    return Status::error("%s wants a number from %lld to %lld, not '%s'",
                         option, static_cast<long long>(low),
                         static_cast<long long>(high), text);
  return static_cast<int64_t>(value);
}

Result<Array<int64_t>> bitnet::runtime::parseNumbers(const char *option,
                                                     const char *text) {
  Array<int64_t> numbers;
  for (;;) {
    size_t size = std::strcspn(text, ",");
    Text part(text, size);
    Result<int64_t> number = parseNumber(option, part.c_str(), 0, INT64_MAX);
    if (number.failed())
      return Status::error("%s wants numbers separated by commas, not '%s'",
                           option, part.c_str());
    numbers.push(*number);
    if (!text[size])
      return numbers;
    text += size + 1;
  }
}

Result<double> bitnet::runtime::parseReal(const char *option, const char *text,
                                          double low, double high) {
  char *end;
  double value = std::strtod(text, &end);
  if (end == text || *end || !(value >= low && value <= high))
    return Status::error("%s wants a number from %g to %g, not '%s'", option,
                         low, high, text);
  return value;
}

Result<const char *> bitnet::runtime::optionValue(Arguments arguments,
                                                  int &index) {
  if (index + 1 >= arguments.count)
    return Status::error("%s wants a value", arguments.items[index]);
  return static_cast<const char *>(arguments.items[++index]);
}

double bitnet::runtime::milliseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 +
         static_cast<double>(time.tv_nsec) * 1e-6;
}

Text bitnet::runtime::jsonString(const char *text) {
  Text json("\"");
  for (; *text; ++text) {
    unsigned char c = static_cast<unsigned char>(*text);
    if (c == '"' || c == '\\')
      json.append("\\").append(text, 1);
    else if (c < 0x20)
      json.format("\\u%04x", c);
    else
      json.append(text, 1);
  }
  return std::move(json.append("\""));
}
