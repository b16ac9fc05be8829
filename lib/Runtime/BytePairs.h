// Byte pair encoding of one word.

#ifndef BITNET_RUNTIME_BYTEPAIRS_H
#define BITNET_RUNTIME_BYTEPAIRS_H

#include "TokenTable.h"

namespace bitnet::runtime {

/// Its arrays serve one word after the other.
class BytePairs {
public:
  explicit BytePairs(const TokenTable &table) : table(table) {}

  /// Appends the ids of a word, clean UTF-8. Takes time in proportion to
  /// n log n for n characters.
  void encode(const char *word, size_t size, Array<int64_t> &ids);

private:
  /// A token of the word so far; one that was merged into its left neighbour
  /// is gone.
  struct Symbol {
    uint32_t id;
    bool isGone;
    size_t left, right; ///< neighbours, or SIZE_MAX
  };

  /// What may be merged: the symbol at `place` and its right neighbour.
  struct Candidate {
    uint32_t rank;
    uint32_t result;
    size_t place;

    bool operator<(const Candidate &other) const {
      return rank != other.rank ? rank < other.rank : place < other.place;
    }
  };

  void addSymbol(uint32_t id);
  void addCharacters(const char *word, size_t size);
  bool addBytes(const char *character, size_t size);
  void merge(const Candidate &candidate);
  void mergeAll();
  void addCandidate(size_t place);
  void push(Candidate candidate);
  Candidate pop();

  const TokenTable &table;
  Array<Symbol> symbols;
  Array<Candidate> heap; ///< the lowest rank on top
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_BYTEPAIRS_H
