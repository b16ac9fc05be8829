// Normalizers and pre-tokenizers, as steps of a few kinds.
#include "Description.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using bitnet::runtime::SplitBehavior;
using bitnet::runtime::StepKind;
using bitnet::runtime::TableStep;

using Steps = std::vector<Step>;

/// How GPT-2 cuts text.
static constexpr StringLiteral kByteLevelPattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// What Hugging Face's tokenizers take for punctuation: that of Unicode 8.
static constexpr StringLiteral kPunctuation =
    R"((?![\x{61d}\x{9fd}\x{a76}\x{c77}\x{c84}\x{1b7d}\x{1b7e})"
    R"(\x{2e43}-\x{2e4f}\x{2e52}-\x{2e5d}\x{10ead}\x{10f55}-\x{10f59})"
    R"(\x{10f86}-\x{10f89}\x{1144b}-\x{1144f}\x{1145a}\x{1145b}\x{1145d})"
    R"(\x{11660}-\x{1166c}\x{116b9}\x{1183b}\x{11944}-\x{11946}\x{119e2})"
    R"(\x{11a3f}-\x{11a46}\x{11a9a}-\x{11a9c}\x{11a9e}-\x{11aa2})"
    R"(\x{11c41}-\x{11c45}\x{11c70}\x{11c71}\x{11ef7}\x{11ef8}\x{11fff})"
    R"(\x{12ff1}\x{12ff2}\x{16e97}-\x{16e9a}\x{16fe2}\x{1e95e}\x{1e95f}]))"
    R"([\p{P}\x{166d}\x{111c9}!-/:-@\[-`{-~])";

/// Adds a cut at a regular expression.
static Error addSplit(StringRef pattern, SplitBehavior behavior, Steps &steps) {
  Expected<std::string> translated = translatePattern(pattern);
  if (!translated)
    return translated.takeError();
  steps.push_back(
      {StepKind::Split, *translated, {}, TableStep::IsRegex, behavior});
  return Error::success();
}

static Expected<SplitBehavior> readBehavior(const Fields &step) {
  Expected<StringRef> text = step.string("behavior");
  if (!text)
    return text.takeError();
  auto behavior =
      StringSwitch<std::optional<SplitBehavior>>(*text)
          .Case("Removed", SplitBehavior::Removed)
          .Case("Isolated", SplitBehavior::Isolated)
          .Case("MergedWithPrevious", SplitBehavior::MergedWithPrevious)
          .Case("MergedWithNext", SplitBehavior::MergedWithNext)
          .Case("Contiguous", SplitBehavior::Contiguous)
          .Default(std::nullopt);
  if (!behavior)
    return createStringError("split behavior '" + *text + "' is not supported");
  return *behavior;
}

/// A pattern that is plain text: {"String": "..."}.
static Expected<StringRef> readPlainPattern(const Fields &pattern) {
  Expected<StringRef> text = pattern.string("String");
  if (text && text->empty())
    return createStringError("an empty pattern matches nothing");
  return text;
}

static Error readReplace(const Fields &step, Steps &steps) {
  Expected<Fields> pattern = step.fields("pattern");
  if (!pattern)
    return pattern.takeError();
  if (pattern->find("Regex"))
    return createStringError(
        "normalizer 'Replace' of a regular expression is not supported");
  Expected<StringRef> from = readPlainPattern(*pattern);
  if (!from)
    return from.takeError();
  Expected<StringRef> to = step.string("content");
  if (!to)
    return to.takeError();
  steps.push_back({StepKind::Replace, from->str(), to->str()});
  return Error::success();
}

static Error readPrepend(const Fields &step, Steps &steps) {
  Expected<StringRef> text = step.string("prepend");
  if (!text)
    return text.takeError();
  steps.push_back({StepKind::Prepend, text->str()});
  return Error::success();
}

static Error readSplit(const Fields &step, Steps &steps) {
  Expected<Fields> pattern = step.fields("pattern");
  if (!pattern)
    return pattern.takeError();
  Expected<SplitBehavior> behavior = readBehavior(step);
  if (!behavior)
    return behavior.takeError();
  Expected<bool> isInverted = step.boolean("invert", false);
  if (!isInverted)
    return isInverted.takeError();
  if (pattern->find("Regex")) {
    Expected<StringRef> regex = pattern->string("Regex");
    if (!regex)
      return regex.takeError();
    if (Error error = addSplit(*regex, *behavior, steps))
      return error;
  } else {
    Expected<StringRef> text = readPlainPattern(*pattern);
    if (!text)
      return text.takeError();
    steps.push_back({StepKind::Split, text->str(), {}, 0, *behavior});
  }
  if (*isInverted)
    steps.back().flags |= TableStep::IsInverted;
  return Error::success();
}

static Error readByteLevel(const Fields &step, Steps &steps) {
  Expected<bool> hasSpace = step.boolean("add_prefix_space", true);
  if (!hasSpace)
    return hasSpace.takeError();
  Expected<bool> hasRegex = step.boolean("use_regex", true);
  if (!hasRegex)
    return hasRegex.takeError();
  if (*hasSpace)
    steps.push_back({StepKind::Lead, " "});
  if (*hasRegex)
    if (Error error =
            addSplit(kByteLevelPattern, SplitBehavior::Isolated, steps))
      return error;
  steps.push_back({StepKind::MapBytes});
  return Error::success();
}

