// What a chat template may call; see ChatFunctions.def.

#ifndef BITNET_RUNTIME_CHATFUNCTIONS_H
#define BITNET_RUNTIME_CHATFUNCTIONS_H

#include "ChatValue.h"
#include "bitnet/Runtime/ChatTable.h"

namespace bitnet::runtime {

using ChatArguments = Array<const ChatValue *>;

/// Calls a function on values; those of keywords are not among them.
ChatResult applyFunction(ChatFunction function, const ChatArguments &arguments,
                         ChatValues &values);

/// The same for those from Strip to EndsWith, which want text.
ChatResult applyToText(ChatFunction function, const ChatArguments &arguments,
                       ChatValues &values);

/// True for these.
inline bool wantsText(ChatFunction function) {
  return function >= ChatFunction::Strip && function <= ChatFunction::EndsWith;
}

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATFUNCTIONS_H
