// Operators and literals of a template.
#include "Parser.h"

using namespace llvm;
using namespace bitnet::chat;

namespace {

struct Operator {
  StringRef text;
  ChatOp op;
};

} // namespace

static constexpr Operator kComparisons[] = {
    {"==", ChatOp::Equal},  {"!=", ChatOp::NotEqual},
    {"<", ChatOp::Less},    {"<=", ChatOp::LessOrEqual},
    {">", ChatOp::Greater}, {">=", ChatOp::GreaterOrEqual},
};
static constexpr Operator kSums[] = {{"+", ChatOp::Add},
                                     {"-", ChatOp::Subtract}};
static constexpr Operator kProducts[] = {
    {"*", ChatOp::Multiply}, {"//", ChatOp::Divide}, {"%", ChatOp::Modulo}};

/// The operator that a token is, if it is one of these.
static const Operator *findOperator(const Token &token,
                                    ArrayRef<Operator> operators) {
  for (const Operator &known : operators)
    if (token.is(Token::Operator, known.text))
      return &known;
  return nullptr;
}

NodeResult Parser::parseValue() {
  Nested nested(nesting);
  if (nesting > kMaxNesting)
    return fail("nested too deeply");
  NodeResult value = parseOr();
  while (value && take(Token::Name, "if")) {
    NodeResult condition = parseOr();
    if (!condition)
      return condition;
    std::vector<NodeId> children = {*condition, *value};
    if (take(Token::Name, "else")) {
      NodeResult otherwise = parseValue();
      if (!otherwise)
        return otherwise;
      children.push_back(*otherwise);
    }
    value = tree.add(ChatOp::Choose, children);
  }
  return value;
}

NodeResult Parser::parseOr() {
  NodeResult left = parseAnd();
  while (left && take(Token::Name, "or")) {
    NodeResult right = parseAnd();
    if (!right)
      return right;
    left = tree.add(ChatOp::Or, {*left, *right});
  }
  return left;
}

NodeResult Parser::parseAnd() {
  NodeResult left = parseNot();
  while (left && take(Token::Name, "and")) {
    NodeResult right = parseNot();
    if (!right)
      return right;
    left = tree.add(ChatOp::And, {*left, *right});
  }
  return left;
}

NodeResult Parser::parseNot() {
  if (!take(Token::Name, "not"))
    return parseComparison();
  Nested nested(nesting);
  if (nesting > kMaxNesting)
    return fail("nested too deeply");
  NodeResult value = parseNot();
  if (!value)
    return value;
  return tree.add(ChatOp::Not, *value);
}

NodeResult Parser::parseComparison() {
  NodeResult left = parseSum();
  for (unsigned count = 0; left; ++count) {
    ChatOp op;
    if (const Operator *found = findOperator(token(), kComparisons)) {
      op = found->op;
      ++at;
    } else if (take(Token::Name, "in")) {
      op = ChatOp::In;
    } else if (isName("not") && following().is(Token::Name, "in")) {
      op = ChatOp::Outside;
      at += 2;
    } else {
      break;
    }
    if (count)
      return fail("unsupported: comparisons in a chain");
    NodeResult right = parseSum();
    if (!right)
      return right;
    left = tree.add(op, {*left, *right});
  }
  return left;
}

NodeResult Parser::parseSum() {
  NodeResult left = parseJoin();
  while (left) {
    const Operator *found = findOperator(token(), kSums);
    if (!found)
      break;
    ++at;
    NodeResult right = parseJoin();
    if (!right)
      return right;
    left = tree.add(found->op, {*left, *right});
  }
  return left;
}

NodeResult Parser::parseJoin() {
  NodeResult left = parseProduct();
  while (left && take(Token::Operator, "~")) {
    NodeResult right = parseProduct();
    if (!right)
      return right;
    left = tree.add(ChatOp::Join, {*left, *right});
  }
  return left;
}

NodeResult Parser::parseProduct() {
  NodeResult left = parseSigned(/*withFilters=*/true);
  while (left) {
    if (isOperator("/") || isOperator("**"))
      return fail("unsupported operator '" + token().text + "'");
    const Operator *found = findOperator(token(), kProducts);
    if (!found)
      break;
    ++at;
    NodeResult right = parseSigned(/*withFilters=*/true);
    if (!right)
      return right;
    left = tree.add(found->op, {*left, *right});
  }
  return left;
}

/// Filters bind less than signs.
NodeResult Parser::parseSigned(bool withFilters) {
  NodeResult value = 0;
  if (isOperator("+"))
    return fail("unsupported operator '+' without a value before it");
  if (take(Token::Operator, "-")) {
    Nested nested(nesting);
    if (nesting > kMaxNesting)
      return fail("nested too deeply");
    value = parseSigned(/*withFilters=*/false);
    if (value)
      value = tree.add(ChatOp::Negate, *value);
  } else {
    value = parsePrimary();
  }
  if (value)
    value = parsePostfix(*value);
  if (value && withFilters)
    value = parseFilters(*value);
  return value;
}

NodeResult Parser::parsePrimary() {
  if (token().kind == Token::Name)
    return parseName();
  if (token().kind == Token::String) {
    std::string text;
    for (; token().kind == Token::String; ++at)
      text += token().text;
    return tree.add(ChatOp::String, {}, text);
  }
  if (token().kind == Token::Integer) {
    unsigned number = 0;
    StringRef(token().text).getAsInteger(10, number); // at most nine digits
    ++at;
    return tree.add(ChatOp::Integer, {}, {}, number);
  }
  if (take(Token::Operator, "(")) {
    if (isOperator(")"))
      return fail("unsupported: a tuple");
    NodeResult value = parseValue();
    if (!value)
      return value;
    if (isOperator(","))
      return fail("unsupported: a tuple");
    if (Error error = expect(")"))
      return std::move(error);
    return value;
  }
  if (take(Token::Operator, "["))
    return parseList();
  if (isOperator("{"))
    return fail("unsupported: a mapping");
  return fail("expected a value");
}

NodeResult Parser::parseList() {
  std::vector<NodeId> items;
  while (!isOperator("]")) {
    if (!items.empty())
      if (Error error = expect(","))
        return std::move(error);
    if (isOperator("]"))
      break;
    NodeResult item = parseValue();
    if (!item)
      return item;
    items.push_back(*item);
  }
  ++at;
  return tree.add(ChatOp::List, items);
}

NodeResult Parser::parseName() {
  std::string name = token().text;
  if (name == "true" || name == "True" || name == "false" || name == "False") {
    ++at;
    return tree.add(ChatOp::Boolean, {}, {}, name == "true" || name == "True");
  }
  if (name == "none" || name == "None") {
    ++at;
    return tree.add(ChatOp::None);
  }
  auto function = findCallee(CalleeKind::Function, name);
  bool isCalled = following().is(Token::Operator, "(");
  if (isReserved(name) || (isCalled && !function))
    return fail("unsupported function '" + name + "'");
  ++at;
  if (function && isCalled)
    return parseCall(*function, {});
  return tree.add(ChatOp::Variable, {}, name);
}
