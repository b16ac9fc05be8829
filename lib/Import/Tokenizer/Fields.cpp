// Reading JSON with errors.
#include "Fields.h"

using namespace llvm;
using bitnet::tokenizer::Fields;

/// Sequences in sequences are refused beyond this.
static constexpr unsigned kMaxDepth = 8;

Error Fields::wants(StringRef key, StringRef what) const {
  return createStringError(place + ": '" + key + "' wants " + what);
}

Expected<Fields> Fields::of(const json::Value &value, const Twine &place) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return createStringError(place + " is no object");
  return Fields(*object, place);
}

const json::Value *Fields::find(StringRef key) const {
  const json::Value *value = object->get(key);
  return value && value->kind() != json::Value::Null ? value : nullptr;
}

Expected<bool> Fields::boolean(StringRef key, bool otherwise) const {
  const json::Value *value = find(key);
  if (!value)
    return otherwise;
  if (std::optional<bool> boolean = value->getAsBoolean())
    return *boolean;
  return wants(key, "true or false");
}

Expected<StringRef> Fields::string(StringRef key) const {
  const json::Value *value = find(key);
  if (std::optional<StringRef> string =
          value ? value->getAsString() : std::nullopt)
    return *string;
  return wants(key, "a string");
}

Expected<const json::Array *> Fields::list(StringRef key) const {
  const json::Value *value = find(key);
  if (const json::Array *array = value ? value->getAsArray() : nullptr)
    return array;
  return wants(key, "a list");
}

Expected<Fields> Fields::fields(StringRef key) const {
  const json::Value *value = find(key);
  if (const json::Object *found = value ? value->getAsObject() : nullptr)
    return Fields(*found, place + ": " + key);
  return wants(key, "an object");
}

Expected<uint32_t> Fields::number(StringRef key) const {
  const json::Value *value = find(key);
  std::optional<int64_t> number = value ? value->getAsInteger() : std::nullopt;
  if (number && *number >= 0 && *number < INT32_MAX)
    return static_cast<uint32_t>(*number);
  return wants(key, "a number from 0");
}

static Error append(const json::Value &value, StringRef key, const Twine &place,
                    unsigned depth, std::vector<Fields> &steps) {
  if (depth == kMaxDepth)
    return createStringError(place + " has too many sequences in sequences");
  Expected<Fields> step = Fields::of(value, place);
  if (!step)
    return step.takeError();
  Expected<StringRef> type = step->type();
  if (!type)
    return type.takeError();
  if (*type != "Sequence") {
    steps.emplace_back(step->json(), place + " " + *type);
    return Error::success();
  }
  Expected<const json::Array *> list = step->list(key);
  if (!list)
    return list.takeError();
  for (const json::Value &item : **list)
    if (Error error = append(item, key, place, depth + 1, steps))
      return error;
  return Error::success();
}

Expected<std::vector<Fields>>
bitnet::tokenizer::sequence(const json::Value *value, StringRef key,
                            const Twine &place) {
  std::vector<Fields> steps;
  if (value)
    if (Error error = append(*value, key, place, 0, steps))
      return error;
  return steps;
}
