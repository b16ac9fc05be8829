// A chat template's table, checked.

#ifndef BITNET_RUNTIME_CHATPROGRAM_H
#define BITNET_RUNTIME_CHATPROGRAM_H

#include "TokenTable.h"
#include "bitnet/Runtime/ChatTable.h"

namespace bitnet::runtime {

struct ChatProgram {
  ChatHeader header = {};
  View<char> strings;
  View<ChatNode> nodes;
  View<uint32_t> children;
  View<ChatVariable> variables;
  View<uint32_t> ends;

  /// Nothing in a table is out of range after this, and its tree is not deep.
  static Result<ChatProgram> read(const void *table, size_t size);

  /// A child of a node, or kNone.
  uint32_t child(const ChatNode &node, uint32_t index) const {
    return index < node.children.count ? children[node.children.offset + index]
                                       : kNone;
  }

  const char *text(TableString string) const {
    return strings.items + string.offset;
  }
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATPROGRAM_H
