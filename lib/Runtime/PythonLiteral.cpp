// A recursive-descent parser of Python literals.

#include "PythonLiteral.h"

using namespace bitnet::runtime;

const PythonLiteral *PythonLiteral::find(const char *key) const {
  for (size_t i = 0; kind == Dict && i + 1 < items.size(); i += 2)
    if (items[i].kind == String && items[i].string == key)
      return &items[i + 1];
  return nullptr;
}

namespace {

class Parser {
public:
  Parser(const char *text, size_t size)
      : begin(text), next(text), end(text + size) {}

  Result<PythonLiteral> run() {
    PythonLiteral literal;
    if (!value(literal) || (skipSpace(), next != end))
      return Status::error("byte %zu is not what a Python literal goes on with",
                           size_t(next - begin));
    return literal;
  }

private:
  static constexpr int kMaxDepth = 8;

  void skipSpace() {
    while (next != end && (*next == ' ' || *next == '\n' || *next == '\t'))
      ++next;
  }

  bool peek(char c) {
    skipSpace();
    return next != end && *next == c;
  }

  bool take(char c) {
    if (!peek(c))
      return false;
    ++next;
    return true;
  }

  bool takeWord(const char *word) {
    size_t size = std::strlen(word);
    if (size_t(end - next) < size || std::memcmp(next, word, size))
      return false;
    next += size;
    return true;
  }

  bool value(PythonLiteral &literal) {
    skipSpace();
    if (next == end || depth == kMaxDepth)
      return false;
    ++depth;
    bool isValid = dispatch(literal);
    --depth;
    return isValid;
  }

  bool dispatch(PythonLiteral &literal) {
    switch (*next) {
    case '{':
      return ++next, dictionary(literal);
    case '(':
      return ++next, sequence(literal, PythonLiteral::Tuple, ')');
    case '[':
      return ++next, sequence(literal, PythonLiteral::List, ']');
    case '\'':
    case '"':
      return string(literal);
    case 'T':
    case 'F':
      literal.kind = PythonLiteral::Bool;
      literal.integer = *next == 'T';
      return takeWord("True") || takeWord("False");
    case 'N':
      return takeWord("None");
    default:
      return integer(literal);
    }
  }

  bool dictionary(PythonLiteral &literal) {
    literal.kind = PythonLiteral::Dict;
    while (!take('}')) {
      PythonLiteral key, item;
      if (!value(key) || !take(':') || !value(item))
        return false;
      literal.items.push(std::move(key));
      literal.items.push(std::move(item));
      if (!take(',') && !peek('}'))
        return false;
    }
    return true;
  }

  /// `(1)` is an integer in parentheses, `(1,)` a tuple.
  bool sequence(PythonLiteral &literal, PythonLiteral::Kind kind, char close) {
    literal.kind = kind;
    bool hasComma = false;
    while (!take(close)) {
      PythonLiteral item;
      if (!value(item))
        return false;
      literal.items.push(std::move(item));
      hasComma = take(',');
      if (!hasComma && !peek(close))
        return false;
    }
    if (kind == PythonLiteral::Tuple && literal.items.size() == 1 &&
        !hasComma) {
      PythonLiteral item = std::move(literal.items[0]);
      literal = std::move(item);
    }
    return true;
  }

  /// No escapes: what NumPy writes for plain types has none.
  bool string(PythonLiteral &literal) {
    literal.kind = PythonLiteral::String;
    char quote = *next++;
    const char *start = next;
    while (next != end && *next != quote && *next != '\\' && *next != '\n' &&
           *next)
      ++next;
    if (next == end || *next != quote)
      return false;
    literal.string.append(start, size_t(next++ - start));
    return true;
  }

  bool integer(PythonLiteral &literal) {
    literal.kind = PythonLiteral::Integer;
    bool isNegative = take('-');
    const char *start = next;
    for (; next != end && *next >= '0' && *next <= '9'; ++next)
      if (__builtin_mul_overflow(literal.integer, 10, &literal.integer) ||
          __builtin_add_overflow(literal.integer, *next - '0',
                                 &literal.integer))
        return false;
    if (isNegative)
      literal.integer = -literal.integer;
    if (next == start)
      return false;
    takeWord("L"); // a long integer of Python 2
    return true;
  }

  const char *begin, *next, *end;
  int depth = 0;
};

} // namespace

Result<PythonLiteral> bitnet::runtime::parsePythonLiteral(const char *text,
                                                          size_t size) {
  return Parser(text, size).run();
}
