// Post-processors: ids around a text.
#include "Description.h"

using namespace llvm;
using namespace bitnet::tokenizer;
using bitnet::runtime::kNone;

/// The ids that one piece of a template stands for.
static Error appendSpecial(const Fields &piece, const Fields &special,
                           const Description &description,
                           std::vector<uint32_t> &ids) {
  Expected<StringRef> name = piece.string("id");
  if (!name)
    return name.takeError();
  Expected<Fields> token = special.fields(*name);
  if (!token)
    return token.takeError();
  Expected<const json::Array *> list = token->list("ids");
  if (!list)
    return list.takeError();
  for (const json::Value &value : **list) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id >= int64_t(description.tokens.size()) ||
        !description.tokens[*id].flags)
      return createStringError("post-processor: the ids of '" + *name +
                               "' are not in the vocabulary");
    ids.push_back(*id);
  }
  return Error::success();
}

static Error readTemplate(const Fields &step, Description &description) {
  Expected<const json::Array *> pieces = step.list("single");
  if (!pieces)
    return pieces.takeError();
  Expected<Fields> special = step.fields("special_tokens");
  if (!special)
    return special.takeError();
  unsigned texts = 0;
  for (const json::Value &value : **pieces) {
    Expected<Fields> piece = Fields::of(value, "post-processor: a piece");
    if (!piece)
      return piece.takeError();
    if (piece->find("Sequence")) {
      ++texts;
      continue;
    }
    Expected<Fields> token = piece->fields("SpecialToken");
    if (!token)
      return token.takeError();
    if (Error error =
            appendSpecial(*token, *special, description,
                          texts ? description.after : description.before))
      return error;
  }
  if (texts != 1)
    return createStringError("post-processor: a template with " + Twine(texts) +
                             " texts is not supported");
  return Error::success();
}

/// The first of some usual names that is an added token.
static uint32_t findNamed(const Description &description,
                          ArrayRef<StringRef> names) {
  for (StringRef name : names)
    for (const AddedToken &token : description.added)
      if (token.content == name)
        return token.id;
  return kNone;
}

Error bitnet::tokenizer::readPostProcessor(const Fields &file,
                                           Description &description) {
  auto steps =
      sequence(file.find("post_processor"), "processors", "post-processor");
  if (!steps)
    return steps.takeError();
  bool hasTemplate = false;
  for (const Fields &step : *steps) {
    StringRef type = cantFail(step.type());
    if (type == "ByteLevel") // changes offsets only
      continue;
    if (type != "TemplateProcessing" || hasTemplate)
      return createStringError("post-processor '" + type +
                               "' is not supported");
    hasTemplate = true;
    if (Error error = readTemplate(step, description))
      return error;
  }
  description.begin =
      !description.before.empty()
          ? description.before.front()
          : findNamed(description, {"<|begin_of_text|>", "<s>", "<bos>",
                                    "<|startoftext|>", "<|endoftext|>"});
  description.end = !description.after.empty()
                        ? description.after.back()
                        : findNamed(description, {"<|end_of_text|>", "</s>",
                                                  "<eos>", "<|endoftext|>"});
  return Error::success();
}
