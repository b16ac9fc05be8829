// Statements of a template.
#include "Parser.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace bitnet::chat;

bool Parser::take(Token::Kind kind, StringRef text) {
  if (!token().is(kind, text))
    return false;
  ++at;
  return true;
}

/// How a token is called in a message.
static std::string describe(const Token &token) {
  switch (token.kind) {
  case Token::BlockEnd:
  case Token::PrintEnd:
  case Token::Name:
  case Token::Integer:
  case Token::Operator:
    return "'" + token.text + "'";
  case Token::String:
    return "a string";
  default:
    return "the end";
  }
}

Error Parser::expect(StringRef text) {
  bool isMark = token().kind != Token::String && token().kind != Token::Data;
  if (isMark && token().text == text && token().kind != Token::End) {
    ++at;
    return Error::success();
  }
  return fail("expected '" + text + "', found " + describe(token()));
}

/// What ends a block, after its last value.
Error Parser::finishBlock() {
  if (isOperator(","))
    return fail("unsupported: a tuple");
  return expect("%}");
}

NodeResult Parser::parse() {
  NodeResult body = parseBody({});
  if (body && tree.depth(*body) > runtime::kChatDepth)
    return fail("nested too deeply");
  return body;
}

/// Statements up to a block that begins with one of `ends`, whose name is next;
/// without any, up to the end of the template.
NodeResult Parser::parseBody(ArrayRef<StringRef> ends) {
  Nested nested(nesting);
  if (nesting > kMaxNesting)
    return fail("nested too deeply");
  std::vector<NodeId> statements;
  for (;;) {
    NodeResult statement = 0;
    if (token().kind == Token::End) {
      if (!ends.empty())
        return fail("expected '" + ends.back() + "', found the end");
      return tree.add(ChatOp::Sequence, statements);
    }
    if (token().kind == Token::Data) {
      statement = tree.add(ChatOp::Write, {}, token().text);
      ++at;
    } else if (token().kind == Token::PrintBegin) {
      ++at;
      statement = parsePrint();
    } else {
      ++at;
      if (token().kind == Token::Name && is_contained(ends, token().text))
        return tree.add(ChatOp::Sequence, statements);
      statement = parseStatement();
    }
    if (!statement)
      return statement;
    statements.push_back(*statement);
  }
}

NodeResult Parser::parsePrint() {
  NodeResult value = parseValue();
  if (!value)
    return value;
  if (isOperator(","))
    return fail("unsupported: a tuple");
  if (Error error = expect("}}"))
    return std::move(error);
  return tree.add(ChatOp::Print, *value);
}

NodeResult Parser::parseStatement() {
  if (token().kind != Token::Name)
    return fail("expected a statement, found " + describe(token()));
  if (take(Token::Name, "if"))
    return parseIf();
  if (take(Token::Name, "for"))
    return parseFor();
  if (take(Token::Name, "set"))
    return parseSet();
  return fail("unsupported statement '" + token().text + "'");
}

/// What follows `if` or `elif`, with its `endif`.
NodeResult Parser::parseIf() {
  std::vector<NodeId> children;
  NodeResult condition = parseOr();
  if (!condition)
    return condition;
  if (Error error = finishBlock())
    return std::move(error);
  NodeResult then = parseBody({"elif", "else", "endif"});
  if (!then)
    return then;
  children = {*condition, *then};
  if (take(Token::Name, "elif")) {
    NodeResult rest = parseIf();
    if (!rest)
      return rest;
    children.push_back(*rest);
    return tree.add(ChatOp::If, children);
  }
  if (take(Token::Name, "else")) {
    if (Error error = finishBlock())
      return std::move(error);
    NodeResult otherwise = parseBody({"endif"});
    if (!otherwise)
      return otherwise;
    children.push_back(*otherwise);
  }
  ++at; // endif
  if (Error error = finishBlock())
    return std::move(error);
  return tree.add(ChatOp::If, children);
}

/// True if a template can give this name a value.
static bool isVariable(const Token &token) {
  return token.kind == Token::Name && token.text != "loop" &&
         !isReserved(token.text) &&
         !findCallee(CalleeKind::Function, token.text);
}

NodeResult Parser::parseFor() {
  if (!isVariable(token()))
    return fail("expected a variable, found " + describe(token()));
  std::string name = token().text;
  ++at;
  if (isOperator(","))
    return fail("unsupported: several variables of one loop");
  if (Error error = expect("in"))
    return std::move(error);
  NodeResult list = parseOr();
  if (!list)
    return list;
  if (isName("if") || isName("recursive"))
    return fail("unsupported: '" + token().text + "' of a loop");
  if (Error error = finishBlock())
    return std::move(error);
  NodeResult body = 0;
  {
    Nested nested(loops);
    body = parseBody({"else", "endfor"});
  }
  if (!body)
    return body;
  std::vector<NodeId> children = {*list, *body};
  if (take(Token::Name, "else")) {
    if (Error error = finishBlock())
      return std::move(error);
    NodeResult otherwise = parseBody({"endfor"});
    if (!otherwise)
      return otherwise;
    children.push_back(*otherwise);
  }
  ++at; // endfor
  if (Error error = finishBlock())
    return std::move(error);
  return tree.add(ChatOp::For, children, name);
}

NodeResult Parser::parseSet() {
  if (!isVariable(token()))
    return fail("expected a variable, found " + describe(token()));
  std::string name = token().text, field;
  ++at;
  if (take(Token::Operator, ".")) {
    if (token().kind != Token::Name)
      return fail("expected a name, found " + describe(token()));
    field = token().text;
    ++at;
  }
  if (isOperator(","))
    return fail("unsupported: a tuple");
  if (token().kind == Token::BlockEnd || isOperator("|"))
    return fail("unsupported: 'set' without a value");
  if (Error error = expect("="))
    return std::move(error);
  NodeResult value = parseValue();
  if (!value)
    return value;
  if (Error error = finishBlock())
    return std::move(error);
  if (field.empty())
    return tree.add(ChatOp::Set, *value, name);
  NodeId target = tree.add(ChatOp::Variable, {}, name);
  return tree.add(ChatOp::SetField, {target, *value}, field);
}
