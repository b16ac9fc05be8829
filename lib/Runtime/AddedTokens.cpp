// Finds added tokens in text: the longest of those that begin first.

#include "AddedTokens.h"

using namespace bitnet::runtime;

uint32_t AddedTokens::child(uint32_t node, char byte) const {
  uint32_t next = nodes[node].child;
  while (next != kNone && nodes[next].byte != byte)
    next = nodes[next].sibling;
  return next;
}

void AddedTokens::build(const TokenTable &table, bool normalized) {
  for (uint32_t token = 0; token < table.added.count; ++token) {
    const TableAddedToken &added = table.added[token];
    if (bool(added.flags & TableAddedToken::Normalized) != normalized)
      continue;
    if (nodes.empty())
      nodes.push({0, kNone, false, kNone, kNone});
    uint32_t node = 0;
    for (uint32_t i = 0; i < added.pattern.size; ++i) {
      char byte = table.text(added.pattern)[i];
      uint32_t next = child(node, byte);
      if (next == kNone) {
        next = static_cast<uint32_t>(nodes.size());
        nodes.push({byte, kNone, false, kNone, nodes[node].child});
        nodes[node].child = next;
      }
      node = next;
    }
    nodes[node].token = token;
    nodes[node].isSpecial = table.tokens[added.id].flags & TableToken::Hidden;
  }
}

uint32_t AddedTokens::longestAt(const char *text, size_t size,
                                size_t open) const {
  uint32_t longest = kNone;
  uint32_t node = 0;
  for (size_t i = 0; i < size; ++i) {
    node = child(node, text[i]);
    if (node == kNone)
      break;
    if (nodes[node].token != kNone && (!nodes[node].isSpecial || i < open))
      longest = nodes[node].token;
  }
  return longest;
}
