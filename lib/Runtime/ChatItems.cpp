// Items and slices of a chat template's values.

#include "ChatValue.h"
#include "UTF8.h"

using namespace bitnet::runtime;

/// Where each character of clean text begins, and where the last one ends.
static Array<size_t> characterPlaces(const ChatText &text) {
  Array<size_t> places;
  for (size_t i = 0; i < text.size(); i += characterSize(text[i]))
    places.push(i);
  places.push(text.size());
  return places;
}

static const ChatValue *partOf(const ChatText &text, size_t begin, size_t end,
                               ChatValues &values) {
  ChatText part;
  part.append(text, begin, end);
  return values.string(std::move(part));
}

Result<int64_t> bitnet::runtime::lengthOf(const ChatValue &value) {
  switch (value.kind) {
  case ChatValue::Undefined:
    return int64_t(0);
  case ChatValue::String:
    return int64_t(characterPlaces(value.text).size()) - 1;
  case ChatValue::List:
  case ChatValue::Mapping:
    return int64_t(value.items.size());
  default:
    return Status::error("the chat template wants the length of %s",
                         value.kindName());
  }
}

ChatResult bitnet::runtime::listOf(const ChatValue &value, ChatValues &values) {
  if (value.kind == ChatValue::List)
    return &value;
  ChatValue *list = values.make(ChatValue::List);
  if (value.kind == ChatValue::Mapping) {
    for (const ChatText &key : value.keys)
      list->items.push(partOf(key, 0, key.size(), values));
  } else if (value.kind == ChatValue::String) {
    Array<size_t> places = characterPlaces(value.text);
    for (size_t i = 0; i + 1 < places.size(); ++i)
      list->items.push(partOf(value.text, places[i], places[i + 1], values));
  } else if (!value.isUndefined()) {
    return Status::error("the chat template wants the items of %s",
                         value.kindName());
  }
  return list;
}

const ChatValue *bitnet::runtime::itemOf(const ChatValue &value,
                                         const ChatValue &index,
                                         ChatValues &values) {
  const ChatValue *found = nullptr;
  if (index.kind == ChatValue::String)
    found = value.find(index.text);
  if (!index.isNumber() ||
      (value.kind != ChatValue::List && value.kind != ChatValue::String))
    return found ? found : values.undefined();
  ChatResult list = listOf(value, values);
  int64_t size = int64_t((*list)->items.size());
  int64_t place = index.integer < 0 ? index.integer + size : index.integer;
  return place >= 0 && place < size ? (*list)->items[size_t(place)]
                                    : values.undefined();
}

/// A bound as Python understands it: from the end if negative, then clamped.
static int64_t clampBound(const ChatValue &bound, int64_t size, int64_t low,
                          int64_t high) {
  int64_t place = bound.integer < 0 ? bound.integer + size : bound.integer;
  return place < low ? low : place > high ? high : place;
}

ChatResult bitnet::runtime::sliceOf(const ChatValue &value,
                                    const ChatValue *const (&bounds)[3],
                                    ChatValues &values) {
  if (value.kind != ChatValue::List && value.kind != ChatValue::String)
    return Status::error("the chat template wants a slice of %s",
                         value.kindName());
  for (const ChatValue *bound : bounds)
    if (!bound->isNumber() && bound->kind != ChatValue::None)
      return Status::error("the chat template slices at %s", bound->kindName());
  int64_t step = bounds[2]->isNumber() ? bounds[2]->integer : 1;
  if (!step)
    return Status::error("the chat template makes a slice of steps of 0");
  ChatResult list = listOf(value, values);
  int64_t size = int64_t((*list)->items.size());
  int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
  int64_t begin = step < 0 ? high : low, end = step < 0 ? low : high;
  if (bounds[0]->isNumber())
    begin = clampBound(*bounds[0], size, low, high);
  if (bounds[1]->isNumber())
    end = clampBound(*bounds[1], size, low, high);
  ChatValue *slice = values.make(value.kind);
  for (int64_t i = begin; step < 0 ? i > end : i < end; i += step) {
    const ChatValue *item = (*list)->items[size_t(i)];
    if (value.kind == ChatValue::List)
      slice->items.push(item);
    else
      slice->text.append(item->text);
    if ((step < 0 ? i - end : end - i) <= (step < 0 ? -step : step))
      break; // so that no sum overflows
  }
  return slice;
}
