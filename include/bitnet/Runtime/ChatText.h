// Text that knows of each byte who wrote it.

#ifndef BITNET_RUNTIME_CHATTEXT_H
#define BITNET_RUNTIME_CHATTEXT_H

#include "bitnet/Runtime/Array.h"

#include <cstring>

namespace bitnet::runtime {

/// What a chat template makes of messages. A byte that comes from a message is
/// quoted: it is no part of a special token, whatever it looks like.
class ChatText {
public:
  ChatText() = default;
  explicit ChatText(const char *text) { append(text, std::strlen(text)); }

  void append(const char *text, size_t size, bool isQuoted = false) {
    for (size_t i = 0; i < size; ++i) {
      bytes.push(text[i]);
      quotes.push(isQuoted);
    }
  }

  /// A part of another text.
  void append(const ChatText &text, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      bytes.push(text.bytes[i]);
      quotes.push(text.quotes[i]);
    }
  }
  void append(const ChatText &text) { append(text, 0, text.size()); }

  size_t size() const { return bytes.size(); }
  const char *data() const { return bytes.data(); }
  char operator[](size_t index) const { return bytes[index]; }
  bool isQuoted(size_t index) const { return quotes[index]; }

  /// For changes of single bytes.
  char *data() { return bytes.data(); }

  /// The same bytes, whoever wrote them.
  bool operator==(const ChatText &other) const {
    return size() == other.size() && matches(0, other);
  }

  /// True if `part` stands at this place.
  bool matches(size_t place, const ChatText &part) const {
    return place <= size() && part.size() <= size() - place &&
           (!part.size() ||
            !std::memcmp(bytes.data() + place, part.data(), part.size()));
  }

private:
  Array<char> bytes;
  Array<bool> quotes;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATTEXT_H
