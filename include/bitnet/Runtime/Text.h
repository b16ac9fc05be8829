// An owned string that can be printed into.

#ifndef BITNET_RUNTIME_TEXT_H
#define BITNET_RUNTIME_TEXT_H

#include "bitnet/Runtime/Array.h"

#include <cstdarg>
#include <cstring>

namespace bitnet::runtime {

class Text {
public:
  Text() = default;
  explicit Text(const char *text) { append(text, std::strlen(text)); }
  Text(const char *text, size_t size) { append(text, size); }

  const char *c_str() const { return chars.empty() ? "" : chars.data(); }
  size_t size() const { return chars.empty() ? 0 : chars.size() - 1; }
  bool empty() const { return size() == 0; }

  /// Equal as C strings: names with a NUL inside don't occur.
  bool operator==(const char *text) const {
    return std::strcmp(c_str(), text) == 0;
  }
  bool operator==(const Text &text) const { return *this == text.c_str(); }

  Text &append(const char *text, size_t size);
  Text &append(const char *text) { return append(text, std::strlen(text)); }
  Text &format(const char *format, ...) __attribute__((format(printf, 2, 3)));
  Text &formatList(const char *format, va_list arguments);

private:
  Array<char> chars; // with the NUL, once anything was appended
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TEXT_H
