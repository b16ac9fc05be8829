// From a Jinja template to its words, as Jinja's lexer cuts it.
#include "Tokens.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace bitnet::chat;

Error bitnet::chat::failAt(size_t line, const Twine &message) {
  return createStringError("line " + Twine(line) + ": " + message);
}

/// One kind of line end, and none at the end.
static std::string normalizeLines(StringRef source) {
  std::string text;
  for (size_t i = 0; i < source.size(); ++i) {
    bool isPair = source.substr(i).starts_with("\r\n");
    text += source[i] == '\r' ? '\n' : source[i];
    i += isPair;
  }
  if (StringRef(text).ends_with("\n"))
    text.pop_back();
  return text;
}

namespace {

class Lexer {
public:
  explicit Lexer(StringRef source) : source(source) {}

  Expected<std::vector<Token>> run();

private:
  /// `{%-` and its like.
  struct Opening {
    size_t place = StringRef::npos;
    char kind = 0; ///< % { #
    char sign = 0; ///< - or +, or neither
  };

  Opening findOpening() const;
  void addData(const Opening &opening);
  Error skipComment();
  Error lexInside(char kind);
  Expected<bool> lexEnd(char kind);
  Error lexWord();
  Error lexString();
  void skipSpace();

  StringRef rest() const { return StringRef(source).substr(at); }
  size_t line() const {
    return 1 + StringRef(source).take_front(at).count('\n');
  }
  void add(Token::Kind kind, StringRef text) {
    tokens.push_back({kind, text.str(), line()});
  }

  std::string source;
  size_t at = 0;
  std::vector<Token> tokens;
};

} // namespace

