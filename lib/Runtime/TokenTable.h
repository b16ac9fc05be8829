// A tokenizer's table, checked.

#ifndef BITNET_RUNTIME_TOKENTABLE_H
#define BITNET_RUNTIME_TOKENTABLE_H

#include "bitnet/Runtime/Status.h"
#include "bitnet/Runtime/TokenizerTable.h"

namespace bitnet::runtime {

/// A section of the table.
template <typename T> struct View {
  const T *items = nullptr;
  size_t count = 0;

  const T *begin() const { return items; }
  const T *end() const { return items + count; }
  const T &operator[](size_t index) const { return items[index]; }
};

struct TokenTable {
  TokenizerHeader header = {};
  View<char> strings;
  View<TableToken> tokens;
  View<uint32_t> tokenSlots;
  View<TableMerge> merges;
  View<uint32_t> mergeSlots;
  View<TableAddedToken> added;
  View<TableStep> normalizer, preTokenizer;
  View<uint32_t> before, after;

  /// Nothing in a table is out of range after this.
  static Result<TokenTable> read(const void *table, size_t size);

  bool has(uint32_t flag) const { return header.flags & flag; }
  const char *text(TableString string) const {
    return strings.items + string.offset;
  }

  /// The id of a token of the model, or kNone.
  uint32_t findToken(const char *text, size_t size) const;

  /// The rank of the merge of two ids, or kNone.
  uint32_t findMerge(uint32_t left, uint32_t right) const;
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_TOKENTABLE_H
