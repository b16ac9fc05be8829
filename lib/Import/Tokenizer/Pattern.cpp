// Regular expressions: Hugging Face's tokenizers use Oniguruma, we use PCRE2.
#include "Description.h"

#include "llvm/ADT/StringExtras.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

using namespace llvm;

namespace {

/// Copies a pattern and rewrites what the two libraries understand differently.
/// What has no equal is an error.
class Translator {
public:
  explicit Translator(StringRef pattern) : pattern(pattern), rest(pattern) {}

  Expected<std::string> run() {
    while (!rest.empty()) {
      Error error = inClass ? classItem() : item();
      if (error)
        return error;
    }
    return std::move(result);
  }

private:
  Error unsupported(StringRef what) {
    return createStringError("regular expression '" + pattern + "': '" + what +
                             "' is not supported");
  }

  void copy(size_t count) {
    result += rest.take_front(count);
    rest = rest.drop_front(count);
  }

  Error item() {
    if (rest.front() == '\\')
      return escape();
    if (rest.starts_with("(?"))
      return group();
    if (rest.front() == '{')
      return repetition();
    inClass = rest.front() == '[';
    copy(inClass && rest.starts_with("[^") ? 2 : 1);
    if (inClass && rest.starts_with("]"))
      return unsupported("[]");
    return Error::success();
  }

  /// Sets in sets, and operations on them, are Oniguruma's own.
  Error classItem() {
    if (rest.front() == '\\')
      return escape();
    if (rest.front() == '[')
      return unsupported("[ in a class");
    if (rest.starts_with("&&"))
      return unsupported("&&");
    inClass = rest.front() != ']';
    copy(1);
    return Error::success();
  }

  Error group() {
    for (StringRef start :
         {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!", "(?i:", "(?i)", "(?-i:"})
      if (rest.starts_with(start)) {
        copy(start.size());
        return Error::success();
      }
    return unsupported(rest.take_front(3));
  }

  /// `{2,}+` is two repetitions there and a possessive one here.
  Error repetition() {
    size_t end = rest.find('}');
    StringRef body = rest.take_front(end).drop_front();
    if (end == StringRef::npos || body.empty() ||
        body.find_first_not_of("0123456789,") != StringRef::npos ||
        body.front() == ',' || rest.substr(end + 1).starts_with("+"))
      return unsupported(rest.take_front(3));
    copy(end + 1);
    return Error::success();
  }

  /// Letters, marks, decimal digits and connectors.
  Error word(bool isNegated) {
    constexpr StringLiteral kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
    if (inClass && isNegated)
      return unsupported("\\W in a class");
    if (!inClass)
      result += isNegated ? "[^" : "[";
    result += kWord;
    if (!inClass)
      result += "]";
    rest = rest.drop_front(2);
    return Error::success();
  }

  /// Scripts are those of characters, without extensions.
  Error property() {
    size_t end = rest.find('}');
    if (rest.size() < 3 || rest[2] != '{' || end == StringRef::npos)
      return unsupported(rest.take_front(3));
    StringRef name = rest.slice(3, end);
    bool isCategory = name.size() <= 2;
    result += rest.take_front(3);
    result += isCategory ? "" : "sc:";
    result += name;
    result += "}";
    rest = rest.drop_front(end + 1);
    return Error::success();
  }

  Error escape() {
    char letter = rest.size() > 1 ? rest[1] : 0;
    if (letter == 'w' || letter == 'W')
      return word(letter == 'W');
    if (letter == 'p' || letter == 'P')
      return property();
    if (letter == 'u' && rest.size() >= 6) {
      result += "\\x{" + rest.slice(2, 6).str() + "}";
      rest = rest.drop_front(6);
      return Error::success();
    }
    bool isPunctuation = letter > 0 && !isAlnum(letter);
    if (!isPunctuation && !StringRef("sSdDrntfx").contains(letter))
      return unsupported(rest.take_front(2));
    copy(2);
    return Error::success();
  }

  StringRef pattern, rest;
  std::string result;
  bool inClass = false;
};

} // namespace

Expected<std::string> bitnet::tokenizer::translatePattern(StringRef pattern) {
  Expected<std::string> translated = Translator(pattern).run();
  if (!translated)
    return translated;
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code *compiled = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(translated->data()), translated->size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &code, &offset, nullptr);
  if (compiled) {
    pcre2_code_free(compiled);
    return translated;
  }
  char message[256] = "";
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR *>(message),
                          sizeof(message));
  return createStringError("regular expression '" + pattern +
                           "' is not valid: " + message);
}
