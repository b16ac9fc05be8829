// From ids to text, as they come.

#include "TokenizerData.h"
#include "UTF8.h"
#include "bitnet/Runtime/Tokenizer.h"

using namespace bitnet::runtime;

/// How many characters may be stripped at the start.
static size_t stripCount(const TokenizerData &data) {
  const TokenizerHeader &header = data.table.header;
  return header.decoder == DecoderKind::Pieces ? header.count : 0;
}

TextStream::TextStream(const Tokenizer &tokenizer, bool showSpecial)
    : data(tokenizer.data), showSpecial(showSpecial),
      toStrip(stripCount(*data)) {}

/// A run of byte tokens is text, or each of them is none.
void TextStream::showRun(Array<char> &text) {
  if (isClean(pending.data(), pending.size()))
    appendBytes(text, pending.data(), pending.size());
  else
    for (size_t i = 0; i < pending.size(); ++i)
      appendCharacter(text, 0xfffd);
  pending.resize(0);
}

/// Drops what is to be stripped at the start of all text.
Text TextStream::strip(const Array<char> &text) {
  size_t at = 0;
  while (toStrip && at < text.size()) {
    bool isStripped =
        characterAt(text.data() + at) == data->table.header.character;
    toStrip = isStripped ? toStrip - 1 : 0;
    at += isStripped ? characterSize(text[at]) : 0;
  }
  return Text(text.data() + at, text.size() - at);
}

/// A token with spaces for their stand-ins.
static void appendSpaces(Array<char> &text, const char *bytes, size_t size,
                         const TokenizerHeader &header, bool dropsSpaces) {
  for (size_t i = 0; i < size; i += characterSize(bytes[i])) {
    if (characterAt(bytes + i) != header.character)
      appendBytes(text, bytes + i, characterSize(bytes[i]));
    else if (!dropsSpaces)
      text.push(' ');
  }
}

Text TextStream::push(int64_t id) {
  const TokenTable &table = data->table;
  if (id < 0 || static_cast<size_t>(id) >= table.tokens.count)
    return Text();
  const TableToken &token = table.tokens[static_cast<size_t>(id)];
  bool isHidden = token.flags & TableToken::Hidden && !showSpecial;
  if (!(token.flags & TableToken::Exists) || isHidden)
    return Text();
  bool wasFirst = std::exchange(isFirst, false);
  const char *shown = table.text(token.shown);
  size_t size = token.shown.size;
  Array<char> text;
  switch (table.header.decoder) {
  case DecoderKind::Joined:
    if (!wasFirst)
      text.push(' ');
    appendClean(text, shown, size);
    break;
  case DecoderKind::Bytes: {
    appendBytes(pending, shown, size);
    size_t taken = appendClean(text, pending.data(), pending.size(), true);
    Array<char> rest;
    appendBytes(rest, pending.data() + taken, pending.size() - taken);
    pending = std::move(rest);
    break;
  }
  case DecoderKind::Pieces:
    if (token.flags & TableToken::IsByte) {
      pending.push(*shown);
      break;
    }
    showRun(text);
    appendClean(text, shown, size);
    break;
  case DecoderKind::Metaspace: {
    Array<char> clean;
    appendClean(clean, shown, size);
    appendSpaces(text, clean.data(), clean.size(), table.header,
                 wasFirst && table.header.count);
    break;
  }
  }
  return strip(text);
}

Text TextStream::finish() {
  Array<char> text;
  if (data->table.header.decoder == DecoderKind::Pieces)
    showRun(text);
  else
    appendClean(text, pending.data(), pending.size());
  Text rest = strip(text);
  pending.resize(0);
  isFirst = true;
  toStrip = stripCount(*data);
  return rest;
}
