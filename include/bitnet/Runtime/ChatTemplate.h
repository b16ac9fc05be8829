// What a model reads of a conversation.

#ifndef BITNET_RUNTIME_CHATTEMPLATE_H
#define BITNET_RUNTIME_CHATTEMPLATE_H

#include "bitnet/Runtime/ChatText.h"
#include "bitnet/Runtime/Tokenizer.h"

namespace bitnet::runtime {

struct ChatMessage {
  Text role; ///< "system", "user" or "assistant"
  Text content;
};

/// A chat template's table that was checked.
struct ChatProgram;

/// Makes text of messages, as Jinja does with the model's own template. May be
/// used by several threads at once.
class ChatTemplate {
public:
  ChatTemplate() = default;
  ChatTemplate(ChatTemplate &&other) noexcept {
    std::swap(program, other.program);
  }
  ChatTemplate &operator=(ChatTemplate &&other) noexcept {
    std::swap(program, other.program);
    return *this;
  }
  ~ChatTemplate();

  /// Checks the table, which must outlive the template.
  static Result<ChatTemplate> create(const void *table, size_t size);

  /// True if the model has none. Its conversations are plain text: a reply
  /// continues the text of the user, and what follows is on a new line.
  bool isPlain() const;

  /// The text of a conversation up to where the next reply begins.
  Result<ChatText> render(const Array<ChatMessage> &messages) const;

  /// The ids of that text.
  Result<Array<int64_t>> encode(const Array<ChatMessage> &messages,
                                const Tokenizer &tokenizer) const;

  /// True for an id that ends a turn or the text.
  bool isEnd(int64_t id, const Tokenizer &tokenizer) const;

private:
  ChatProgram *program = nullptr;
};

/// The one this program or library was linked with.
Result<const ChatTemplate *> linkedChatTemplate();

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATTEMPLATE_H
