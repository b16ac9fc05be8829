// JSON as Python's json.dumps writes it, with ensure_ascii=False.

#include "ChatValue.h"

#include <cstdio>

using namespace bitnet::runtime;

static void appendString(ChatText &json, const ChatText &text) {
  static constexpr char kEscaped[] = "\"\\\n\r\t\b\f";
  static constexpr char kLetters[] = "\"\\nrtbf";
  json.append("\"", 1);
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    const char *found = c ? std::strchr(kEscaped, c) : nullptr;
    char escape[8] = {'\\', found ? kLetters[found - kEscaped] : '\0'};
    if (!found && static_cast<unsigned char>(c) < 0x20)
      std::snprintf(escape, sizeof(escape), "\\u%04x", unsigned(c));
    if (found || static_cast<unsigned char>(c) < 0x20)
      json.append(escape, std::strlen(escape), text.isQuoted(i));
    else
      json.append(text, i, i + 1);
  }
  json.append("\"", 1);
}

namespace {

class Writer {
public:
  Writer(ChatText &json, int64_t indent) : json(json), indent(indent) {}

  Status write(const ChatValue &value);

private:
  Status writeItems(const ChatValue &value);
  void breakLine();

  ChatText &json;
  int64_t indent;
  int64_t level = 0;
};

} // namespace

void Writer::breakLine() {
  if (indent < 0)
    return;
  json.append("\n", 1);
  for (int64_t i = 0; i < level * indent; ++i)
    json.append(" ", 1);
}

Status Writer::writeItems(const ChatValue &value) {
  bool isList = value.kind == ChatValue::List;
  json.append(isList ? "[" : "{", 1);
  ++level;
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i)
      json.append(", ", indent < 0 ? 2 : 1);
    breakLine();
    if (!isList) {
      appendString(json, value.keys[i]);
      json.append(": ", 2);
    }
    if (Status status = write(*value.items[i]); status.failed())
      return status;
  }
  --level;
  if (!value.items.empty())
    breakLine();
  json.append(isList ? "]" : "}", 1);
  return Status::success();
}

Status Writer::write(const ChatValue &value) {
  switch (value.kind) {
  case ChatValue::None:
    json.append("null", 4);
    return Status::success();
  case ChatValue::Boolean:
    json.append(ChatText(value.integer ? "true" : "false"));
    return Status::success();
  case ChatValue::Integer:
    return appendPrinted(json, value);
  case ChatValue::String:
    appendString(json, value.text);
    return Status::success();
  case ChatValue::List:
  case ChatValue::Mapping:
    return writeItems(value);
  default:
    return Status::error("the chat template makes JSON of %s",
                         value.kindName());
  }
}

Status bitnet::runtime::appendJSON(ChatText &text, const ChatValue &value,
                                   int64_t indent) {
  return Writer(text, indent).write(value);
}
