// Writes the table that the runtime reads.
#include "Description.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using namespace bitnet::runtime;

namespace {

class Writer {
public:
  explicit Writer(const Description &description) : description(description) {}

  std::string run();

private:
  /// Appends a section.
  template <typename T> TableSection append(ArrayRef<T> elements) {
    bytes.resize(alignTo(bytes.size(), alignof(uint32_t)));
    TableSection section = {uint32_t(bytes.size()), uint32_t(elements.size())};
    bytes.append(reinterpret_cast<const char *>(elements.data()),
                 elements.size() * sizeof(T));
    return section;
  }

  /// A text in the strings' section, which has each of them once.
  TableString intern(StringRef text) {
    auto [entry, isNew] = offsets.try_emplace(text, strings.size());
    if (isNew)
      strings += text;
    return {entry->second, uint32_t(text.size())};
  }

  TableSection tokens();
  TableSection tokenSlots();
  TableSection mergeSlots();
  TableSection added();
  TableSection steps(ArrayRef<Step> steps);

  const Description &description;
  std::string bytes = std::string(sizeof(TokenizerHeader), '\0');
  std::string strings;
  StringMap<uint32_t> offsets;
};

} // namespace

/// An empty hash table that will be at most two thirds full.
static std::vector<uint32_t> emptySlots(size_t count) {
  return std::vector<uint32_t>(PowerOf2Ceil(count + count / 2 + 1));
}

static void insert(std::vector<uint32_t> &slots, uint32_t hash,
                   uint32_t value) {
  size_t mask = slots.size() - 1, slot = hash & mask;
  while (slots[slot])
    slot = (slot + 1) & mask;
  slots[slot] = value;
}

TableSection Writer::tokens() {
  std::vector<TableToken> tokens;
  for (const Token &token : description.tokens)
    tokens.push_back({token.flags, intern(token.text), intern(token.shown)});
  return append(ArrayRef(tokens));
}

/// Of the model's tokens alone: added ones are no parts of words.
TableSection Writer::tokenSlots() {
  std::vector<uint32_t> slots = emptySlots(description.ids.size());
  for (uint32_t id = 0; id < description.tokens.size(); ++id) {
    StringRef text = description.tokens[id].text;
    auto found = description.ids.find(text);
    if (found != description.ids.end() && found->second == id)
      insert(slots, hashToken(text.data(), text.size()), id + 1);
  }
  return append(ArrayRef(slots));
}

/// Of a pair that is merged twice, the last rank counts.
TableSection Writer::mergeSlots() {
  std::vector<uint32_t> slots = emptySlots(description.merges.size());
  DenseMap<std::pair<uint32_t, uint32_t>, uint32_t> ranks;
  for (auto [rank, merge] : enumerate(description.merges))
    ranks[{merge.left, merge.right}] = rank;
  for (auto [rank, merge] : enumerate(description.merges))
    if (ranks[{merge.left, merge.right}] == rank)
      insert(slots, hashMerge(merge.left, merge.right), rank + 1);
  return append(ArrayRef(slots));
}

TableSection Writer::added() {
  std::vector<TableAddedToken> tokens;
  for (const AddedToken &token : description.added)
    tokens.push_back({token.id, token.flags, intern(token.pattern)});
  return append(ArrayRef(tokens));
}

TableSection Writer::steps(ArrayRef<Step> steps) {
  std::vector<TableStep> written;
  for (const Step &step : steps)
    written.push_back({step.kind, step.flags, step.behavior, intern(step.first),
                       intern(step.second)});
  return append(ArrayRef(written));
}

std::string Writer::run() {
  TokenizerHeader header = {};
  llvm::copy(kTokenizerMagic, header.magic);
  header.version = kTokenizerVersion;
  header.flags = description.flags;
  header.unknown = description.unknown;
  header.begin = description.begin;
  header.end = description.end;
  header.decoder = description.decoder;
  header.character = description.character;
  header.count = description.count;
  header.tokens = tokens();
  header.tokenSlots = tokenSlots();
  header.merges = append(ArrayRef(description.merges));
  header.mergeSlots = mergeSlots();
  header.added = added();
  header.normalizer = steps(description.normalizer);
  header.preTokenizer = steps(description.preTokenizer);
  header.before = append(ArrayRef(description.before));
  header.after = append(ArrayRef(description.after));
  header.strings = append(ArrayRef(strings.data(), strings.size()));
  header.size = bytes.size();
  std::memcpy(bytes.data(), &header, sizeof(header));
  return std::move(bytes);
}

std::string bitnet::tokenizer::writeTable(const Description &description) {
  return Writer(description).run();
}
