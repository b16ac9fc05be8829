// What stands behind a value: fields, items, methods, filters and tests.
#include "Parser.h"

using namespace llvm;
using namespace bitnet::chat;

/// How many of its arguments a filter makes text of first.
static size_t textCount(const Callee &callee) {
  bool isText = callee.function >= ChatFunction::Strip &&
                callee.function <= ChatFunction::EndsWith;
  if (callee.kind != CalleeKind::Filter || !isText)
    return 0;
  return callee.function == ChatFunction::Replace ? 3 : 1;
}

NodeResult Parser::parsePostfix(NodeId value) {
  NodeResult node = value;
  while (node) {
    if (take(Token::Operator, "."))
      node = parseField(*node);
    else if (take(Token::Operator, "["))
      node = parseSubscript(*node);
    else if (isOperator("("))
      return fail("unsupported: a call of something that is no name");
    else
      break;
  }
  return node;
}

NodeResult Parser::parseField(NodeId value) {
  std::string name = token().text;
  if (token().kind != Token::Name)
    return fail("expected the name of a field");
  bool isLoop = loops && tree.node(value).op == ChatOp::Variable &&
                tree.text(value) == "loop";
  if (isLoop && !isLoopField(name))
    return fail("unsupported field '" + name + "' of a loop");
  if (following().is(Token::Operator, "(")) {
    auto method = findCallee(CalleeKind::Method, name);
    if (!method)
      return fail("unsupported method '" + name + "'");
    ++at;
    return parseCall(*method, {value});
  }
  if (!isLoop && isMethodOfPython(name))
    return fail("unsupported: '." + name + "' without a call");
  ++at;
  return tree.add(ChatOp::Field, value, name);
}

/// `[key]` or `[begin:end:step]`
NodeResult Parser::parseSubscript(NodeId value) {
  std::vector<NodeId> parts = {value};
  bool isSlice = false;
  NodeId none = tree.add(ChatOp::None), last = none;
  for (;;) {
    if (!isOperator(":") && !isOperator("]")) {
      NodeResult part = parseValue();
      if (!part)
        return part;
      last = *part;
    }
    parts.push_back(std::exchange(last, none));
    if (isOperator(","))
      return fail("unsupported: a tuple");
    if (parts.size() == 4 || !take(Token::Operator, ":"))
      break;
    isSlice = true;
  }
  NodeId key = parts[1];
  if (!isSlice && key == none)
    return fail("expected a value");
  if (Error error = expect("]"))
    return std::move(error);
  if (isSlice) {
    parts.resize(4, none);
    return tree.add(ChatOp::Slice, parts);
  }
  if (tree.node(key).op == ChatOp::String && isMethodOfPython(tree.text(key)))
    return fail("unsupported: '" + tree.text(key) + "' as a key");
  return tree.add(ChatOp::Item, parts);
}

NodeResult Parser::parseFilters(NodeId value) {
  NodeResult node = value;
  while (node) {
    if (take(Token::Operator, "|"))
      node = parseFilter(*node);
    else if (take(Token::Name, "is"))
      node = parseTest(*node);
    else if (isOperator("("))
      return fail("unsupported: a call of something that is no name");
    else
      break;
  }
  return node;
}

NodeResult Parser::parseFilter(NodeId value) {
  if (token().kind != Token::Name)
    return fail("expected a filter");
  auto filter = findCallee(CalleeKind::Filter, token().text);
  if (!filter)
    return fail("unsupported filter '" + token().text + "'");
  ++at;
  if (isOperator("("))
    return parseCall(*filter, {value});
  return makeCall(*filter, {value});
}

/// What stands behind `is`. None of the known tests takes a value.
NodeResult Parser::parseTest(NodeId value) {
  bool isNegated = take(Token::Name, "not");
  if (token().kind != Token::Name)
    return fail("expected a test");
  auto test = findCallee(CalleeKind::Test, token().text);
  if (!test)
    return fail("unsupported test '" + token().text + "'");
  ++at;
  bool isOver = isName("else") || isName("or") || isName("and");
  if (token().kind == Token::String || token().kind == Token::Integer ||
      isOperator("(") || isOperator("[") || isOperator("{") ||
      (token().kind == Token::Name && !isOver))
    return fail("unsupported: a value for the test '" + test->name + "'");
  NodeResult node = makeCall(*test, {value});
  if (node && isNegated)
    return tree.add(ChatOp::Not, *node);
  return node;
}

/// Puts an argument given by name where it belongs; that of a namespace stays
/// what it is.
Error Parser::addKeyword(const Callee &callee, StringRef name,
                         std::vector<NodeId> &arguments) {
  NodeResult value = parseValue();
  if (!value)
    return value.takeError();
  if (callee.function == ChatFunction::Namespace) {
    arguments.push_back(tree.add(ChatOp::Keyword, *value, name));
    return Error::success();
  }
  auto place = keywordPlace(callee.function, name);
  if (!place || *place < arguments.size())
    return fail("unsupported argument '" + name + "' of '" + callee.name + "'");
  while (arguments.size() < *place)
    arguments.push_back(tree.add(ChatOp::String));
  arguments.push_back(*value);
  return Error::success();
}

Error Parser::parseArgument(const Callee &callee,
                            std::vector<NodeId> &arguments) {
  if (isOperator("*") || isOperator("**"))
    return fail("unsupported: an argument with '*'");
  if (token().kind == Token::Name && following().is(Token::Operator, "=")) {
    std::string name = token().text;
    at += 2;
    return addKeyword(callee, name, arguments);
  }
  NodeResult value = parseValue();
  if (!value)
    return value.takeError();
  if (callee.function == ChatFunction::Namespace)
    return fail("unsupported: a namespace of something");
  arguments.push_back(*value);
  return Error::success();
}

NodeResult Parser::parseCall(const Callee &callee,
                             std::vector<NodeId> arguments) {
  ++at; // the parenthesis
  size_t given = arguments.size();
  while (!isOperator(")")) {
    if (arguments.size() > given)
      if (Error error = expect(","))
        return std::move(error);
    if (isOperator(")"))
      break;
    if (Error error = parseArgument(callee, arguments))
      return std::move(error);
  }
  ++at;
  return makeCall(callee, std::move(arguments));
}

NodeResult Parser::makeCall(const Callee &callee,
                            std::vector<NodeId> arguments) {
  if (arguments.size() < callee.least || arguments.size() > callee.most) {
    bool hasValue = callee.kind != CalleeKind::Function;
    return fail("unsupported: the " + nameOf(callee.kind) + " '" + callee.name +
                "' with " + Twine(arguments.size() - hasValue) + " values");
  }
  for (size_t i = 0; i < textCount(callee); ++i)
    arguments[i] = tree.add(ChatOp::Apply, arguments[i], {},
                            uint32_t(ChatFunction::ToText));
  return tree.add(ChatOp::Apply, arguments, {}, uint32_t(callee.function));
}
