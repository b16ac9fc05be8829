// The C interface of conversations.

#include "LibrarySession.h"
#include "bitnet/Runtime/ChatTemplate.h"

#include <cstdio>

using namespace bitnet::runtime;

static Array<ChatMessage> listOf(const bitnet_message *messages, size_t count) {
  Array<ChatMessage> list;
  for (size_t i = 0; i < count; ++i)
    list.push({Text(messages[i].role), Text(messages[i].content)});
  return list;
}

static Result<ChatText> render(const bitnet_message *messages, size_t count) {
  Result<const ChatTemplate *> format = linkedChatTemplate();
  if (format.failed())
    return format.takeError();
  return (*format)->render(listOf(messages, count));
}

int64_t bitnet_chat_text(const bitnet_message *messages, size_t count,
                         char *text, size_t text_size, char *error,
                         size_t error_size) {
  Result<ChatText> made = render(messages, count);
  if (made.failed()) {
    if (error)
      std::snprintf(error, error_size, "%s", made.message());
    return -1;
  }
  size_t copied = made->size() < text_size ? made->size() : text_size - 1;
  if (text_size) {
    if (copied)
      std::memcpy(text, made->data(), copied);
    text[copied] = 0;
  }
  return int64_t(made->size());
}

static Result<Array<int64_t>> encode(const bitnet_message *messages,
                                     size_t count) {
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  if (tokenizer.failed())
    return tokenizer.takeError();
  Result<const ChatTemplate *> format = linkedChatTemplate();
  if (format.failed())
    return format.takeError();
  return (*format)->encode(listOf(messages, count), **tokenizer);
}

int bitnet_session_read_chat(bitnet_session *session,
                             const bitnet_message *messages, size_t count) {
  if (session->session.batch() != 1)
    return session->finish(Status::error("a session of several sequences reads "
                                         "no conversation"),
                           BITNET_ERROR);
  Result<Array<int64_t>> ids = encode(messages, count);
  if (ids.failed())
    return session->finish(ids.takeError(), BITNET_ERROR);
  int64_t capacity = session->session.capacity();
  bool fits = !capacity || ids->size() <= size_t(capacity);
  Result<size_t> read = session->session.become(*ids);
  Status status = read.failed() ? read.takeError() : Status::success();
  return session->finish(status, fits ? BITNET_ERROR : BITNET_CONTEXT_FULL);
}

int bitnet_ends_turn(int64_t id) {
  Result<const Tokenizer *> tokenizer = linkedTokenizer();
  Result<const ChatTemplate *> format = linkedChatTemplate();
  return !tokenizer.failed() && !format.failed() &&
         (*format)->isEnd(id, **tokenizer);
}
