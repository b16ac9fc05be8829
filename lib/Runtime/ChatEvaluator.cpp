// Statements and values of a chat template.

#include "ChatEvaluator.h"

using namespace bitnet::runtime;

ChatText ChatEvaluator::textOf(TableString string) const {
  ChatText text;
  text.append(program.text(string), string.size);
  return text;
}

/// In the innermost loop, whose variables end with each round.
void ChatEvaluator::assign(ChatText name, const ChatValue *value) {
  for (size_t i = scope; i < variables.size(); ++i)
    if (variables[i].name == name) {
      variables[i].value = value;
      return;
    }
  variables.push({std::move(name), value});
}

const ChatValue *ChatEvaluator::lookUp(const ChatText &name) {
  for (size_t i = variables.size(); i-- > 0;)
    if (variables[i].name == name)
      return variables[i].value;
#define CHAT_NAME(kind, spelling, id, least, most)                             \
  if (!std::strcmp(#kind, "Function") && name == ChatText(spelling))           \
    return values.make(ChatValue::Function);
#include "bitnet/Runtime/ChatFunctions.def"
  return values.undefined();
}

Result<ChatText> ChatEvaluator::run() {
  if (Status status = execute(program.header.root); status.failed())
    return status;
  return std::move(output);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

/// What `loop` is in one round.
const ChatValue *ChatEvaluator::loopValue(const ChatValue &list, size_t index) {
  auto size = int64_t(list.items.size()), at = int64_t(index);
  ChatValue *loop = values.make(ChatValue::Mapping);
  loop->set(ChatText("index"), values.integer(at + 1));
  loop->set(ChatText("index0"), values.integer(at));
  loop->set(ChatText("revindex"), values.integer(size - at));
  loop->set(ChatText("revindex0"), values.integer(size - at - 1));
  loop->set(ChatText("first"), values.boolean(at == 0));
  loop->set(ChatText("last"), values.boolean(at + 1 == size));
  loop->set(ChatText("length"), values.integer(size));
  loop->set(ChatText("previtem"),
            at ? list.items[index - 1] : values.undefined());
  loop->set(ChatText("nextitem"),
            at + 1 < size ? list.items[index + 1] : values.undefined());
  return loop;
}

Status ChatEvaluator::executeFor(const ChatNode &node) {
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value.takeError();
  ChatResult list = listOf(**value, values);
  if (list.failed())
    return list.takeError();
  size_t outer = std::exchange(scope, variables.size());
  Status status = Status::success();
  for (size_t i = 0; i < (*list)->items.size() && !status.failed(); ++i) {
    variables.resize(scope);
    assign(textOf(node.text), (*list)->items[i]);
    assign(ChatText("loop"), loopValue(**list, i));
    status = execute(program.child(node, 1));
  }
  variables.resize(scope);
  scope = outer;
  if (!status.failed() && (*list)->items.empty())
    return execute(program.child(node, 2));
  return status;
}

Status ChatEvaluator::executeFields(const ChatNode &node) {
  ChatResult target = evaluate(program.child(node, 0));
  if (target.failed())
    return target.takeError();
  ChatResult value = evaluate(program.child(node, 1));
  if (value.failed())
    return value.takeError();
  if ((*target)->kind != ChatValue::Namespace)
    return Status::error("the chat template sets a field of %s",
                         (*target)->kindName());
  // The one kind of value that changes.
  const_cast<ChatValue *>(*target)->set(textOf(node.text), *value);
  return Status::success();
}

Status ChatEvaluator::execute(uint32_t index) {
  if (index == kNone)
    return Status::success();
  if (!values.spend(16))
    return Status::error("the chat template does not come to an end");
  const ChatNode &node = program.nodes[index];
  switch (node.op) {
  case ChatOp::Write:
    output.append(program.text(node.text), node.text.size);
    return values.spend(node.text.size)
               ? Status::success()
               : Status::error("the chat template does not come to an end");
  case ChatOp::For:
    return executeFor(node);
  case ChatOp::SetField:
    return executeFields(node);
  case ChatOp::Sequence:
    for (uint32_t i = 0; i < node.children.count; ++i)
      if (Status status = execute(program.child(node, i)); status.failed())
        return status;
    return Status::success();
  default:
    break;
  }
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value.takeError();
  if (node.op == ChatOp::If)
    return execute(program.child(node, (*value)->isTrue() ? 1 : 2));
  if (node.op == ChatOp::Print)
    return appendPrinted(output, **value);
  if (node.op != ChatOp::Set)
    return Status::error("the chat template's table has a value for a "
                         "statement");
  assign(textOf(node.text), *value);
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

ChatResult ChatEvaluator::evaluateLeaf(const ChatNode &node) {
  switch (node.op) {
  case ChatOp::String:
    return values.string(textOf(node.text));
  case ChatOp::Integer:
    return values.integer(static_cast<int32_t>(node.number));
  case ChatOp::Boolean:
    return values.boolean(node.number != 0);
  case ChatOp::Variable:
    return lookUp(textOf(node.text));
  default:
    return values.make(ChatValue::None);
  }
}

static Status undefinedError(const char *what) {
  return Status::error("the chat template wants %s of an undefined value",
                       what);
}

ChatResult ChatEvaluator::evaluateField(const ChatNode &node) {
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value;
  if ((*value)->isUndefined())
    return undefinedError("a field");
  const ChatValue *found = (*value)->find(textOf(node.text));
  return found ? found : values.undefined();
}

ChatResult ChatEvaluator::evaluateItem(const ChatNode &node) {
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value;
  ChatResult index = evaluate(program.child(node, 1));
  if (index.failed())
    return index;
  if ((*value)->isUndefined())
    return undefinedError("an item");
  return itemOf(**value, **index, values);
}

ChatResult ChatEvaluator::evaluateSlice(const ChatNode &node) {
  ChatResult value = evaluate(program.child(node, 0));
  if (value.failed())
    return value;
  const ChatValue *bounds[3];
  for (uint32_t i = 0; i < 3; ++i) {
    ChatResult bound = evaluate(program.child(node, i + 1));
    if (bound.failed())
      return bound;
    bounds[i] = *bound;
  }
  return sliceOf(**value, bounds, values);
}

ChatResult ChatEvaluator::evaluateApply(const ChatNode &node) {
  ChatArguments arguments;
  ChatValue keywords; // of a namespace
  for (uint32_t i = 0; i < node.children.count; ++i) {
    const ChatNode &child = program.nodes[program.child(node, i)];
    bool isKeyword = child.op == ChatOp::Keyword;
    ChatResult value =
        evaluate(isKeyword ? program.child(child, 0) : program.child(node, i));
    if (value.failed())
      return value;
    if (isKeyword)
      keywords.set(textOf(child.text), *value);
    else
      arguments.push(*value);
  }
  ChatResult result =
      applyFunction(ChatFunction(node.number), arguments, values);
  if (!result.failed() && !keywords.keys.empty()) {
    auto *made = const_cast<ChatValue *>(*result);
    std::swap(made->keys, keywords.keys);
    std::swap(made->items, keywords.items);
  }
  return result;
}

ChatResult ChatEvaluator::evaluate(uint32_t index) {
  if (index == kNone)
    return values.undefined();
  const ChatNode &node = program.nodes[index];
  if (!values.spend(16 + node.text.size))
    return Status::error("the chat template does not come to an end");
  switch (node.op) {
  case ChatOp::List: {
    ChatValue *list = values.make(ChatValue::List);
    for (uint32_t i = 0; i < node.children.count; ++i) {
      ChatResult item = evaluate(program.child(node, i));
      if (item.failed())
        return item;
      list->items.push(*item);
    }
    return list;
  }
  case ChatOp::Field:
    return evaluateField(node);
  case ChatOp::Item:
    return evaluateItem(node);
  case ChatOp::Slice:
    return evaluateSlice(node);
  case ChatOp::Apply:
    return evaluateApply(node);
  case ChatOp::Choose:
  case ChatOp::Not:
  case ChatOp::Negate:
  case ChatOp::And:
  case ChatOp::Or:
    return evaluateLogic(node);
  default:
    return node.op > ChatOp::Or ? evaluateBinary(node) : evaluateLeaf(node);
  }
}
