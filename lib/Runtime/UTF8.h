// Characters in bytes.

#ifndef BITNET_RUNTIME_UTF8_H
#define BITNET_RUNTIME_UTF8_H

#include "bitnet/Runtime/Array.h"

#include <cstdint>

namespace bitnet::runtime {

void appendBytes(Array<char> &text, const char *bytes, size_t size);
void appendCharacter(Array<char> &text, uint32_t character);

/// Appends bytes as UTF-8, with U+FFFD for each longest part that could have
/// begun a character, as Python and Unicode do it. Returns how many bytes it
/// took: all of them, or all but an unfinished character at the end if more
/// bytes may follow.
size_t appendClean(Array<char> &text, const char *bytes, size_t size,
                   bool mayContinue = false);

/// True if all of it is UTF-8.
bool isClean(const char *bytes, size_t size);

/// How many bytes a character has that begins with this one.
inline size_t characterSize(char first) {
  auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// The character at this place of clean text.
uint32_t characterAt(const char *text);

/// What Unicode calls White_Space.
bool isSpace(uint32_t character);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_UTF8_H
