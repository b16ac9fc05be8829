// See Conversation.h.

#include "bitnet/Runtime/Conversation.h"

using namespace bitnet::runtime;

void Conversation::say(const char *role, const char *content) {
  messages.push({Text(role), Text(content)});
}

/// Where turns begin: the system's message at the start stays.
size_t Conversation::firstTurn() const {
  return !messages.empty() && messages[0].role == "system";
}

/// A turn is a message of the user with what was answered.
size_t Conversation::secondTurn() const {
  size_t next = firstTurn() + 1;
  while (next < messages.size() && !(messages[next].role == "user"))
    ++next;
  return next;
}

/// What was said last stays.
bool Conversation::dropOldestTurn() {
  if (!canForget())
    return false;
  size_t first = firstTurn(), next = secondTurn();
  Array<ChatMessage> kept;
  for (size_t i = 0; i < messages.size(); ++i)
    if (i < first || i >= next)
      kept.push(std::move(messages[i]));
  messages = std::move(kept);
  droppedCount += next - first;
  return true;
}

Result<Array<int64_t>> Conversation::idsThatFit(const Array<int64_t> &reply) {
  size_t capacity = size_t(session.capacity());
  size_t limit = capacity; // for all but the next id
  for (;;) {
    Result<Array<int64_t>> ids = format.encode(messages, tokenizer);
    if (ids.failed())
      return ids;
    for (int64_t id : reply)
      ids->push(id);
    if (ids->empty())
      return Status::error("the chat template makes nothing of the messages");
    if (!capacity || ids->size() < limit)
      return ids;
    if (!dropOldestTurn()) {
      if (ids->size() < capacity)
        return ids;
      return Status::error("the context is full: %zu ids exceed its %zu "
                           "positions",
                           ids->size() + 1, capacity);
    }
    limit = capacity - capacity / 4;
  }
}

Result<size_t> Conversation::read(const Array<int64_t> &reply) {
  Result<Array<int64_t>> ids = idsThatFit(reply);
  if (ids.failed())
    return ids.takeError();
  return session.become(*ids);
}
