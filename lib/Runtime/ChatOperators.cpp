// Operators of a chat template.

#include "ChatEvaluator.h"

using namespace bitnet::runtime;

ChatResult ChatEvaluator::evaluateLogic(const ChatNode &node) {
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value;
  bool isTrue = (*value)->isTrue();
  switch (node.op) {
  case ChatOp::Choose:
    return evaluate(program.child(node, isTrue ? 1 : 2));
  case ChatOp::Not:
    return values.boolean(!isTrue);
  case ChatOp::And:
    return isTrue ? evaluate(program.child(node, 1)) : std::move(value);
  case ChatOp::Or:
    return isTrue ? std::move(value) : evaluate(program.child(node, 1));
  default:
    break;
  }
  if (!(*value)->isNumber() || (*value)->integer == INT64_MIN)
    return Status::error("the chat template negates %s", (*value)->kindName());
  return values.integer(-(*value)->integer);
}

/// Python's arithmetic, which rounds down. False if there is no result.
static bool calculate(ChatOp op, int64_t a, int64_t b, int64_t &result) {
  switch (op) {
  case ChatOp::Add:
    return !__builtin_add_overflow(a, b, &result);
  case ChatOp::Subtract:
    return !__builtin_sub_overflow(a, b, &result);
  case ChatOp::Multiply:
    return !__builtin_mul_overflow(a, b, &result);
  default:
    break;
  }
  if (b == 0 || (a == INT64_MIN && b == -1))
    return false;
  int64_t quotient = a / b, rest = a % b;
  bool isBelow = rest != 0 && (rest < 0) != (b < 0);
  result = op == ChatOp::Divide ? quotient - isBelow : rest + (isBelow ? b : 0);
  return true;
}

/// -1, 0 or 1, by bytes, which in UTF-8 is by characters.
static int order(const ChatText &a, const ChatText &b) {
  size_t size = a.size() < b.size() ? a.size() : b.size();
  int found = size ? std::memcmp(a.data(), b.data(), size) : 0;
  return found ? found : int(a.size() > b.size()) - int(a.size() < b.size());
}

static bool isInOrder(ChatOp op, int order) {
  switch (op) {
  case ChatOp::Less:
    return order < 0;
  case ChatOp::LessOrEqual:
    return order <= 0;
  case ChatOp::Greater:
    return order > 0;
  default:
    return order >= 0;
  }
}

static Result<bool> contains(const ChatValue &all, const ChatValue &part) {
  if (all.isUndefined())
    return false;
  if (all.kind == ChatValue::String && part.kind == ChatValue::String) {
    for (size_t i = 0; i <= all.text.size(); ++i)
      if (all.text.matches(i, part.text))
        return true;
    return false;
  }
  if (all.kind == ChatValue::Mapping)
    return part.kind == ChatValue::String && all.find(part.text);
  if (all.kind != ChatValue::List)
    return Status::error("the chat template looks for %s in %s",
                         part.kindName(), all.kindName());
  for (const ChatValue *item : all.items)
    if (*item == part)
      return true;
  return false;
}

static ChatResult concatenate(const ChatValue &a, const ChatValue &b,
                              ChatValues &values) {
  if (!values.spend(a.text.size() + b.text.size() + a.items.size() +
                    b.items.size()))
    return Status::error("the chat template does not come to an end");
  ChatValue *both = values.make(a.kind);
  both->text.append(a.text);
  both->text.append(b.text);
  for (const ChatValue *item : a.items)
    both->items.push(item);
  for (const ChatValue *item : b.items)
    both->items.push(item);
  return both;
}

static ChatResult joinAsText(const ChatValue &a, const ChatValue &b,
                             ChatValues &values) {
  ChatValue left, right;
  left.kind = right.kind = ChatValue::String;
  Status status = appendPrinted(left.text, a);
  if (!status.failed())
    status = appendPrinted(right.text, b);
  if (status.failed())
    return status;
  return concatenate(left, right, values);
}

ChatResult ChatEvaluator::compute(ChatOp op, const ChatValue &a,
                                  const ChatValue &b) {
  bool areNumbers = a.isNumber() && b.isNumber();
  bool areTexts = a.kind == ChatValue::String && b.kind == ChatValue::String;
  bool areLists = a.kind == ChatValue::List && b.kind == ChatValue::List;
  int64_t result;
  if (op >= ChatOp::Less && op <= ChatOp::GreaterOrEqual &&
      (areNumbers || areTexts))
    return values.boolean(isInOrder(op, areTexts
                                            ? order(a.text, b.text)
                                            : int(a.integer > b.integer) -
                                                  int(a.integer < b.integer)));
  if (op == ChatOp::Add && (areTexts || areLists))
    return concatenate(a, b, values);
  if (op <= ChatOp::Modulo && areNumbers &&
      calculate(op, a.integer, b.integer, result))
    return values.integer(result);
  return Status::error("the chat template computes with %s and %s, which is "
                       "not possible",
                       a.kindName(), b.kindName());
}

ChatResult ChatEvaluator::evaluateBinary(const ChatNode &node) {
  ChatResult left = evaluate(program.child(node, 0));
  if (left.failed())
    return left;
  ChatResult right = evaluate(program.child(node, 1));
  if (right.failed())
    return right;
  const ChatValue &a = **left, &b = **right;
  switch (node.op) {
  case ChatOp::Equal:
    return values.boolean(a == b);
  case ChatOp::NotEqual:
    return values.boolean(!(a == b));
  case ChatOp::Join:
    return joinAsText(a, b, values);
  case ChatOp::In:
  case ChatOp::Outside: {
    Result<bool> found = contains(b, a);
    if (found.failed())
      return found.takeError();
    return values.boolean(*found == (node.op == ChatOp::In));
  }
  default:
    return compute(node.op, a, b);
  }
}
