// What a chat template is compiled to. The compiler writes it, the runtime
// reads it; README.md in lib/Runtime describes it. All numbers are
// little-endian.

#ifndef BITNET_RUNTIME_CHATTABLE_H
#define BITNET_RUNTIME_CHATTABLE_H

#include "bitnet/Runtime/TokenizerTable.h"

namespace bitnet::runtime {

constexpr char kChatMagic[8] = {'b', 'i', 't', 'n', 'e', 't', 'C', 'T'};
constexpr uint32_t kChatVersion = 1;

/// The deepest tree of nodes: the runtime walks it by recursion.
constexpr uint32_t kChatDepth = 500;

/// What a node of a template does. In brackets are its children; those with a
/// question mark may be missing.
enum class ChatOp : uint32_t {
  Sequence, ///< [statement ...]
  Write,    ///< `text`
  Print,    ///< [value]
  If,       ///< [condition, statement, statement?]
  For,      ///< `text` is the variable; [list, body, statement if it is empty?]
  Set,      ///< `text` is the variable; [value]
  SetField, ///< `text` is the field; [namespace, value]

  String,   ///< `text`
  Integer,  ///< `number`, as int32_t
  Boolean,  ///< `number`
  None,     ///< also where a bound of a slice is missing
  Variable, ///< `text`
  List,     ///< [value ...]
  Field,    ///< `text` of [value]
  Item,     ///< [value, key]
  Slice,    ///< [value, begin, end, step]
  Choose,   ///< [condition, value, value?]
  Apply,    ///< `number` is a ChatFunction; [argument ...]
  Keyword,  ///< `text`: an argument's name; [value]

  Not, ///< [value], as is the next
  Negate,
  And, ///< [left, right], as are all that follow
  Or,
  Add,
  Subtract,
  Multiply,
  Divide, ///< rounding down
  Modulo,
  Join, ///< as text
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  In,
  Outside, ///< the last one
};

/// Filters, tests, methods and functions, which are one thing here.
enum class ChatFunction : uint32_t {
#define CHAT_FUNCTION(id) id,
#define CHAT_NAME(...)
#include "bitnet/Runtime/ChatFunctions.def"
  Count
};

struct ChatNode {
  ChatOp op = ChatOp::None;
  uint32_t number = 0;
  TableString text;
  TableSection children; ///< `offset` counts in the children's section
};

/// A variable that the tokenizer's configuration sets, as `bos_token`.
struct ChatVariable {
  TableString name, text;
};

struct ChatHeader {
  char magic[8];
  uint32_t version;
  uint32_t size;          ///< of the whole table, in bytes
  uint32_t root;          ///< a node; kNone: the model has no template
  TableSection strings;   ///< bytes
  TableSection nodes;     ///< ChatNode; children come before their parents
  TableSection children;  ///< nodes
  TableSection variables; ///< ChatVariable
  TableSection ends;      ///< ids that end a turn
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATTABLE_H
