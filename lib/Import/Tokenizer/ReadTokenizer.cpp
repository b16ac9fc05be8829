// tokenizer.json -> table.
#include "bitnet/Import/Tokenizer.h"

#include "Description.h"
#include "bitnet/Import/JSONFile.h"

#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace bitnet::tokenizer;

/// Objects in objects are refused beyond this: LLVM's parser is recursive.
static constexpr int kMaxDepth = 64;

static Error checkDepth(StringRef text) {
  int depth = 0;
  bool isString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (isString && c == '\\')
      ++i;
    else if (c == '"')
      isString = !isString;
    else if (!isString)
      depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    if (depth > kMaxDepth)
      return createStringError("the JSON text is nested too deeply");
  }
  return Error::success();
}

Expected<json::Value> bitnet::readJSON(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (std::error_code code = buffer.getError())
    return createStringError("cannot read the file: " + code.message());
  StringRef text = (*buffer)->getBuffer();
  if (Error error = checkDepth(text))
    return error;
  Expected<json::Value> value = json::parse(text);
  if (value)
    return value;
  return createStringError("no JSON text: " + toString(value.takeError()));
}

Expected<bitnet::TokenizerTable> bitnet::readTokenizer(StringRef path) {
  Expected<json::Value> json = readJSON(path);
  if (!json)
    return json.takeError();
  Expected<Fields> file = Fields::of(*json, "the file");
  if (!file)
    return file.takeError();
  Description description;
  for (auto *read : {readNormalizer, readModel, readAddedTokens,
                     readPreTokenizer, readPostProcessor, readDecoder})
    if (Error error = read(*file, description))
      return error;
  return TokenizerTable{writeTable(description),
                        int64_t(description.tokens.size())};
}