/// What Python calls white space, in UTF-8, at the end of a text; its size.
static size_t spaceAtEnd(StringRef text) {
  static const StringRef kSpaces[] = {
      "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80",
      "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
      "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
      "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
      "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
  char last = text.empty() ? 'x' : text.back();
  if (last == ' ' || (last >= 9 && last <= 13) || (last >= 28 && last <= 31))
    return 1;
  for (StringRef space : kSpaces)
    if (text.ends_with(space))
      return space.size();
  return 0;
}

StringRef bitnet::chat::stripRight(StringRef text) {
  while (size_t size = spaceAtEnd(text))
    text = text.drop_back(size);
  return text;
}

/// Moves on over space.
void Lexer::skipSpace() {
  for (size_t size = 1; size <= 3 && size <= rest().size(); ++size)
    if (spaceAtEnd(rest().take_front(size)) == size) {
      at += size;
      size = 0;
    }
}

Lexer::Opening Lexer::findOpening() const {
  Opening opening;
  for (StringRef text : {"{%", "{{", "{#"}) {
    size_t place = StringRef(source).find(text, at);
    if (place < opening.place)
      opening = {place, text[1], 0};
  }
  if (opening.place + 2 < source.size() && opening.place != StringRef::npos) {
    char sign = source[opening.place + 2];
    opening.sign = sign == '-' || sign == '+' ? sign : 0;
  }
  return opening;
}

/// The text before an opening. A block that stands first on its line takes the
/// space before it along.
void Lexer::addData(const Opening &opening) {
  StringRef data = StringRef(source).slice(at, opening.place);
  if (opening.sign == '-') {
    data = stripRight(data);
  } else if (opening.sign != '+' &&
             (opening.kind == '%' || opening.kind == '#')) {
    size_t start = data.rfind('\n') + 1; // npos + 1 is 0
    bool isLineStart = start > 0 || at == 0 || source[at - 1] == '\n';
    if (isLineStart && stripRight(data).size() <= start)
      data = data.take_front(start);
  }
  if (!data.empty())
    add(Token::Data, data);
}

Error Lexer::skipComment() {
  size_t end = StringRef(source).find("#}", at);
  if (end == StringRef::npos)
    return failAt(line(), "a comment has no end");
  bool strips = end > at && source[end - 1] == '-';
  bool keeps = end > at && source[end - 1] == '+';
  at = end + 2;
  if (strips)
    skipSpace();
  else if (!keeps && rest().starts_with("\n"))
    ++at;
  return Error::success();
}

/// True if `%}` or `}}` is next, with a sign or without.
Expected<bool> Lexer::lexEnd(char kind) {
  StringRef text = rest();
  char sign = text.empty() ? 0 : text[0];
  bool hasSign = sign == '-' || (sign == '+' && kind == '%');
  StringRef mark = kind == '%' ? "%}" : "}}";
  if (!text.drop_front(hasSign).starts_with(mark))
    return false;
  add(kind == '%' ? Token::BlockEnd : Token::PrintEnd, mark);
  at += mark.size() + hasSign;
  if (hasSign && sign == '-')
    skipSpace();
  else if (kind == '%' && !hasSign && rest().starts_with("\n"))
    ++at;
  return true;
}

Error Lexer::lexString() {
  char quote = source[at];
  for (size_t end = at + 1; end < source.size(); ++end) {
    if (source[end] == '\\') {
      ++end;
    } else if (source[end] == quote) {
      Expected<std::string> value =
          unescape(StringRef(source).slice(at + 1, end), line());
      if (!value)
        return value.takeError();
      add(Token::String, *value);
      at = end + 1;
      return Error::success();
    }
  }
  return failAt(line(), "a string has no end");
}

Error Lexer::lexWord() {
  StringRef text = rest();
  char c = text[0];
  if (c == '\'' || c == '"')
    return lexString();
  if (isAlpha(c) || c == '_') {
    StringRef name =
        text.take_while([](char c) { return isAlnum(c) || c == '_'; });
    add(Token::Name, name);
    at += name.size();
    return Error::success();
  }
  if (isDigit(c)) {
    StringRef digits = text.take_while([](char c) { return isDigit(c); });
    StringRef after = text.drop_front(digits.size());
    if (after.starts_with(".") && after.size() > 1 && isDigit(after[1]))
      return failAt(line(), "unsupported: a number with a fraction");
    if ((digits.size() > 1 && c == '0') || digits.size() > 9 ||
        (!after.empty() && (isAlpha(after[0]) || after[0] == '_')))
      return failAt(line(), "unsupported number '" +
                                text.take_front(digits.size() + 1) + "'");
    add(Token::Integer, digits);
    at += digits.size();
    return Error::success();
  }
  for (StringRef op : {"//", "**", "==", "!=", ">=", "<="})
    if (text.starts_with(op)) {
      add(Token::Operator, op);
      at += op.size();
      return Error::success();
    }
  if (!StringRef("+-/*%~[](){}<>=.:|,;").contains(c))
    return failAt(line(), "unexpected character '" + text.take_front(1) + "'");
  add(Token::Operator, text.take_front(1));
  ++at;
  return Error::success();
}

Error Lexer::lexInside(char kind) {
  size_t begin = line();
  add(kind == '%' ? Token::BlockBegin : Token::PrintBegin, "");
  for (;;) {
    skipSpace();
    if (at == source.size())
      return failAt(begin, "what begins here has no end");
    Expected<bool> isEnd = lexEnd(kind);
    if (!isEnd || *isEnd)
      return isEnd.takeError();
    if (Error error = lexWord())
      return error;
  }
}

Expected<std::vector<Token>> Lexer::run() {
  source = normalizeLines(source);
  while (at < source.size()) {
    Opening opening = findOpening();
    addData(opening);
    if (opening.place == StringRef::npos)
      break;
    at = opening.place + 2 + (opening.sign != 0);
    Error error = opening.kind == '#' ? skipComment() : lexInside(opening.kind);
    if (error)
      return std::move(error);
  }
  at = source.size();
  add(Token::End, "");
  return std::move(tokens);
}

Expected<std::vector<Token>> bitnet::chat::tokenize(StringRef source) {
  return Lexer(source).run();
}
