// The model: its vocabulary and merges.
#include "Description.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using bitnet::runtime::TableToken;
using bitnet::runtime::TokenizerHeader;

/// Larger ids are taken for damage.
static constexpr uint32_t kMaxId = (1 << 21) - 1;

Error Description::reserve(uint32_t id, StringRef text) {
  if (id > kMaxId)
    return createStringError("token '" + text + "' has id " + Twine(id) +
                             ", the largest is " + Twine(kMaxId));
  if (id >= tokens.size())
    tokens.resize(id + 1);
  return Error::success();
}

static Error readVocabulary(const Fields &model, Description &description) {
  Expected<Fields> vocabulary = model.fields("vocab");
  if (!vocabulary)
    return vocabulary.takeError();
  for (const auto &[key, value] : vocabulary->json()) {
    StringRef text = key;
    Expected<uint32_t> id = vocabulary->number(text);
    if (!id)
      return id.takeError();
    if (Error error = description.reserve(*id, text))
      return error;
    Token &token = description.tokens[*id];
    if (token.flags)
      return createStringError("tokens '" + token.text + "' and '" + text +
                               "' have the same id " + Twine(*id));
    token.flags = TableToken::Exists;
    token.text = token.shown = text.str();
    description.ids[text] = *id;
  }
  return Error::success();
}

/// The two parts of a merge: `["a", "b"]` or, in older files, `"a b"`.
static Expected<std::pair<StringRef, StringRef>>
partsOf(const json::Value &merge, size_t rank) {
  if (std::optional<StringRef> text = merge.getAsString()) {
    auto [left, right] = text->split(' ');
    if (text->count(' ') == 1)
      return std::make_pair(left, right);
  }
  const json::Array *pair = merge.getAsArray();
  if (pair && pair->size() == 2) {
    std::optional<StringRef> left = (*pair)[0].getAsString();
    std::optional<StringRef> right = (*pair)[1].getAsString();
    if (left && right)
      return std::make_pair(*left, *right);
  }
  return createStringError("merge " + Twine(rank) + " is no pair of tokens");
}

static Expected<uint32_t> find(const Description &description, StringRef text,
                               size_t rank) {
  auto found = description.ids.find(text);
  if (found == description.ids.end())
    return createStringError("merge " + Twine(rank) + " wants the token '" +
                             text + "', which is not in the vocabulary");
  return found->second;
}

static Error readMerge(const json::Value &merge, Description &description) {
  size_t rank = description.merges.size();
  auto parts = partsOf(merge, rank);
  if (!parts)
    return parts.takeError();
  uint32_t ids[3];
  std::string joined = (parts->first + parts->second).str();
  StringRef texts[] = {parts->first, parts->second, joined};
  for (auto [id, text] : zip(ids, texts)) {
    Expected<uint32_t> found = find(description, text, rank);
    if (!found)
      return found.takeError();
    id = *found;
  }
  description.merges.push_back({ids[0], ids[1], ids[2]});
  return Error::success();
}

static Error readMerges(const Fields &model, Description &description) {
  Expected<const json::Array *> merges = model.list("merges");
  if (!merges)
    return merges.takeError();
  for (const json::Value &merge : **merges) {
    std::optional<StringRef> text = merge.getAsString();
    if (text && text->starts_with("#version"))
      continue;
    if (Error error = readMerge(merge, description))
      return error;
  }
  return Error::success();
}

static Error readFlags(const Fields &model, Description &description) {
  std::pair<StringRef, uint32_t> flags[] = {
      {"ignore_merges", TokenizerHeader::IgnoreMerges},
      {"byte_fallback", TokenizerHeader::ByteFallback},
      {"fuse_unk", TokenizerHeader::FuseUnknown}};
  for (auto [key, flag] : flags) {
    Expected<bool> isSet = model.boolean(key, false);
    if (!isSet)
      return isSet.takeError();
    description.flags |= *isSet ? flag : 0;
  }
  return Error::success();
}

/// Options that few tokenizers use and the runtime doesn't have.
static Error refuseOptions(const Fields &model) {
  const json::Value *dropout = model.find("dropout");
  if (dropout && dropout->getAsNumber() != 0.0)
    return createStringError("model: dropout is not supported");
  for (StringRef key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const json::Value *text = model.find(key))
      if (text->getAsString() != StringRef())
        return createStringError("model: " + key + " is not supported");
  return Error::success();
}

static Error readUnknown(const Fields &model, Description &description) {
  if (!model.find("unk_token"))
    return Error::success();
  Expected<StringRef> text = model.string("unk_token");
  if (!text)
    return text.takeError();
  auto found = description.ids.find(*text);
  if (found == description.ids.end())
    return createStringError("model: unk_token '" + *text +
                             "' is not in the vocabulary");
  description.unknown = found->second;
  return Error::success();
}

Error bitnet::tokenizer::readModel(const Fields &file,
                                   Description &description) {
  Expected<Fields> model = file.fields("model");
  if (!model)
    return model.takeError();
  Expected<StringRef> type = model->type();
  if (!type)
    return type.takeError();
  if (*type != "BPE")
    return createStringError("model type '" + *type +
                             "' is not supported, only BPE is");
  for (auto *read : {readVocabulary, readMerges, readFlags, readUnknown})
    if (Error error = read(*model, description))
      return error;
  return refuseOptions(*model);
}
