// Characters in bytes.

#include "UTF8.h"

#include <cstring>

using namespace bitnet::runtime;

void bitnet::runtime::appendBytes(Array<char> &text, const char *bytes,
                                  size_t size) {
  size_t before = text.size();
  text.resize(before + size);
  if (size)
    std::memcpy(text.data() + before, bytes, size);
}

void bitnet::runtime::appendCharacter(Array<char> &text, uint32_t character) {
  size_t rest = character < 0x80      ? 0
                : character < 0x800   ? 1
                : character < 0x10000 ? 2
                                      : 3;
  static constexpr uint32_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  text.push(static_cast<char>(kLead[rest] | character >> 6 * rest));
  while (rest--)
    text.push(static_cast<char>(0x80 | (character >> 6 * rest & 0x3f)));
}

namespace {

/// The start of some bytes: a character, or what is none.
struct Part {
  size_t size;
  bool isCharacter;
  bool isCut; ///< the bytes end before the character does
};

} // namespace

static Part firstPart(const unsigned char *bytes, size_t size) {
  unsigned char lead = bytes[0];
  if (lead < 0x80)
    return {1, true, false};
  if (lead < 0xc2 || lead > 0xf4)
    return {1, false, false};
  unsigned char low = 0x80, high = 0xbf; // of the second byte
  if (lead == 0xe0)
    low = 0xa0;
  if (lead == 0xed)
    high = 0x9f;
  if (lead == 0xf0)
    low = 0x90;
  if (lead == 0xf4)
    high = 0x8f;
  size_t wanted = characterSize(static_cast<char>(lead));
  for (size_t i = 1; i < wanted; ++i) {
    if (i == size)
      return {i, false, true};
    if (bytes[i] < low || bytes[i] > high)
      return {i, false, false};
    low = 0x80;
    high = 0xbf;
  }
  return {wanted, true, false};
}

size_t bitnet::runtime::appendClean(Array<char> &text, const char *bytes,
                                    size_t size, bool mayContinue) {
  auto *next = reinterpret_cast<const unsigned char *>(bytes);
  size_t copied = 0, at = 0;
  while (at < size) {
    Part part = firstPart(next + at, size - at);
    if (!part.isCharacter) {
      appendBytes(text, bytes + copied, at - copied);
      if (part.isCut && mayContinue)
        return at;
      appendCharacter(text, 0xfffd);
      copied = at + part.size;
    }
    at += part.size;
  }
  appendBytes(text, bytes + copied, size - copied);
  return size;
}

bool bitnet::runtime::isClean(const char *bytes, size_t size) {
  auto *next = reinterpret_cast<const unsigned char *>(bytes);
  while (size) {
    Part part = firstPart(next, size);
    if (!part.isCharacter)
      return false;
    next += part.size;
    size -= part.size;
  }
  return true;
}

uint32_t bitnet::runtime::characterAt(const char *text) {
  auto *bytes = reinterpret_cast<const unsigned char *>(text);
  switch (characterSize(*text)) {
  case 1:
    return bytes[0];
  case 2:
    return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
  case 3:
    return (bytes[0] & 0xfu) << 12 | (bytes[1] & 0x3fu) << 6 |
           (bytes[2] & 0x3fu);
  default:
    return (bytes[0] & 7u) << 18 | (bytes[1] & 0x3fu) << 12 |
           (bytes[2] & 0x3fu) << 6 | (bytes[3] & 0x3fu);
  }
}

bool bitnet::runtime::isSpace(uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
