// Byte pair encoding: a list of symbols, and a heap of what may be merged.

#include "BytePairs.h"

#include "UTF8.h"

#include <cstdio>

using namespace bitnet::runtime;

void BytePairs::addSymbol(uint32_t id) {
  size_t place = symbols.size();
  if (place)
    symbols[place - 1].right = place;
  symbols.push({id, false, place ? place - 1 : SIZE_MAX, SIZE_MAX});
}

/// The tokens <0x00> to <0xFF> of a character, if there are all of them.
bool BytePairs::addBytes(const char *character, size_t size) {
  uint32_t ids[4];
  for (size_t i = 0; i < size; ++i) {
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>",
                  static_cast<unsigned char>(character[i]));
    ids[i] = table.findToken(name, 6);
    if (ids[i] == kNone)
      return false;
  }
  for (size_t i = 0; i < size; ++i)
    addSymbol(ids[i]);
  return true;
}

/// An unknown token is held back, because the next character may be a part of
/// it. Bytes overtake it: that is how Hugging Face's tokenizers do it.
void BytePairs::addCharacters(const char *word, size_t size) {
  bool isUnknown = false;
  for (size_t at = 0, step; at < size; at += step) {
    step = characterSize(word[at]);
    uint32_t id = table.findToken(word + at, step);
    if (id != kNone) {
      if (isUnknown)
        addSymbol(table.header.unknown);
      isUnknown = false;
      addSymbol(id);
      continue;
    }
    if (table.has(TokenizerHeader::ByteFallback) && addBytes(word + at, step))
      continue;
    if (table.header.unknown == kNone)
      continue;
    if (isUnknown && !table.has(TokenizerHeader::FuseUnknown))
      addSymbol(table.header.unknown);
    isUnknown = true;
  }
  if (isUnknown)
    addSymbol(table.header.unknown);
}

void BytePairs::push(Candidate candidate) {
  size_t place = heap.size();
  heap.push(candidate);
  while (place) {
    size_t parent = (place - 1) / 2;
    if (!(candidate < heap[parent]))
      break;
    heap[place] = heap[parent];
    place = parent;
  }
  heap[place] = candidate;
}

BytePairs::Candidate BytePairs::pop() {
  Candidate top = heap[0], last = heap[heap.size() - 1];
  heap.resize(heap.size() - 1);
  size_t count = heap.size(), place = 0;
  if (!count)
    return top;
  for (size_t child; (child = 2 * place + 1) < count; place = child) {
    if (child + 1 < count && heap[child + 1] < heap[child])
      ++child;
    if (!(heap[child] < last))
      break;
    heap[place] = heap[child];
  }
  heap[place] = last;
  return top;
}

void BytePairs::addCandidate(size_t place) {
  if (place == SIZE_MAX || symbols[place].right == SIZE_MAX)
    return;
  uint32_t rank =
      table.findMerge(symbols[place].id, symbols[symbols[place].right].id);
  if (rank != kNone)
    push({rank, table.merges[rank].result, place});
}

/// Other merges may have happened since the candidate was seen.
void BytePairs::merge(const Candidate &candidate) {
  Symbol &symbol = symbols[candidate.place];
  if (symbol.isGone || symbol.right == SIZE_MAX)
    return;
  Symbol &right = symbols[symbol.right];
  uint32_t rank = table.findMerge(symbol.id, right.id);
  if (rank == kNone || table.merges[rank].result != candidate.result)
    return;
  symbol.id = candidate.result;
  symbol.right = right.right;
  right.isGone = true;
  if (right.right != SIZE_MAX)
    symbols[right.right].left = candidate.place;
  addCandidate(symbol.left);
  addCandidate(candidate.place);
}

void BytePairs::mergeAll() {
  for (size_t i = 0; i < symbols.size(); ++i)
    addCandidate(i);
  while (!heap.empty())
    merge(pop());
}

void BytePairs::encode(const char *word, size_t size, Array<int64_t> &ids) {
  uint32_t whole = table.has(TokenizerHeader::IgnoreMerges)
                       ? table.findToken(word, size)
                       : kNone;
  if (whole != kNone) {
    ids.push(whole);
    return;
  }
  symbols.resize(0);
  addCharacters(word, size);
  mergeAll();
  for (const Symbol &symbol : symbols)
    if (!symbol.isGone)
      ids.push(symbol.id);
}
