// See ChatTemplate.h.

#include "bitnet/Runtime/ChatTemplate.h"

#include "ChatEvaluator.h"
#include "UTF8.h"

#include <new>

using namespace bitnet::runtime;

/// Tokens that end a turn wherever there are any of these names.
static constexpr const char *kUsualEnds[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|eot|>", "<end_of_turn>"};

ChatTemplate::~ChatTemplate() {
  if (!program)
    return;
  program->~ChatProgram();
  std::free(program);
}

Result<ChatTemplate> ChatTemplate::create(const void *table, size_t size) {
  Result<ChatProgram> read = ChatProgram::read(table, size);
  if (read.failed())
    return read.takeError();
  void *memory = std::malloc(sizeof(ChatProgram));
  if (!memory)
    bitnet_fail("out of memory");
  ChatTemplate made;
  made.program = new (memory) ChatProgram(std::move(*read));
  return made;
}

bool ChatTemplate::isPlain() const { return program->header.root == kNone; }

/// Text of a message: clean, and quoted if it is what somebody wrote. A role is
/// a part of the format: some templates write "<|user|>" with it.
static ChatText textOf(const Text &text, bool isQuoted) {
  Array<char> clean;
  appendClean(clean, text.c_str(), text.size());
  ChatText made;
  made.append(clean.data(), clean.size(), isQuoted);
  return made;
}

static const ChatValue *messageList(const Array<ChatMessage> &messages,
                                    ChatValues &values) {
  ChatValue *list = values.make(ChatValue::List);
  for (const ChatMessage &message : messages) {
    ChatValue *fields = values.make(ChatValue::Mapping);
    fields->set(ChatText("role"), values.string(textOf(message.role, false)));
    fields->set(ChatText("content"),
                values.string(textOf(message.content, true)));
    list->items.push(fields);
  }
  return list;
}

static ChatText plainText(const Array<ChatMessage> &messages) {
  ChatText text;
  for (const ChatMessage &message : messages) {
    text.append(textOf(message.content, true));
    if (!(message.role == "user"))
      text.append("\n", 1);
  }
  return text;
}

Result<ChatText>
ChatTemplate::render(const Array<ChatMessage> &messages) const {
  if (isPlain())
    return plainText(messages);
  ChatValues values;
  ChatEvaluator evaluator(*program, values);
  evaluator.define("messages", messageList(messages, values));
  evaluator.define("add_generation_prompt", values.boolean(true));
  // Transformers gives these to a template if the user does not.
  evaluator.define("tools", values.make(ChatValue::None));
  evaluator.define("documents", values.make(ChatValue::None));
  for (const ChatVariable &variable : program->variables) {
    Text name(program->text(variable.name), variable.name.size);
    ChatText text;
    text.append(program->text(variable.text), variable.text.size);
    evaluator.define(name.c_str(), values.string(std::move(text)));
  }
  return evaluator.run();
}

Result<Array<int64_t>> ChatTemplate::encode(const Array<ChatMessage> &messages,
                                            const Tokenizer &tokenizer) const {
  Result<ChatText> text = render(messages);
  if (text.failed())
    return text.takeError();
  // A template writes the token that begins a text itself.
  return tokenizer.encode(*text, /*addSpecial=*/isPlain());
}

bool ChatTemplate::isEnd(int64_t id, const Tokenizer &tokenizer) const {
  for (uint32_t end : program->ends)
    if (id == end)
      return true;
  if (tokenizer.eos() == id)
    return true;
  for (const ChatVariable &variable : program->variables) {
    Text name(program->text(variable.name), variable.name.size);
    Text text(program->text(variable.text), variable.text.size);
    if (name == "eos_token" && tokenizer.find(text.c_str()) == id)
      return true;
  }
  for (const char *name : kUsualEnds)
    if (tokenizer.find(name) == id)
      return true;
  return false;
}
