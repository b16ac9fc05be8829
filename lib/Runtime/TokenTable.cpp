// Reads a tokenizer's table and trusts nothing in it.

#include "TokenTable.h"
#include "TableReader.h"

#include <cstring>

using namespace bitnet::runtime;

namespace {

class Reader : TableReader {
public:
  using TableReader::TableReader;

  Result<TokenTable> run();

private:
  bool sections();
  bool isId(uint32_t id) const { return id < table.tokens.count; }
  bool isIdOrNone(uint32_t id) const { return id == kNone || isId(id); }
  bool isString(TableString string) const {
    return isWithin(string, table.strings);
  }
  bool isHeaderValid() const;
  bool areTokensValid() const;
  bool areSlotsValid(const View<uint32_t> &slots, size_t count) const;
  bool areMergesValid() const;
  bool areAddedValid() const;
  bool areStepsValid(const View<TableStep> &steps) const;
  bool areIds(const View<uint32_t> &ids) const;

  TokenTable table;
};

} // namespace

bool Reader::sections() {
  const TokenizerHeader &header = table.header;
  return section(header.strings, table.strings) &&
         section(header.tokens, table.tokens) &&
         section(header.tokenSlots, table.tokenSlots) &&
         section(header.merges, table.merges) &&
         section(header.mergeSlots, table.mergeSlots) &&
         section(header.added, table.added) &&
         section(header.normalizer, table.normalizer) &&
         section(header.preTokenizer, table.preTokenizer) &&
         section(header.before, table.before) &&
         section(header.after, table.after);
}

bool Reader::isHeaderValid() const {
  const TokenizerHeader &header = table.header;
  return header.decoder <= DecoderKind::Metaspace &&
         isIdOrNone(header.unknown) && isIdOrNone(header.begin) &&
         isIdOrNone(header.end) && header.character <= 0x10ffff;
}

bool Reader::areTokensValid() const {
  for (const TableToken &token : table.tokens) {
    bool isByte = token.flags & TableToken::IsByte;
    if (!isString(token.text) || !isString(token.shown) ||
        (isByte && token.shown.size != 1))
      return false;
  }
  return true;
}

/// A search ends at an empty slot, so there has to be one.
bool Reader::areSlotsValid(const View<uint32_t> &slots, size_t count) const {
  if (!slots.count || slots.count & (slots.count - 1))
    return false;
  size_t used = 0;
  for (uint32_t slot : slots) {
    if (slot > count)
      return false;
    used += slot != 0;
  }
  return used < slots.count;
}

bool Reader::areMergesValid() const {
  for (const TableMerge &merge : table.merges)
    if (!isId(merge.left) || !isId(merge.right) || !isId(merge.result))
      return false;
  return true;
}

bool Reader::areAddedValid() const {
  for (const TableAddedToken &added : table.added)
    if (!isId(added.id) || !isString(added.pattern) || !added.pattern.size)
      return false;
  return true;
}

bool Reader::areStepsValid(const View<TableStep> &steps) const {
  for (const TableStep &step : steps) {
    bool needsText =
        step.kind == StepKind::Replace || step.kind == StepKind::Split;
    if (step.kind > StepKind::MapBytes ||
        step.behavior > SplitBehavior::Contiguous || !isString(step.first) ||
        !isString(step.second) || (needsText && !step.first.size))
      return false;
  }
  return true;
}

bool Reader::areIds(const View<uint32_t> &ids) const {
  for (uint32_t id : ids)
    if (!isId(id))
      return false;
  return true;
}

Result<TokenTable> Reader::run() {
  if (size < sizeof(TokenizerHeader) ||
      reinterpret_cast<uintptr_t>(bytes) % alignof(uint32_t))
    return Status::error("the tokenizer's table is damaged: it has no header");
  std::memcpy(&table.header, bytes, sizeof(TokenizerHeader));
  if (std::memcmp(table.header.magic, kTokenizerMagic, sizeof(kTokenizerMagic)))
    return Status::error("the tokenizer's table is damaged: it is none");
  if (table.header.version != kTokenizerVersion)
    return Status::error("the tokenizer's table has version %u, wanted %u",
                         table.header.version, kTokenizerVersion);
  if (table.header.size != size || !sections())
    return Status::error("the tokenizer's table is damaged: it is cut");
  if (!isHeaderValid() || !areTokensValid() ||
      !areSlotsValid(table.tokenSlots, table.tokens.count) ||
      !areMergesValid() ||
      !areSlotsValid(table.mergeSlots, table.merges.count) ||
      !areAddedValid() || !areStepsValid(table.normalizer) ||
      !areStepsValid(table.preTokenizer) || !areIds(table.before) ||
      !areIds(table.after))
    return Status::error(
        "the tokenizer's table is damaged: a part of it is out of range");
  return std::move(table);
}

Result<TokenTable> TokenTable::read(const void *table, size_t size) {
  return Reader(table, size).run();
}

uint32_t TokenTable::findToken(const char *bytes, size_t size) const {
  size_t mask = tokenSlots.count - 1;
  for (size_t slot = hashToken(bytes, size) & mask; tokenSlots[slot];
       slot = (slot + 1) & mask) {
    uint32_t id = tokenSlots[slot] - 1;
    TableString string = tokens[id].text;
    if (string.size == size && !std::memcmp(text(string), bytes, size))
      return id;
  }
  return kNone;
}

uint32_t TokenTable::findMerge(uint32_t left, uint32_t right) const {
  size_t mask = mergeSlots.count - 1;
  for (size_t slot = hashMerge(left, right) & mask; mergeSlots[slot];
       slot = (slot + 1) & mask) {
    uint32_t rank = mergeSlots[slot] - 1;
    if (merges[rank].left == left && merges[rank].right == right)
      return rank;
  }
  return kNone;
}
