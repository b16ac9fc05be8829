// The tokenizer and the chat template that the compiler put into this program
// or library.

#include "bitnet/Runtime/ChatTable.h"
#include "bitnet/Runtime/ChatTemplate.h"

#include <new>
#include <pthread.h>

using namespace bitnet::runtime;

/// None, unless the model brings one. Weak: the compiler's own one replaces it.
alignas(8) __attribute__((weak)) const
    char bitnet_tokenizer[sizeof(TokenizerHeader)] = {};
alignas(8) __attribute__((weak)) const
    char bitnet_chat[sizeof(ChatHeader)] = {};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/// They live as long as the process: nothing here has a destructor at its end.
static const Tokenizer *tokenizer;
static const ChatTemplate *chatTemplate;

/// Makes one of a table at the first call.
template <typename Thing, typename Header>
static Result<const Thing *> load(const Thing *&linked, const char *table) {
  Header header;
  std::memcpy(&header, table, sizeof(header));
  if (!header.size)
    return Status::error("the model was compiled without a tokenizer; compile "
                         "it with --tokenizer tokenizer.json");
  pthread_mutex_lock(&lock);
  Status status = Status::success();
  if (!linked) {
    Result<Thing> made = Thing::create(table, header.size);
    void *memory = made.failed() ? nullptr : std::malloc(sizeof(Thing));
    if (memory)
      linked = new (memory) Thing(std::move(*made));
    else
      status =
          made.failed() ? made.takeError() : Status::error("out of memory");
  }
  pthread_mutex_unlock(&lock);
  if (status.failed())
    return status;
  return linked;
}

Result<const Tokenizer *> bitnet::runtime::linkedTokenizer() {
  return load<Tokenizer, TokenizerHeader>(tokenizer, bitnet_tokenizer);
}

Result<const ChatTemplate *> bitnet::runtime::linkedChatTemplate() {
  return load<ChatTemplate, ChatHeader>(chatTemplate, bitnet_chat);
}
