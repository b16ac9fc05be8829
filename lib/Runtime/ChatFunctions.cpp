// Functions on values of any kind, and tests.

#include "ChatFunctions.h"

#include <ctime>

using namespace bitnet::runtime;

namespace {

struct Arity {
  uint32_t least = UINT32_MAX, most = 0;
};

} // namespace

/// By all spellings of the function.
static Arity arityOf(ChatFunction function) {
  Arity arity;
#define CHAT_NAME(kind, name, id, low, high)                                   \
  if (function == ChatFunction::id) {                                          \
    arity.least = low < arity.least ? low : arity.least;                       \
    arity.most = high > arity.most ? high : arity.most;                        \
  }
#include "bitnet/Runtime/ChatFunctions.def"
  return arity;
}

static const ChatValue *applyDefault(const ChatArguments &arguments,
                                     ChatValues &values) {
  const ChatValue &value = *arguments[0];
  bool alsoFalse = arguments.size() > 2 && arguments[2]->isTrue();
  if (!value.isUndefined() && (value.isTrue() || !alsoFalse))
    return &value;
  return arguments.size() > 1 ? arguments[1] : values.string(ChatText());
}

static ChatResult joinList(const ChatArguments &arguments, ChatValues &values) {
  ChatResult list = listOf(*arguments[0], values);
  if (list.failed())
    return list;
  ChatText joined;
  for (const ChatValue *item : (*list)->items) {
    Status status = Status::success();
    if (item != (*list)->items[0] && arguments.size() > 1)
      status = appendPrinted(joined, *arguments[1]);
    if (!status.failed())
      status = appendPrinted(joined, *item);
    if (status.failed())
      return status;
  }
  return values.string(std::move(joined));
}

/// The first item of a list, or the last one.
static ChatResult endOf(const ChatValue &value, bool isFirst,
                        ChatValues &values) {
  ChatResult list = listOf(value, values);
  if (list.failed() || (*list)->items.empty())
    return list.failed() ? std::move(list) : values.undefined();
  const auto &items = (*list)->items;
  return items[isFirst ? 0 : items.size() - 1];
}

static ChatResult get(const ChatArguments &arguments, ChatValues &values) {
  if (arguments[0]->kind != ChatValue::Mapping)
    return Status::error("the chat template wants a mapping and found %s",
                         arguments[0]->kindName());
  const ChatValue *found = arguments[1]->kind == ChatValue::String
                               ? arguments[0]->find(arguments[1]->text)
                               : nullptr;
  if (found)
    return found;
  return arguments.size() > 2 ? arguments[2] : values.make(ChatValue::None);
}

static ChatResult formatTime(const ChatValue &format, ChatValues &values) {
  char text[256];
  ChatText pattern;
  pattern.append(format.text);
  pattern.append("", 1);
  std::time_t now = std::time(nullptr);
  std::tm parts;
  localtime_r(&now, &parts);
  size_t size = std::strftime(text, sizeof(text), pattern.data(), &parts);
  ChatText time;
  time.append(text, size);
  return values.string(std::move(time));
}

static ChatResult makeJSON(const ChatArguments &arguments, ChatValues &values) {
  const ChatValue *indent = arguments.size() > 1 ? arguments[1] : nullptr;
  bool isPlain = !indent || indent->kind == ChatValue::None;
  if (!isPlain && (!indent->isNumber() || indent->integer > 16))
    return Status::error("the chat template indents JSON by %s",
                         indent->kindName());
  ChatText text;
  Status status =
      appendJSON(text, *arguments[0], isPlain ? -1 : indent->integer);
  if (status.failed())
    return status;
  return values.string(std::move(text));
}

/// The tests; nothing else is left.
static ChatResult applyTest(ChatFunction function, const ChatValue &value,
                            ChatValues &values) {
  ChatValue::Kind kind = value.kind;
  bool isList = kind == ChatValue::String || kind == ChatValue::List ||
                kind == ChatValue::Mapping || kind == ChatValue::Undefined;
  switch (function) {
  case ChatFunction::IsDefined:
    return values.boolean(!value.isUndefined());
  case ChatFunction::IsUndefined:
    return values.boolean(value.isUndefined());
  case ChatFunction::IsNone:
    return values.boolean(kind == ChatValue::None);
  case ChatFunction::IsText:
    return values.boolean(kind == ChatValue::String);
  case ChatFunction::IsMapping:
    return values.boolean(kind == ChatValue::Mapping);
  case ChatFunction::IsSequence:
    return values.boolean(isList);
  case ChatFunction::IsInteger:
    return values.boolean(kind == ChatValue::Integer);
  case ChatFunction::IsNumber:
    return values.boolean(value.isNumber());
  case ChatFunction::IsBoolean:
    return values.boolean(kind == ChatValue::Boolean);
  case ChatFunction::IsTrue:
    return values.boolean(kind == ChatValue::Boolean && value.integer);
  case ChatFunction::IsFalse:
    return values.boolean(kind == ChatValue::Boolean && !value.integer);
  default:
    break;
  }
  if (!value.isNumber())
    return Status::error("the chat template asks whether %s is odd",
                         value.kindName());
  bool isOdd = value.integer % 2 != 0;
  return values.boolean(isOdd == (function == ChatFunction::IsOdd));
}

static ChatResult raise(const ChatValue &message) {
  ChatText text;
  Status status = appendPrinted(text, message);
  if (status.failed())
    return status;
  return Status::error("the chat template refuses the conversation: %.*s",
                       static_cast<int>(text.size()), text.data());
}

ChatResult bitnet::runtime::applyFunction(ChatFunction function,
                                          const ChatArguments &arguments,
                                          ChatValues &values) {
  Arity arity = arityOf(function);
  if (arguments.size() < arity.least || arguments.size() > arity.most)
    return Status::error("the chat template calls a function with %zu values",
                         arguments.size());
  if (wantsText(function))
    return applyToText(function, arguments, values);
  if (function == ChatFunction::Namespace)
    return values.make(ChatValue::Namespace);
  const ChatValue &value = *arguments[0];
  switch (function) {
  case ChatFunction::Raise:
    return raise(value);
  case ChatFunction::FormatTime:
    return formatTime(value, values);
  case ChatFunction::ToText: {
    ChatText text;
    Status status = appendPrinted(text, value);
    return status.failed() ? ChatResult(std::move(status))
                           : values.string(std::move(text));
  }
  case ChatFunction::Default:
    return applyDefault(arguments, values);
  case ChatFunction::Length: {
    Result<int64_t> length = lengthOf(value);
    return length.failed() ? ChatResult(length.takeError())
                           : values.integer(*length);
  }
  case ChatFunction::First:
  case ChatFunction::Last:
    return endOf(value, function == ChatFunction::First, values);
  case ChatFunction::ToList:
    return listOf(value, values);
  case ChatFunction::JoinList:
    return joinList(arguments, values);
  case ChatFunction::Get:
    return get(arguments, values);
  case ChatFunction::ToJSON:
    return makeJSON(arguments, values);
  default:
    return applyTest(function, value, values);
  }
}
