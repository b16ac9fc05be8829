// A session that reads what is said in turns.

#ifndef BITNET_RUNTIME_CONVERSATION_H
#define BITNET_RUNTIME_CONVERSATION_H

#include "bitnet/Runtime/ChatTemplate.h"
#include "bitnet/Runtime/Session.h"

namespace bitnet::runtime {

/// The messages so far, and the session that has read them.
///
/// What the model reads is always what its template makes of the messages, so a
/// reply is read anew where the template writes it differently from how the
/// model said it. Ids that agree are not read again.
class Conversation {
public:
  /// All must outlive the conversation.
  Conversation(Session &session, const Tokenizer &tokenizer,
               const ChatTemplate &format)
      : session(session), tokenizer(tokenizer), format(format) {}

  void say(const char *role, const char *content);

  /// Takes the last message back.
  void takeBack() { messages.resize(messages.size() - 1); }

  /// Reads all messages up to where the next reply begins, and the ids of that
  /// reply which are known already. If the context has no room for that and one
  /// more id, the oldest turns are dropped until a quarter of it is free; an
  /// error if the last message alone is too long. Returns how many ids were
  /// read.
  Result<size_t> read(const Array<int64_t> &reply = {});

  /// True if the next id of a reply does not fit.
  bool isFull() const { return !session.hasRoom(1); }

  bool isEnd(int64_t id) const { return format.isEnd(id, tokenizer); }

  /// How many messages were dropped so far.
  size_t dropped() const { return droppedCount; }

  /// True if there is a turn that can be dropped.
  bool canForget() const { return secondTurn() < messages.size(); }

private:
  size_t firstTurn() const;
  size_t secondTurn() const;
  bool dropOldestTurn();
  Result<Array<int64_t>> idsThatFit(const Array<int64_t> &reply);

  Session &session;
  const Tokenizer &tokenizer;
  const ChatTemplate &format;
  Array<ChatMessage> messages;
  size_t droppedCount = 0;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CONVERSATION_H