static Error readMetaspace(const Fields &step, Steps &steps) {
  Expected<StringRef> space = step.string("replacement");
  if (!space)
    return space.takeError();
  StringRef scheme = "always";
  if (const json::Value *value = step.find("prepend_scheme"))
    scheme = value->getAsString().value_or("");
  Expected<bool> hasSpace = step.boolean("add_prefix_space", true);
  if (!hasSpace)
    return hasSpace.takeError();
  Expected<bool> isSplit = step.boolean("split", true);
  if (!isSplit)
    return isSplit.takeError();
  bool isKnown = scheme == "always" || scheme == "first" || scheme == "never";
  if (!isKnown || (!*hasSpace && scheme == "first"))
    return createStringError("pre-tokenizer 'Metaspace' with prepend_scheme '" +
                             scheme + "' is not supported");
  if (count_if(space->bytes(), [](uint8_t c) { return c >> 6 != 2; }) != 1)
    return createStringError(
        "pre-tokenizer Metaspace: 'replacement' wants one character");
  steps.push_back({StepKind::Replace, " ", space->str()});
  if (*hasSpace && scheme != "never")
    steps.push_back({StepKind::Lead,
                     space->str(),
                     {},
                     scheme == "first" ? uint32_t(TableStep::OnlyAtStart) : 0});
  if (*isSplit)
    steps.push_back(
        {StepKind::Split, space->str(), {}, 0, SplitBehavior::MergedWithNext});
  return Error::success();
}

static Error readDigits(const Fields &step, Steps &steps) {
  Expected<bool> isSingle = step.boolean("individual_digits", false);
  if (!isSingle)
    return isSingle.takeError();
  return addSplit(
      R"(\p{N})",
      *isSingle ? SplitBehavior::Isolated : SplitBehavior::Contiguous, steps);
}

static Error readPunctuation(const Fields &step, Steps &steps) {
  SplitBehavior behavior = SplitBehavior::Isolated;
  if (step.find("behavior")) {
    Expected<SplitBehavior> given = readBehavior(step);
    if (!given)
      return given.takeError();
    behavior = *given;
  }
  steps.push_back(
      {StepKind::Split, kPunctuation.str(), {}, TableStep::IsRegex, behavior});
  return Error::success();
}

static Error readMapBytes(const Fields &, Steps &steps) {
  steps.push_back({StepKind::MapBytes});
  return Error::success();
}

using Reader = Error (*)(const Fields &step, Steps &steps);

static Error readSteps(std::vector<Fields> fields, StringRef kind,
                       ArrayRef<std::pair<StringRef, Reader>> readers,
                       Steps &steps) {
  for (const Fields &step : fields) {
    StringRef type = cantFail(step.type());
    auto found = find_if(
        readers, [&](const auto &reader) { return reader.first == type; });
    if (found == readers.end())
      return createStringError(kind + " '" + type + "' is not supported");
    if (Error error = found->second(step, steps))
      return error;
  }
  return Error::success();
}

Error bitnet::tokenizer::readNormalizer(const Fields &file,
                                        Description &description) {
  auto fields = sequence(file.find("normalizer"), "normalizers", "normalizer");
  if (!fields)
    return fields.takeError();
  return readSteps(std::move(*fields), "normalizer",
                   {{"ByteLevel", readMapBytes},
                    {"Prepend", readPrepend},
                    {"Replace", readReplace}},
                   description.normalizer);
}

Error bitnet::tokenizer::readPreTokenizer(const Fields &file,
                                          Description &description) {
  auto fields =
      sequence(file.find("pre_tokenizer"), "pretokenizers", "pre-tokenizer");
  if (!fields)
    return fields.takeError();
  return readSteps(std::move(*fields), "pre-tokenizer",
                   {{"ByteLevel", readByteLevel},
                    {"Digits", readDigits},
                    {"Metaspace", readMetaspace},
                    {"Punctuation", readPunctuation},
                    {"Split", readSplit}},
                   description.preTokenizer);
}

std::string bitnet::tokenizer::replaceAll(StringRef text, StringRef from,
                                          StringRef to) {
  std::string result;
  for (size_t at; (at = text.find(from)) != StringRef::npos;) {
    result += text.take_front(at);
    result += to;
    text = text.drop_front(at + from.size());
  }
  return result + text.str();
}

static std::string mapBytes(StringRef text) {
  std::string result;
  for (unsigned char byte : text.bytes()) {
    char buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT], *end = buffer;
    ConvertCodePointToUTF8(bitnet::runtime::visibleByte(byte), end);
    result.append(buffer, end);
  }
  return result;
}

std::string bitnet::tokenizer::normalize(StringRef text, const Steps &steps) {
  std::string result = text.str();
  for (const Step &step : steps) {
    if (step.kind == StepKind::Replace)
      result = replaceAll(result, step.first, step.second);
    else if (step.kind == StepKind::MapBytes)
      result = mapBytes(result);
    else if (!result.empty())
      result = step.first + result;
  }
  return result;
}
