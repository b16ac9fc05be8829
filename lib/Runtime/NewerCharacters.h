// Regular expressions over characters that PCRE2 doesn't know yet.

#ifndef BITNET_RUNTIME_NEWERCHARACTERS_H
#define BITNET_RUNTIME_NEWERCHARACTERS_H

#include "bitnet/Runtime/Array.h"

namespace bitnet::runtime {

/// `text`, which is clean, with an older character for each newer one; `copy`
/// holds it if there are any.
const char *withOlderCharacters(const Array<char> &text, Array<char> &copy);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_NEWERCHARACTERS_H
