// The values that a chat template computes with: those of Python.

#ifndef BITNET_RUNTIME_CHATVALUE_H
#define BITNET_RUNTIME_CHATVALUE_H

#include "bitnet/Runtime/ChatText.h"
#include "bitnet/Runtime/Status.h"

namespace bitnet::runtime {

struct ChatValue {
  enum Kind {
    Undefined,
    None,
    Boolean,
    Integer,
    String,
    List,
    Mapping,
    Namespace, ///< a mapping that can change
    Function,
  };

  Kind kind = Undefined;
  int64_t integer = 0; ///< also of a Boolean
  ChatText text;
  Array<ChatText> keys; ///< of a mapping
  Array<const ChatValue *> items;

  bool isNumber() const { return kind == Boolean || kind == Integer; }
  bool isUndefined() const { return kind == Undefined; }

  /// "a string"
  const char *kindName() const;

  /// What `if` makes of it.
  bool isTrue() const;

  bool operator==(const ChatValue &other) const;

  /// The value of a key; null if there is none.
  const ChatValue *find(const ChatText &key) const;

  /// Sets a key.
  void set(ChatText key, const ChatValue *value);
};

using ChatResult = Result<const ChatValue *>;

/// Appends what `{{ value }}` prints.
Status appendPrinted(ChatText &text, const ChatValue &value);

/// Appends a value as JSON, as json.dumps writes it; with `indent` spaces for
/// each level on lines of its own, unless that is negative.
Status appendJSON(ChatText &text, const ChatValue &value, int64_t indent);

/// Owns all values of a rendering, and bounds what it may take.
class ChatValues {
public:
  ChatValues() = default;
  ChatValues(const ChatValues &) = delete;
  ChatValues &operator=(const ChatValues &) = delete;
  ~ChatValues();

  ChatValue *make(ChatValue::Kind kind);
  const ChatValue *boolean(bool value);
  const ChatValue *integer(int64_t value);
  const ChatValue *string(ChatText text);
  const ChatValue *undefined() { return make(ChatValue::Undefined); }

  /// Counts steps, or bytes of text; false if there were too many.
  bool spend(size_t count) {
    spent += count < kBudget ? count : kBudget;
    return spent < kBudget;
  }

private:
  static constexpr size_t kBudget = 1 << 26;

  Array<ChatValue *> all;
  size_t spent = 0;
};

/// `value[index]`
const ChatValue *itemOf(const ChatValue &value, const ChatValue &index,
                        ChatValues &values);

/// The items of a list, the characters of a string, the keys of a mapping.
ChatResult listOf(const ChatValue &value, ChatValues &values);

/// `value[begin:end:step]`; bounds may be None.
ChatResult sliceOf(const ChatValue &value, const ChatValue *const (&bounds)[3],
                   ChatValues &values);

/// The number of characters, items or keys.
Result<int64_t> lengthOf(const ChatValue &value);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATVALUE_H
