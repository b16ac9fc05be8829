// Strings and messages.

#include "bitnet/Runtime/Status.h"

#include <cstdio>

using namespace bitnet::runtime;

Text &Text::append(const char *text, size_t size) {
  size_t before = this->size();
  chars.resize(before + size + 1);
  if (size)
    std::memcpy(chars.data() + before, text, size);
  chars[before + size] = 0;
  return *this;
}

Text &Text::formatList(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  size_t before = size();
  chars.resize(before + length + 1);
  std::vsnprintf(chars.data() + before, length + 1, format, arguments);
  return *this;
}

Text &Text::format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  formatList(format, arguments);
  va_end(arguments);
  return *this;
}

Status Status::error(const char *format, ...) {
  Status status;
  status.isError = true;
  va_list arguments;
  va_start(arguments, format);
  status.text.formatList(format, arguments);
  va_end(arguments);
  return status;
}
