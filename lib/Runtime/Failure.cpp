// bitnet_fail: from anywhere in a model back to who called it.

#include "bitnet/Runtime/Failure.h"

#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <cstdio>
#include <cstdlib>

using namespace bitnet::runtime;

__thread FailureFrame *bitnet::runtime::currentFrame;

void bitnet_fail(const char *message) {
  abandonRegion(message);
  FailureFrame *frame = currentFrame;
  if (!frame) {
    std::fprintf(stderr, "error: %s\n", message);
    std::exit(1);
  }
  std::snprintf(frame->message, sizeof(frame->message), "%s", message);
  longjmp(frame->target, 1);
}
