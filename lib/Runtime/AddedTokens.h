// Finds added tokens in text.

#ifndef BITNET_RUNTIME_ADDEDTOKENS_H
#define BITNET_RUNTIME_ADDEDTOKENS_H

#include "Pattern.h"
#include "TokenTable.h"

namespace bitnet::runtime {

/// The added tokens that are looked for in normalized text, or the others, as
/// a tree of their bytes.
class AddedTokens {
public:
  void build(const TokenTable &table, bool normalized);

  bool empty() const { return nodes.empty(); }

  /// The longest token at the start of a text, as its place in the table's
  /// section; kNone if there is none. A special one is in the first `open`
  /// bytes.
  uint32_t longestAt(const char *text, size_t size, size_t open) const;

private:
  struct Node {
    char byte;
    uint32_t token;
    bool isSpecial;
    uint32_t child, sibling; ///< or kNone
  };

  uint32_t child(uint32_t node, char byte) const;

  Array<Node> nodes; ///< the first one is the root
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_ADDEDTOKENS_H
