// Escapes in a string literal of a template, which are Python's.
#include "Tokens.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

/// The character that a letter after a backslash stands for; 0 if there is
/// none.
static char simpleEscape(char letter) {
  static constexpr StringLiteral kLetters = "ntr\\'\"abfv";
  static constexpr StringLiteral kMeanings = "\n\t\r\\'\"\a\b\f\v";
  size_t found = kLetters.find(letter);
  return found == StringRef::npos ? 0 : kMeanings[found];
}

/// Appends the character of `x41` or `u0041`, or fails.
static bool appendNumber(StringRef digits, std::string &text) {
  unsigned code;
  if (!all_of(digits, isHexDigit) || digits.getAsInteger(16, code) || !code ||
      (code >= 0xd800 && code <= 0xdfff))
    return false;
  char buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT], *end = buffer;
  if (!ConvertCodePointToUTF8(code, end))
    return false;
  text.append(buffer, end);
  return true;
}

Expected<std::string> bitnet::chat::unescape(StringRef literal, size_t line) {
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\') {
      text += literal[i];
      continue;
    }
    char letter = literal[++i]; // the lexer saw to it
    size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 0;
    if (char meaning = simpleEscape(letter)) {
      text += meaning;
    } else if (letter == '\n') {
      continue;
    } else if (digits && literal.size() - i > digits &&
               appendNumber(literal.substr(i + 1, digits), text)) {
      i += digits;
    } else if (digits || isDigit(letter) || letter == 'U' || letter == 'N') {
      return failAt(line, "unsupported escape '\\" + Twine(letter) + "'");
    } else {
      (text += '\\') += letter;
    }
  }
  return text;
}
