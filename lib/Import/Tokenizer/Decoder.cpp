// Decoders: what tokens look like in text.
#include "Description.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using bitnet::runtime::DecoderKind;
using bitnet::runtime::TableToken;

/// The only character of a field.
static Expected<uint32_t> readCharacter(const Fields &step, StringRef key) {
  Expected<StringRef> text = step.string(key);
  if (!text)
    return text.takeError();
  UTF32 character = 0, *target = &character;
  auto *source = reinterpret_cast<const UTF8 *>(text->data());
  if (ConvertUTF8toUTF32(&source, source + text->size(), &target, target + 1,
                         strictConversion) != conversionOK ||
      target == &character)
    return createStringError("decoder: '" + key + "' wants one character");
  return character;
}

/// Bytes of visible characters become bytes again; a token with others is left
/// as it is.
static std::string unmapBytes(StringRef text) {
  static const auto bytes = [] {
    std::vector<int> table(0x200, -1);
    for (unsigned byte = 0; byte < 256; ++byte)
      table[bitnet::runtime::visibleByte(byte)] = byte;
    return table;
  }();
  std::string result;
  for (size_t i = 0; i < text.size();) {
    unsigned char lead = text[i++];
    unsigned character = lead;
    if (lead >= 0xc0 && lead < 0xe0 && i < text.size())
      character = (lead & 31) << 6 | (text[i++] & 63);
    if (lead >= 0xe0 || bytes[character] < 0)
      return text.str();
    result.push_back(char(bytes[character]));
  }
  return result;
}

/// The byte that a token like <0x0A> stands for.
static void toByte(Token &token) {
  StringRef text = token.shown;
  unsigned byte;
  if (text.size() != 6 || !text.starts_with("<0x") || !text.ends_with(">") ||
      text.slice(3, 5).getAsInteger(16, byte))
    return;
  token.shown.assign(1, char(byte));
  token.flags |= TableToken::IsByte;
}

static Error readReplace(const Fields &step, Description &description) {
  Expected<Fields> pattern = step.fields("pattern");
  if (!pattern)
    return pattern.takeError();
  Expected<StringRef> from = pattern->string("String");
  if (!from)
    return from.takeError();
  Expected<StringRef> to = step.string("content");
  if (!to)
    return to.takeError();
  if (from->empty())
    return createStringError("decoder 'Replace' of nothing is not supported");
  for (Token &token : description.tokens)
    token.shown = replaceAll(token.shown, *from, *to);
  return Error::success();
}

static Error readStrip(const Fields &step, Description &description) {
  Expected<uint32_t> character = readCharacter(step, "content");
  if (!character)
    return character.takeError();
  Expected<uint32_t> start = step.number("start");
  if (!start)
    return start.takeError();
  Expected<uint32_t> stop = step.number("stop");
  if (!stop)
    return stop.takeError();
  if (*stop)
    return createStringError(
        "decoder 'Strip' at the end of a text is not supported");
  description.character = *character;
  description.count = *start;
  return Error::success();
}

static Error readMetaspace(const Fields &step, Description &description) {
  Expected<uint32_t> character = readCharacter(step, "replacement");
  if (!character)
    return character.takeError();
  Expected<bool> hasSpace = step.boolean("add_prefix_space", true);
  if (!hasSpace)
    return hasSpace.takeError();
  const json::Value *scheme = step.find("prepend_scheme");
  bool isNever = scheme && scheme->getAsString() == StringRef("never");
  description.decoder = DecoderKind::Metaspace;
  description.character = *character;
  description.count = *hasSpace && !isNever;
  return Error::success();
}

/// The only orders that are read: ByteLevel or Metaspace alone, or these, each
/// once and none of them needed, but Replace as often as one likes.
enum DecoderStep { Replace, ByteFallback, Fuse, Strip, Alone, Unknown };

static DecoderStep decoderStep(StringRef type) {
  return StringSwitch<DecoderStep>(type)
      .Case("Replace", Replace)
      .Case("ByteFallback", ByteFallback)
      .Case("Fuse", Fuse)
      .Case("Strip", Strip)
      .Cases({"ByteLevel", "Metaspace"}, Alone)
      .Default(Unknown);
}

static Error readStep(const Fields &step, StringRef type,
                      Description &description) {
  if (type == "Replace")
    return readReplace(step, description);
  if (type == "Strip")
    return readStrip(step, description);
  if (type == "Metaspace")
    return readMetaspace(step, description);
  if (type == "ByteFallback")
    for_each(description.tokens, toByte);
  if (type == "ByteLevel") {
    description.decoder = DecoderKind::Bytes;
    for (Token &token : description.tokens)
      token.shown = unmapBytes(token.shown);
  }
  return Error::success();
}

Error bitnet::tokenizer::readDecoder(const Fields &file,
                                     Description &description) {
  auto steps = sequence(file.find("decoder"), "decoders", "decoder");
  if (!steps)
    return steps.takeError();
  DecoderStep before = Replace;
  if (!steps->empty())
    description.decoder = DecoderKind::Pieces;
  for (const Fields &step : *steps) {
    StringRef type = cantFail(step.type());
    DecoderStep kind = decoderStep(type);
    if (kind == Unknown)
      return createStringError("decoder '" + type + "' is not supported");
    bool isOrdered = kind == Replace ? before == Replace : kind > before;
    bool isAlone = kind != Alone || steps->size() == 1;
    if (!isOrdered || !isAlone || (kind == Strip && before != Fuse))
      return createStringError("decoder '" + type +
                               "' is not supported at this place");
    before = kind;
    if (Error error = readStep(step, type, description))
      return error;
  }
  return Error::success();
}
