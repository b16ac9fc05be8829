// The tokenizer that the compiler put into this program or library.

#include "bitnet/Runtime/Tokenizer.h"
#include "bitnet/Runtime/TokenizerTable.h"

#include <new>
#include <pthread.h>

using namespace bitnet::runtime;

/// None, unless the model brings one. Weak: the compiler's own one replaces it.
alignas(8) __attribute__((weak)) const
    char bitnet_tokenizer[sizeof(TokenizerHeader)] = {};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/// Lives as long as the process: nothing here has a destructor at its end.
static const Tokenizer *linked;

static Status load() {
  TokenizerHeader header;
  std::memcpy(&header, bitnet_tokenizer, sizeof(header));
  if (!header.size)
    return Status::error("the model was compiled without a tokenizer; compile "
                         "it with --tokenizer tokenizer.json");
  Result<Tokenizer> tokenizer =
      Tokenizer::create(bitnet_tokenizer, header.size);
  if (tokenizer.failed())
    return tokenizer.takeError();
  void *memory = std::malloc(sizeof(Tokenizer));
  if (!memory)
    return Status::error("out of memory");
  linked = new (memory) Tokenizer(std::move(*tokenizer));
  return Status::success();
}

Result<const Tokenizer *> bitnet::runtime::linkedTokenizer() {
  pthread_mutex_lock(&lock);
  Status status = linked ? Status::success() : load();
  pthread_mutex_unlock(&lock);
  if (status.failed())
    return status;
  return linked;
}
