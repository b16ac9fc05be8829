// Where bitnet_fail comes out.

#ifndef BITNET_RUNTIME_FAILURE_H
#define BITNET_RUNTIME_FAILURE_H

#include <csetjmp>

namespace bitnet::runtime {

/// The place of a thread to which bitnet_fail jumps. Frames between a jump and
/// its target must be free of destructors: they are code of the model.
struct FailureFrame {
  FailureFrame *outer;
  char message[512];
  jmp_buf target;
};

/// The innermost frame of this thread, null if there is none. `__thread` and
/// not `thread_local`, which would ask every user for a dynamic initializer.
/// Not at a fixed offset in a shared library: the loader's reserve for those is
/// full after a hundred libraries, and nothing that is called often looks here.
extern __thread FailureFrame *currentFrame;

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_FAILURE_H
