// Tokens that were added to the model's, the special ones among them.
#include "Description.h"

#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using bitnet::runtime::TableAddedToken;
using bitnet::runtime::TableToken;

static Expected<AddedToken> readToken(const json::Value &value) {
  Expected<Fields> fields = Fields::of(value, "added token");
  if (!fields)
    return fields.takeError();
  Expected<StringRef> content = fields->string("content");
  if (!content)
    return content.takeError();
  Expected<uint32_t> id = fields->number("id");
  if (!id)
    return id.takeError();
  AddedToken token;
  token.content = content->str();
  token.id = *id;
  std::pair<StringRef, uint32_t> flags[] = {
      {"lstrip", TableAddedToken::StripsLeft},
      {"rstrip", TableAddedToken::StripsRight},
      {"single_word", TableAddedToken::SingleWord},
      {"normalized", TableAddedToken::Normalized}};
  for (auto [key, flag] : flags) {
    Expected<bool> isSet = fields->boolean(key, false);
    if (!isSet)
      return isSet.takeError();
    token.flags |= *isSet ? flag : 0;
  }
  Expected<bool> isSpecial = fields->boolean("special", false);
  if (!isSpecial)
    return isSpecial.takeError();
  token.isSpecial = *isSpecial;
  return token;
}

/// The ids of tokens that the model doesn't have count on from its own.
static Error checkId(const AddedToken &token, uint32_t &next,
                     const Description &description) {
  auto found = description.ids.find(token.content);
  uint32_t wanted = found != description.ids.end() ? found->second : next++;
  if (token.id != wanted)
    return createStringError("added token '" + token.content + "' has id " +
                             Twine(token.id) + ", wanted " + Twine(wanted));
  if (found == description.ids.end() && wanted < description.tokens.size() &&
      description.tokens[wanted].flags)
    return createStringError("added token '" + token.content + "' and token '" +
                             description.tokens[wanted].text +
                             "' have the same id " + Twine(wanted));
  return Error::success();
}

/// Two that look the same could not be told apart.
static Error checkPatterns(const Description &description) {
  StringSet<> plain, normalized;
  for (const AddedToken &token : description.added) {
    bool isNormalized = token.flags & TableAddedToken::Normalized;
    auto &patterns = isNormalized ? normalized : plain;
    if (token.pattern.empty() || !patterns.insert(token.pattern).second)
      return createStringError(
          "added token '" + token.content +
          "' is empty or the same as another one after normalization");
  }
  return Error::success();
}

static Error add(AddedToken token, uint32_t &next, Description &description) {
  auto same = find_if(description.added, [&](const AddedToken &other) {
    return other.content == token.content;
  });
  bool isKnown = same != description.added.end();
  if (token.content.empty() || (isKnown && *same == token))
    return Error::success();
  if (isKnown)
    token.id = same->id;
  else if (Error error = checkId(token, next, description))
    return error;
  if (Error error = description.reserve(token.id, token.content))
    return error;
  token.pattern = token.flags & TableAddedToken::Normalized
                      ? normalize(token.content, description.normalizer)
                      : token.content;
  Token &entry = description.tokens[token.id];
  entry.flags = TableToken::Exists;
  entry.text = token.content;
  entry.shown = token.pattern;
  if (isKnown)
    *same = std::move(token);
  else
    description.added.push_back(std::move(token));
  return Error::success();
}

Error bitnet::tokenizer::readAddedTokens(const Fields &file,
                                         Description &description) {
  if (!file.find("added_tokens"))
    return Error::success();
  Expected<const json::Array *> list = file.list("added_tokens");
  if (!list)
    return list.takeError();
  uint32_t next = description.ids.size();
  StringSet<> special;
  for (const json::Value &value : **list) {
    Expected<AddedToken> token = readToken(value);
    if (!token)
      return token.takeError();
    if (token->isSpecial)
      special.insert(token->content);
    if (Error error = add(std::move(*token), next, description))
      return error;
  }
  for (Token &token : description.tokens)
    if (token.flags && special.contains(token.shown))
      token.flags |= TableToken::Hidden;
  return checkPatterns(description);
}
