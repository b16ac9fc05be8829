// Functions on text, as Python's str has them.

#include "ChatFunctions.h"
#include "UTF8.h"

using namespace bitnet::runtime;

/// What Python's str.strip removes: White_Space, and four separators.
static bool isPythonSpace(uint32_t c) {
  return isSpace(c) || (c >= 0x1c && c <= 0x1f);
}

/// True if the character at this place is to go. Without `set`, space is.
static bool isStripped(const ChatText &text, size_t place,
                       const ChatText *set) {
  size_t size = characterSize(text[place]);
  if (!set)
    return isPythonSpace(characterAt(text.data() + place));
  for (size_t i = 0; i < set->size(); i += characterSize((*set)[i]))
    if (characterSize((*set)[i]) == size &&
        !std::memcmp(set->data() + i, text.data() + place, size))
      return true;
  return false;
}

static ChatText strip(const ChatText &text, const ChatText *set,
                      ChatFunction function) {
  size_t begin = 0, end = text.size();
  if (function != ChatFunction::StripRight)
    while (begin < end && isStripped(text, begin, set))
      begin += characterSize(text[begin]);
  while (function != ChatFunction::StripLeft && end > begin) {
    size_t last = end - 1;
    while (last > begin && (text[last] & 0xc0) == 0x80)
      --last;
    if (!isStripped(text, last, set))
      break;
    end = last;
  }
  ChatText rest;
  rest.append(text, begin, end);
  return rest;
}

/// The runtime has no table of cases, and a wrong letter is worse than none.
static Result<ChatText> changeCase(const ChatText &text,
                                   ChatFunction function) {
  ChatText changed;
  changed.append(text);
  for (size_t i = 0; i < changed.size(); ++i) {
    char &c = changed.data()[i];
    if (c & 0x80)
      return Status::error("the chat template changes the case of a text that "
                           "is not ASCII, which is not supported");
    bool isUpper = function == ChatFunction::Upper ||
                   (function == ChatFunction::Capitalize && i == 0);
    if (isUpper && c >= 'a' && c <= 'z')
      c = char(c - 'a' + 'A');
    if (!isUpper && c >= 'A' && c <= 'Z')
      c = char(c - 'A' + 'a');
  }
  return changed;
}

/// The parts between occurrences of `separator`, which is not empty.
static Array<ChatText> split(const ChatText &text, const ChatText &separator) {
  Array<ChatText> parts;
  size_t last = 0;
  for (size_t i = 0; i < text.size();) {
    if (!text.matches(i, separator)) {
      ++i;
      continue;
    }
    parts.push(ChatText()).append(text, last, i);
    last = i += separator.size();
  }
  parts.push(ChatText()).append(text, last, text.size());
  return parts;
}

static const ChatValue *replace(const ChatArguments &arguments,
                                ChatValues &values) {
  Array<ChatText> parts = split(arguments[0]->text, arguments[1]->text);
  ChatText joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i)
      joined.append(arguments[2]->text);
    joined.append(parts[i]);
  }
  return values.string(std::move(joined));
}

static const ChatValue *splitToList(const ChatArguments &arguments,
                                    ChatValues &values) {
  ChatValue *list = values.make(ChatValue::List);
  for (ChatText &part : split(arguments[0]->text, arguments[1]->text))
    list->items.push(values.string(std::move(part)));
  return list;
}

/// Functions of a text and one that it is looked at with.
static ChatResult applyToTwo(ChatFunction function,
                             const ChatArguments &arguments,
                             ChatValues &values) {
  const ChatText &text = arguments[0]->text, &part = arguments[1]->text;
  if (function == ChatFunction::StartsWith)
    return values.boolean(text.matches(0, part));
  if (function == ChatFunction::EndsWith)
    return values.boolean(part.size() <= text.size() &&
                          text.matches(text.size() - part.size(), part));
  if (!part.size())
    return Status::error("the chat template looks for an empty text");
  return function == ChatFunction::Split ? splitToList(arguments, values)
                                         : replace(arguments, values);
}

ChatResult bitnet::runtime::applyToText(ChatFunction function,
                                        const ChatArguments &arguments,
                                        ChatValues &values) {
  for (const ChatValue *argument : arguments)
    if (argument->kind != ChatValue::String)
      return Status::error("the chat template wants text and found %s",
                           argument->kindName());
  const ChatText &text = arguments[0]->text;
  switch (function) {
  case ChatFunction::Strip:
  case ChatFunction::StripLeft:
  case ChatFunction::StripRight: {
    const ChatText *set = arguments.size() > 1 ? &arguments[1]->text : nullptr;
    return values.string(strip(text, set, function));
  }
  case ChatFunction::Upper:
  case ChatFunction::Lower:
  case ChatFunction::Capitalize: {
    Result<ChatText> changed = changeCase(text, function);
    if (changed.failed())
      return changed.takeError();
    return values.string(std::move(*changed));
  }
  default:
    return applyToTwo(function, arguments, values);
  }
}
