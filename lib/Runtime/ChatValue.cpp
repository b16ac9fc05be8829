// See ChatValue.h.

#include "ChatValue.h"

#include <cstdio>
#include <new>

using namespace bitnet::runtime;

const char *ChatValue::kindName() const {
  static constexpr const char *kNames[] = {
      "an undefined value", "none",        "a boolean",
      "an integer",         "a string",    "a list",
      "a mapping",          "a namespace", "a function"};
  return kNames[kind];
}

bool ChatValue::isTrue() const {
  switch (kind) {
  case Undefined:
  case None:
    return false;
  case Boolean:
  case Integer:
    return integer != 0;
  case String:
    return text.size() != 0;
  case List:
  case Mapping:
    return !items.empty();
  case Namespace:
  case Function:
    return true;
  }
  return false;
}

bool ChatValue::operator==(const ChatValue &other) const {
  if (isNumber() && other.isNumber())
    return integer == other.integer;
  if (kind != other.kind || items.size() != other.items.size())
    return false;
  if (kind == Namespace || kind == Function)
    return this == &other;
  if (kind == String)
    return text == other.text;
  for (size_t i = 0; i < items.size(); ++i) {
    const ChatValue *match =
        kind == List ? other.items[i] : other.find(keys[i]);
    if (!match || !(*items[i] == *match))
      return false;
  }
  return true;
}

const ChatValue *ChatValue::find(const ChatText &key) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key)
      return items[i];
  return nullptr;
}

void ChatValue::set(ChatText key, const ChatValue *value) {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) {
      items[i] = value;
      return;
    }
  keys.push(std::move(key));
  items.push(value);
}

Status bitnet::runtime::appendPrinted(ChatText &text, const ChatValue &value) {
  char digits[24];
  switch (value.kind) {
  case ChatValue::Undefined:
    return Status::success();
  case ChatValue::None:
    text.append("None", 4);
    return Status::success();
  case ChatValue::Boolean:
    text.append(ChatText(value.integer ? "True" : "False"));
    return Status::success();
  case ChatValue::Integer:
    std::snprintf(digits, sizeof(digits), "%lld",
                  static_cast<long long>(value.integer));
    text.append(ChatText(digits));
    return Status::success();
  case ChatValue::String:
    text.append(value.text);
    return Status::success();
  default:
    return Status::error("the chat template prints %s, which is no text",
                         value.kindName());
  }
}

ChatValues::~ChatValues() {
  for (ChatValue *value : all) {
    value->~ChatValue();
    std::free(value);
  }
}

ChatValue *ChatValues::make(ChatValue::Kind kind) {
  void *memory = std::malloc(sizeof(ChatValue));
  if (!memory)
    bitnet_fail("out of memory");
  auto *value = new (memory) ChatValue;
  value->kind = kind;
  return all.push(value);
}

const ChatValue *ChatValues::boolean(bool value) {
  ChatValue *made = make(ChatValue::Boolean);
  made->integer = value;
  return made;
}

const ChatValue *ChatValues::integer(int64_t value) {
  ChatValue *made = make(ChatValue::Integer);
  made->integer = value;
  return made;
}

const ChatValue *ChatValues::string(ChatText text) {
  ChatValue *made = make(ChatValue::String);
  made->text = std::move(text);
  return made;
}
