// From text to ids.

#include "bitnet/Runtime/Tokenizer.h"

#include "BytePairs.h"
#include "Draft.h"
#include "TokenizerData.h"

#include <new>

using namespace bitnet::runtime;

/// What beside a token makes it no single word.
static constexpr char kWord[] =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}])";

Tokenizer::~Tokenizer() {
  if (!data)
    return;
  data->~TokenizerData();
  std::free(data);
}

static Status compilePatterns(TokenizerData &data) {
  for (const TableStep &step : data.table.preTokenizer) {
    data.patterns.push(Pattern());
    if (step.kind != StepKind::Split || !(step.flags & TableStep::IsRegex))
      continue;
    Result<Pattern> pattern =
        Pattern::create(data.table.text(step.first), step.first.size);
    if (pattern.failed())
      return pattern.takeError();
    data.patterns[data.patterns.size() - 1] = std::move(*pattern);
  }
  Result<Pattern> word = Pattern::create(kWord, sizeof(kWord) - 1);
  if (word.failed())
    return word.takeError();
  data.word = std::move(*word);
  return Status::success();
}

Result<Tokenizer> Tokenizer::create(const void *bytes, size_t size) {
  Result<TokenTable> table = TokenTable::read(bytes, size);
  if (table.failed())
    return table.takeError();
  void *memory = std::malloc(sizeof(TokenizerData));
  if (!memory)
    bitnet_fail("out of memory");
  Tokenizer tokenizer;
  tokenizer.data = new (memory) TokenizerData();
  tokenizer.data->table = std::move(*table);
  tokenizer.data->plain.build(tokenizer.data->table, false);
  tokenizer.data->normalized.build(tokenizer.data->table, true);
  if (Status status = compilePatterns(*tokenizer.data); status.failed())
    return status;
  return tokenizer;
}

/// Cuts and rewrites a text until only words are left.
static Status prepare(const TokenizerData &data, Draft &draft) {
  Status status = draft.cutAdded(data.plain, data.word);
  for (const TableStep &step : data.table.normalizer)
    if (!status.failed())
      status = draft.apply(step, data.word);
  if (!status.failed())
    status = draft.cutAdded(data.normalized, data.word);
  size_t number = 0;
  for (const TableStep &step : data.table.preTokenizer)
    if (const Pattern &pattern = data.patterns[number++]; !status.failed())
      status = draft.apply(step, pattern);
  return status;
}

Result<Array<int64_t>> Tokenizer::encode(const char *text, size_t size,
                                         bool addSpecial) const {
  Draft draft(data->table, text, size);
  return encode(draft, addSpecial);
}

Result<Array<int64_t>> Tokenizer::encode(const ChatText &text,
                                         bool addSpecial) const {
  Draft draft(data->table, text.data(), text.size());
  draft.quote(text);
  return encode(draft, addSpecial);
}

Result<Array<int64_t>> Tokenizer::encode(Draft &draft, bool addSpecial) const {
  if (Status status = prepare(*data, draft); status.failed())
    return status;
  Array<int64_t> ids;
  if (addSpecial)
    for (uint32_t id : data->table.before)
      ids.push(id);
  BytePairs pairs(data->table);
  for (const Draft::Piece &piece : draft.pieces()) {
    if (piece.id != kNone)
      ids.push(piece.id);
    else
      pairs.encode(draft.text() + piece.begin, piece.end - piece.begin, ids);
  }
  if (addSpecial)
    for (uint32_t id : data->table.after)
      ids.push(id);
  return ids;
}

int64_t Tokenizer::size() const {
  return static_cast<int64_t>(data->table.tokens.count);
}

bool Tokenizer::has(int64_t id) const {
  return id >= 0 && id < size() &&
         data->table.tokens[static_cast<size_t>(id)].flags & TableToken::Exists;
}

static std::optional<int64_t> optionalId(uint32_t id) {
  if (id == kNone)
    return std::nullopt;
  return id;
}

std::optional<int64_t> Tokenizer::find(const char *text) const {
  const TokenTable &table = data->table;
  size_t size = std::strlen(text);
  for (const TableAddedToken &added : table.added) {
    TableString content = table.tokens[added.id].text;
    if (content.size == size && !std::memcmp(table.text(content), text, size))
      return added.id;
  }
  return optionalId(table.findToken(text, size));
}

std::optional<int64_t> Tokenizer::bos() const {
  return optionalId(data->table.header.begin);
}

std::optional<int64_t> Tokenizer::eos() const {
  return optionalId(data->table.header.end);
}
