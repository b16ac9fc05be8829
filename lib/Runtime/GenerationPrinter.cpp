// See GenerationPrinter.h.

#include "GenerationPrinter.h"

#include <cstdio>

using namespace bitnet::runtime;

GenerationPrinter::GenerationPrinter(const Tokenizer *tokenizer,
                                     const char *stop, bool isSilent)
    : stop(stop), isSilent(isSilent) {
  if (tokenizer)
    stream.emplace(*tokenizer);
}

void GenerationPrinter::print(const char *text, size_t size) {
  shown.append(text, size);
  if (isSilent)
    return;
  // As it comes, so that a reader can follow.
  std::fwrite(text, 1, size, stdout);
  std::fflush(stdout);
}

/// The length of the longest end of `text` that `word` begins with.
static size_t overlap(const Text &text, const char *word) {
  size_t length = std::strlen(word), size = text.size();
  for (size_t end = length < size ? length : size; end > 0; --end)
    if (!std::strncmp(text.c_str() + size - end, word, end))
      return end;
  return 0;
}

bool GenerationPrinter::append(const Text &part) {
  held.append(part.c_str(), part.size());
  if (!stop) {
    print(held.c_str(), held.size());
    held = Text();
    return true;
  }
  if (const char *found = std::strstr(held.c_str(), stop)) {
    print(held.c_str(), size_t(found - held.c_str()));
    held = Text();
    return false;
  }
  size_t kept = overlap(held, stop), size = held.size() - kept;
  print(held.c_str(), size);
  held = Text(held.c_str() + size, kept);
  return true;
}

bool GenerationPrinter::push(int64_t id) {
  ++count;
  if (stream)
    return append(stream->push(id));
  Text number;
  number.format(count == 1 ? "%lld" : ",%lld", static_cast<long long>(id));
  print(number.c_str(), number.size());
  return true;
}

void GenerationPrinter::finish() {
  if (stream && append(stream->finish()))
    print(held.c_str(), held.size());
  if (!isSilent)
    std::printf("\n");
}
